/**
 * For tests of a GPU, which are in `*.webgpu.test.ts` files, vitest's project `webgpu`: each file has a process of its own, because a
 * driver that fails takes its process along. Without the package `webgpu` or a driver they are skipped, and say why.
 */
import { afterAll, type TestOptions, test } from "vitest";
import { standaloneKernels } from "../../src/kernels/memory.ts";
import { inputRows } from "../../src/model/geometry.ts";
import { openNodeGpu } from "../../src/node/webgpu.ts";
import type { Stream } from "../../src/numeric/stream.ts";
import type { Chip } from "../../src/simulation/chip.ts";
import { placeErrors, readPart } from "../../src/simulation/fast/part.ts";
import { planSimulator, simulatorBytes } from "../../src/simulation/fast/plan.ts";
import { bindSimulator } from "../../src/simulation/fast/simulate.ts";
import { wholeLayer } from "../../src/simulation/fast/whole-layer.ts";
import { finish } from "../../src/simulation/pass.ts";
import type { Trace, TraceOptions } from "../../src/simulation/trace.ts";
import { createGpuSimulator } from "../../src/simulation/webgpu/simulate.ts";
import type { SpikeTrain } from "../../src/spike/train.ts";
import type { Gpu } from "../../src/webgpu/gpu.ts";

const opened: { readonly gpu: Gpu | null; readonly reason: string } = await openNodeGpu().then(
  (gpu) => ({ gpu, reason: "" }),
  (error: Error) => ({ gpu: null, reason: error.message }),
);
export const gpu = opened.gpu as Gpu;

/** Vitest's `test`, skipped with the reason where there is no GPU. */
export const testOnGpu = (name: string, body: () => Promise<void>, options: TestOptions = {}): void =>
  test(name, options, async ({ skip }) => {
    skip(opened.gpu === null, opened.reason);
    await body();
  });

afterAll(() => opened.gpu?.close());

/** The traces of one input on a calibrated chip: of the kernels in WebAssembly, and of the GPU. */
export async function bothTraces(
  chip: Chip,
  input: SpikeTrain,
  random: Stream,
  options: TraceOptions = {},
): Promise<{ readonly cpu: Trace; readonly gpu: Trace }> {
  const prompts = input.rows / inputRows(chip.network.geometry);
  const sizes = { maxPrompts: prompts, maxSteps: input.steps };
  const { kernels, arena } = standaloneKernels(simulatorBytes(chip, sizes));
  const plan = planSimulator(arena, chip, sizes);
  const bound = bindSimulator(kernels, plan, chip);
  placeErrors(bound, chip);
  readPart(bound, chip, random);
  const cpu = finish(bound.pass(0, input, random, options));
  const simulator = createGpuSimulator(gpu, chip, prompts);
  simulator.load((layer) => wholeLayer(kernels, plan, 0, chip, layer));
  const trace = await simulator.run(input, random, options);
  simulator.close();
  return { cpu, gpu: trace };
}
