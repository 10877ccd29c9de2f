/**
 * Chips on a GPU next to the kernels in WebAssembly: kernels one by one, and a slice of prompts.
 * Both sides compute the same numbers, which is checked before anything is timed.
 */
import { isDeepStrictEqual } from "node:util";
import { type Place, packedAt } from "../src/kernels/arena.ts";
import { standaloneKernels } from "../src/kernels/memory.ts";
import type { LayerMapping } from "../src/mapping/mapping.ts";
import { operationsOf, writerOf } from "../src/model/graph.ts";
import { graphOf } from "../src/model/transformer.ts";
import type { Chip } from "../src/simulation/chip.ts";
import { placeErrors, readPart } from "../src/simulation/fast/part.ts";
import { planSimulator, type SimulatorPlan, simulatorBytes } from "../src/simulation/fast/plan.ts";
import { bindMachine, bindPass, type MachineKernels } from "../src/simulation/fast/simulate.ts";
import { wholeLayer } from "../src/simulation/fast/whole-layer.ts";
import { finish } from "../src/simulation/pass.ts";
import { bindGpuMachine } from "../src/simulation/webgpu/simulate.ts";
import type { Gpu } from "../src/webgpu/gpu.ts";
import { chipCase, runStream } from "./chip-model.ts";
import { type BenchOptions, measure, median, type Row, type Samples, type Section } from "./harness.ts";

/** Calls of a kernel between two waits for the GPU; a driver in software takes seconds for one. */
const callsOf = ({ isSoftware }: Gpu): number => (isSoftware ? 1 : 10);

export async function webgpuChips(gpu: Gpu, { quick }: BenchOptions): Promise<Section> {
  const rows: Row[] = [];
  await compare(gpu, quick ? { repeats: 3, warmUp: 1 } : { repeats: 9, warmUp: 2 }, rows);
  const about =
    "32 prompts of the 2x2 link through the bundled network in whole numbers, on one CPU thread and on the GPU.";
  const notes = [
    `Kernels are called ${callsOf(gpu)} times between two waits, and rows are per call. A slice includes its upload, its read-back and both passes ` +
      "of the host.",
  ];
  return { name: "webgpu: chips", about, rows, notes };
}

async function compare(gpu: Gpu, timing: { repeats: number; warmUp: number }, rows: Row[]): Promise<void> {
  const { chip, slices, slicePrompts } = chipCase("integers");
  const sizes = { maxPrompts: slicePrompts };
  const { kernels: ops, arena } = standaloneKernels(simulatorBytes(chip, sizes));
  const plan = planSimulator(arena, chip, sizes);
  const kernels = bindMachine(ops, plan, chip);
  const cpu = bindPass(ops, plan, chip, 0, kernels);
  placeErrors(cpu, chip);
  readPart(cpu, chip, runStream);
  const machine = bindGpuMachine(gpu, chip, slicePrompts);
  machine.load((layer) => wholeLayer(ops, plan, 0, chip, layer));
  const other = bindPass(machine.ops, machine.plan, chip, 0, machine.kernels);
  const onCpu = () => finish(cpu.pass(0, slices[0], runStream, {}));
  const onGpu = () => machine.commands.run(() => finish(other.pass(0, slices[0], runStream, {})));
  if (!isDeepStrictEqual(await onGpu(), onCpu())) throw new Error("The GPU's trace differs from the CPU's");

  const row = (what: string, samples: Samples, perCall = 1): Row => ({
    name: what,
    samples: { wall: samples.wall.map((time) => time / perCall), cpu: samples.cpu.map((time) => time / perCall) },
    figures: { "wall ms": median(samples.wall) / perCall },
  });
  const count = callsOf(gpu);
  const cpuKernels = kernelsOf(chip, plan, kernels, slicePrompts);
  const gpuKernels = kernelsOf(chip, machine.plan, machine.kernels, slicePrompts);
  for (const [what, call] of Object.entries(cpuKernels)) {
    rows.push(row(`${what}, wasm`, await measure(call, timing)));
    const calls = () =>
      machine.commands.run(() => {
        for (let i = 0; i < count; i++) gpuKernels[what]();
      });
    rows.push(row(`${what}, webgpu`, await measure(calls, timing), count));
  }
  rows.push(row("a slice of 32 prompts, wasm", await measure(onCpu, timing)));
  rows.push(row("a slice of 32 prompts, webgpu", await measure(onGpu, timing)));
  machine.close();
}

/** The kernels of a block, on what the last run left in its arrays. */
function kernelsOf(
  chip: Chip,
  { slices: [slice], scratch: [{ values }] }: SimulatorPlan,
  { crossbars, digital, tilesOf }: MachineKernels,
  prompts: number,
): Record<string, () => unknown> {
  const { network, mapping } = chip;
  const { steps } = network.model;
  const { tokens } = network.geometry;
  const up = mapping.layers.find(
    ({ block, ownNeurons, attention }) => block !== null && ownNeurons && attention === null,
  ) as LayerMapping;
  const graph = graphOf(chip.network);
  const at = (value: string) => (slice.get(value) ?? values.get(value)) as Place;
  const bitsOf = (value: string) => packedAt(at(value), graph.values.get(value)!.features);
  const [attention] = operationsOf(graph, "attention");
  const [qkv, attended] = [attention.reads[0], attention.writes].map(bitsOf);
  const hidden = up.trainOut as string;
  const currents = at(writerOf(graph, hidden)!.reads[0]);
  const vectors = { steps, firstPrompt: 0, prompts, perPrompt: tokens };
  const rows = prompts * tokens;
  return {
    "crossbars, 128 to 512": () => crossbars.run(up, bitsOf(up.trainIn), vectors, currents, runStream),
    "512 neurons": () => digital.fire({ operation: hidden, currents, steps, rows, thresholds: null }, bitsOf(hidden)),
    "attention, 8 heads": () =>
      tilesOf(chip).run(qkv, attended, { block: 0, steps, prompts, firstPrompt: 0, random: runStream }),
  };
}
