// @module-tag slow
import { describe, expect } from "vitest";
import { gpu, testOnGpu } from "../../test/support/gpu.ts";
import { MappingError, PlatformError } from "../errors.ts";
import type { Experiment } from "../experiment/experiment.ts";
import type { SpikingSpec } from "../experiment/model.ts";
import { parseExperiment } from "../experiment/parse.ts";
import type { SymbolDetectionSpec } from "../experiment/task.ts";
import { initialise } from "../model/network.ts";
import { openNodeGpu } from "../node/webgpu.ts";
import { stream } from "../numeric/stream.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import { inlineExecutor, withGpu } from "../threads/executor.ts";
import { evaluateChips } from "./chips.ts";
import { jobs } from "./jobs.ts";
import { runStudy } from "./study.ts";

const task = { transmitAntennas: 1, receiveAntennas: 1, pilots: 3 };
const model = { width: 16, heads: 2, depth: 1, expansion: 2, steps: 3, neuron: { threshold: 0.4 } };
const experimentOf = (hardware: object = {}) =>
  parseExperiment({ seed: 9, task, model, hardware }) as Experiment<SymbolDetectionSpec>;
/** Untrained: answers are poor but depend on everything. */
const networkOf = (experiment: Experiment, seed: number) =>
  initialise(experiment.model as SpikingSpec, networkGeometry(experiment, createTask(experiment)), stream(seed));
const onCpu = () => inlineExecutor(jobs);

describe("an evaluation on a GPU has the results of the CPU", () => {
  testOnGpu("several chips, ratios and slices", async () => {
    const experiment = experimentOf({ crossbar: { rows: 7, columns: 6 } });
    const network = networkOf(experiment, 3);
    const options = { chips: 2, prompts: 11, slice: 4, snrDecibels: [0, 20] };
    const [cpu, other] = [
      await evaluateChips(onCpu(), experiment, network, options),
      await evaluateChips(withGpu(onCpu(), jobs, gpu), experiment, network, options),
    ];
    expect(other).toEqual(cpu);
    expect(cpu[0].registers!.membrane.numbers).toBeGreaterThan(0);
  });

  testOnGpu("a study of two networks, two ages and two machines", async () => {
    const experiment = experimentOf();
    const [first, second] = [3, 4].map((seed) => networkOf(experiment, seed));
    const { hardware } = experiment;
    const conditions = [
      { network: "first", hardware },
      { network: "first", hardware: { ...hardware, readTime: 1e6 } },
      { network: "second", hardware: { ...hardware, adc: { ...hardware.adc, bits: 4 } } },
    ];
    const size = { chips: 2, reads: 2, prompts: 9, steps: [1, 3] };
    const run = (executor = onCpu()) => runStudy(executor, experiment, { first, second }, conditions, size);
    expect(await run(withGpu(onCpu(), jobs, gpu))).toEqual(await run());
  });
});

testOnGpu("a machine that GPUs do not simulate is refused before any work", async () => {
  const experiment = experimentOf({ adc: { errors: { outputNoise: 0.5 } } });
  const evaluated = evaluateChips(withGpu(onCpu(), jobs, gpu), experiment, networkOf(experiment, 3), {
    chips: 1,
    prompts: 2,
  });
  await expect(evaluated).rejects.toThrow(MappingError);
  await expect(evaluated).rejects.toMatchObject({ path: "hardware.adc.errors" });
});

testOnGpu("a GPU that goes away ends the evaluation with what to do, and finished answers are kept", async () => {
  const own = await openNodeGpu();
  const experiment = experimentOf();
  const kept: string[] = [];
  const evaluated = evaluateChips(withGpu(onCpu(), jobs, own), experiment, networkOf(experiment, 3), {
    chips: 1,
    prompts: 8,
    slice: 2,
    keeper: {
      kept: () => [],
      keep: (name) => {
        kept.push(name);
        own.device.destroy();
      },
    },
  });
  await expect(evaluated).rejects.toThrow(PlatformError);
  await expect(evaluated).rejects.toThrow(/The GPU \(.+\) was lost: .+ repeat the command with --resume/);
  expect(kept).toEqual(["chip 0 / every SNR"]);
});
