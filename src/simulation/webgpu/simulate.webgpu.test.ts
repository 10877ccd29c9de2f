// @module-tag slow
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { bothTraces, testOnGpu } from "../../../test/support/gpu.ts";
import { type MachineSetting, tinyChip, tinyPrompts } from "../../../test/support/tiny-machine.ts";
import { CALIBRATION_DRAW } from "../../evaluation/calibration-prompts.ts";
import { taskOf } from "../../evaluation/slices.ts";
import { parseExperiment } from "../../experiment/parse.ts";
import { mapNetwork } from "../../mapping/mapping.ts";
import { decodeCheckpoint } from "../../model/checkpoint.ts";
import { foldNetwork } from "../../model/fold.ts";
import { inputRows } from "../../model/geometry.ts";
import { bundledNetwork } from "../../node/networks.ts";
import { loadTaskData } from "../../node/task-data.ts";
import { stream } from "../../numeric/stream.ts";
import { asDescribed } from "../../runs/fit.ts";
import { chipAt, programChip } from "../chip.ts";
import { calibrateFast } from "../fast/simulate.ts";
import type { Trace } from "../trace.ts";

const ROOT = join(import.meta.dirname, "../../..");

/** Every number of a trace: spikes in rasters, codes in sums, and what the machine counted. */
const numbersOf = ({ rasters, ...trace }: Trace) => ({
  ...trace,
  rasters: Object.fromEntries(Object.entries(rasters).map(([name, { words }]) => [name, [...words]])),
});

const PROMPTS = 3;

/** The network of an example on its own machine, and prompts of its task. */
async function bundled(example: string) {
  const path = join(ROOT, "examples", `${example}.json`);
  const experiment = parseExperiment(JSON.parse(readFileSync(path, "utf8")));
  const reference = experiment.checkpoints.network!;
  const checkpoint = decodeCheckpoint(readFileSync(bundledNetwork(reference.replace("bundled:", ""))));
  const network = foldNetwork(asDescribed(experiment, checkpoint.network, [], reference));
  const { data } = await loadTaskData(experiment, { directory: join(ROOT, "examples"), use: "evaluation" });
  const task = taskOf({ experiment, data }, network);
  const root = stream(experiment.seed);
  const { hardware } = experiment;
  const mapping = mapNetwork(network, hardware, experiment.task.coding);
  const programmed = programChip(network, mapping, hardware, root.fork("chip", 0));
  const calibration = task.draw(4, root.fork("calibration"), { ...CALIBRATION_DRAW, firstPrompt: 0 }).spikes!;
  const chip = calibrateFast(programmed, calibration, root.fork("chip", 0).fork("calibration"));
  const draw = (firstPrompt: number) =>
    task.draw(PROMPTS, root.fork("evaluation"), { firstPrompt, values: false }).spikes!;
  return { chip, draw, random: root.fork("chip", 0).fork("run") };
}

describe("chips of bundled networks have the spikes, codes and totals of the kernels in WebAssembly", () => {
  for (const example of ["wireless-2x2-deep", "wireless-2x2", "fashion-tiny", "coded-link"]) {
    testOnGpu(example, async () => {
      const { chip, draw, random } = await bundled(example);
      for (const [firstPrompt, at] of [
        [0, chip],
        [5, chipAt(chip, 1e6)],
      ] as const) {
        const { cpu, gpu } = await bothTraces(at, draw(firstPrompt), random, { firstPrompt, rasters: PROMPTS });
        expect(numbersOf(gpu)).toEqual(numbersOf(cpu));
        expect(cpu.spikes["blocks.0.scores"].ones).toBeGreaterThan(0);
      }
    });
  }
});

const SETTINGS: readonly MachineSetting[] = [
  {},
  { hardware: { adc: { mode: "pair" } } },
  { hardware: { crossbar: { rows: 16, columns: 16 }, adc: { mode: "pair", bits: 8, rangeQuantile: 0.6 } } },
  { hardware: { crossbar: { rows: 40, columns: 50 }, adc: { bits: 3, rangeQuantile: 0.6 } } },
  { hardware: { crossbar: { rows: 7, columns: 10, inputStride: 4, linesPerInput: 2 } } },
  { hardware: { arithmetic: { streamBits: 10, membraneBits: 10, logitBits: 9 } } },
  { hardware: { scaling: "threshold" } },
  { hardware: { ssa: { random: "ideal" } } },
  { hardware: { ssa: { random: "ideal", normaliser: "power-of-two" } } },
  { hardware: { ssa: { normaliser: "power-of-two" } } },
  { model: { attention: { draws: "independent" } } },
  { model: { attention: { draws: "independent" } }, hardware: { ssa: { random: "ideal" } } },
  { model: { attention: { draws: "ordered" } } },
  { model: { neuron: { reset: "soft" }, width: 48, heads: 2 } },
  { model: { neuron: { kind: "if", reset: "soft" }, outputProjection: false, position: "none" } },
  { model: { residual: "none" }, readOut: "mean", tokens: 40 },
  { model: { stem: { layers: [{ channels: 40, kernel: 3, pool: 2 }], embedding: { kernel: 3 } } } },
  { model: { stem: { layers: [{ channels: 24, kernel: 3, pool: 1 }], embedding: { shortcut: true } } } },
  { readOut: "copies", hardware: { transport: { code: "events" } } },
];

describe("so have small machines of every kind that GPUs simulate", () => {
  for (const setting of SETTINGS) {
    testOnGpu(JSON.stringify(setting), async () => {
      const chip = tinyChip(setting);
      const input = tinyPrompts(4, 3, inputRows(chip.network.geometry));
      const { cpu, gpu } = await bothTraces(chip, input, stream(7), { firstPrompt: 2, rasters: 4 });
      expect(numbersOf(gpu)).toEqual(numbersOf(cpu));
      expect(cpu.spikes["blocks.1.hidden"].ones).toBeGreaterThan(0);
      expect(cpu.operations.some(({ clipped }) => clipped > 0)).toBe(true);
      if (setting.hardware?.arithmetic) expect(Object.keys(cpu.saturated)).toContain("blocks.0.middle");
    });
  }
});
