// @module-tag slow
/**
 * The bundled networks on their machines: the simulators' counts and unit times must match the machine and the schedule. Inputs
 * are random spikes, because neither depends on the task's data.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { measuredWorkload } from "../src/cost/measured.ts";
import type { Experiment } from "../src/experiment/experiment.ts";
import { parseExperiment } from "../src/experiment/parse.ts";
import { countActions } from "../src/machine/counts.ts";
import { coreOf, machineOf } from "../src/machine/machine.ts";
import { machineNetwork } from "../src/machine/network.ts";
import { type Schedule, scheduleOf } from "../src/machine/schedule.ts";
import { mapNetwork } from "../src/mapping/mapping.ts";
import { decodeCheckpoint } from "../src/model/checkpoint.ts";
import { foldNetwork } from "../src/model/fold.ts";
import { inputRows } from "../src/model/geometry.ts";
import { isSpiking } from "../src/model/network.ts";
import { networkFile } from "../src/node/networks.ts";
import { stream } from "../src/numeric/stream.ts";
import { programChip } from "../src/simulation/chip.ts";
import { simulateCycles } from "../src/simulation/cycle.ts";
import { calibrateFast, simulateFast } from "../src/simulation/fast/simulate.ts";
import type { Trace } from "../src/simulation/trace.ts";
import { emptySpikeTrain, type SpikeTrain, wordsPerRow } from "../src/spike/train.ts";
import { createTask, networkGeometry } from "../src/task/create.ts";
import { requireEqualCounts } from "./support/equal-counts.ts";
import { tinyNetwork } from "./support/tiny-network.ts";

const PROMPTS = 3;

function chipOf(experiment: Experiment) {
  const { network } = experiment.checkpoints.network ? bundled(experiment.checkpoints.network) : fresh(experiment);
  if (!isSpiking(network) || experiment.model.kind !== "spiking") throw new Error("the network is spiking");
  const folded = foldNetwork({ ...network, model: experiment.model });
  const mapping = mapNetwork(folded, experiment.hardware, experiment.task.coding);
  const input = randomSpikes(folded.model.steps, PROMPTS * inputRows(folded.geometry), folded.geometry.inputs);
  return { input, chip: calibrateFast(programChip(folded, mapping, experiment.hardware, stream(1)), input, stream(2)) };
}

function bundled(name: string) {
  const path = networkFile(name);
  return decodeCheckpoint(readFileSync(path), path);
}

const fresh = (experiment: Experiment) => {
  const geometry = networkGeometry(experiment, createTask(experiment));
  return { network: tinyNetwork(experiment.model, 3, geometry) };
};

/** Every line has its own rate, so that densities are not round numbers. */
function randomSpikes(steps: number, rows: number, features: number): SpikeTrain {
  const train = emptySpikeTrain(steps, rows, features);
  const random = stream(7);
  const stride = wordsPerRow(features);
  for (let r = 0; r < steps * rows; r++) {
    for (let f = 0; f < features; f++) {
      if (random.uniform() < 0.2 + (0.5 * f) / features) train.words[r * stride + (f >> 5)] |= 1 << (f & 31);
    }
  }
  return train;
}

const HARDWARE = [
  { name: "as it is", hardware: {} },
  { name: "LFSRs, a FIFO per row", hardware: { ssa: { random: "lfsr", fifo: "row" } } },
  { name: "differential, small tiles", hardware: { adc: { mode: "differential" }, ssa: { tileTokens: 7, tiles: 2 } } },
  { name: "step-major", hardware: { order: "step-major", ssa: { random: "lfsr", lfsr: { scope: "engine" } } } },
];

/** Two convolutions before the embedding's, with every option. */
const STEMMED = {
  task: {
    kind: "image-classification",
    data: { name: "noise", height: 8, width: 12, channels: 1, classes: 3 },
    ...{ patch: 1, coding: "thermometer", thresholds: 3 },
  },
  model: {
    ...{ width: 24, heads: 3, depth: 2, steps: 3, position: "learned", neuron: { threshold: 0.4 } },
    stem: {
      layers: [
        { channels: 16, kernel: 5, pool: 2 },
        { channels: 40, stride: 2 },
      ],
      embedding: { kernel: 1 },
    },
  },
};

/** As in the Spike-driven Transformer: currents are pooled and go around the embedding, and the stream is averaged. */
const PUBLISHED = {
  task: { ...STEMMED.task, data: { ...STEMMED.task.data, width: 16 }, readOut: "stream-mean" },
  model: {
    ...{ width: 24, heads: 3, depth: 2, steps: 3, neuron: { threshold: 0.4 } },
    stem: {
      layers: [
        { channels: 16, poolWindow: 3 },
        { channels: 24, pool: 2, poolWindow: 3, poolOf: "currents" },
      ],
      embedding: { shortcut: true },
    },
  },
};

const ADAPTIVE = {
  task: { transmitAntennas: 1, receiveAntennas: 2, modulation: "qpsk", pilots: 4 },
  model: { width: 24, heads: 3, depth: 2, steps: 3, neuron: { kind: "alif", threshold: 0.4 } },
  hardware: { arithmetic: null },
};

/** Networks of these experiments are not kept: fresh ones have the same actions to count. */
const untrained = (document: object) => ({ ...document, checkpoints: {} });

const EXPERIMENTS = [
  "examples/wireless-2x2",
  "networks/wireless-2x2-ordered",
  "examples/fashion-tiny",
  "networks/cifar10-small",
  "a stem",
  "a published stem",
  "adaptive neurons",
];
const DOCUMENTS: Readonly<Record<string, object>> = {
  "a stem": STEMMED,
  "a published stem": PUBLISHED,
  "adaptive neurons": ADAPTIVE,
};

describe.each(EXPERIMENTS)("%s", (name) => {
  const read = () => JSON.parse(readFileSync(new URL(`../${name}.json`, import.meta.url), "utf8"));
  const document: { hardware?: object } =
    name in DOCUMENTS ? DOCUMENTS[name] : name.startsWith("networks/") ? untrained(read()) : read();

  test.each(HARDWARE)(
    "every action is counted by trace and machine alike, with a difference of 0: $name",
    ({ hardware }) => {
      const experiment = parseExperiment({ ...document, hardware: merge(document.hardware, hardware) });
      const { chip, input } = chipOf(experiment);
      const trace = simulateFast(chip, input, stream(3));
      const workload = measuredWorkload(experiment, trace);
      requireEqualCounts(trace, countActions(coreOf(experiment.hardware, workload), workload));

      expect(busyClocks(scheduleOf(machineOf(experiment.hardware, workload)))).toEqual(countedClocks(trace));
    },
  );
});

test("the cycle simulator's schedule is that of the machine, and its clocks are the schedule's operation by operation", () => {
  const document = JSON.parse(readFileSync(new URL("../examples/wireless-2x2.json", import.meta.url), "utf8"));
  const experiment = parseExperiment({ ...document, hardware: merge(document.hardware, { ssa: { random: "lfsr" } }) });
  const { chip, input } = chipOf(experiment);
  const trace = simulateCycles(chip, input, stream(3));
  expect(busyClocks(trace.schedule)).toEqual(countedClocks(trace));
  expect(trace.schedule).toEqual(
    scheduleOf(machineOf(experiment.hardware, machineNetwork(chip.network.model, chip.network.geometry))),
  );
});

const busyClocks = ({ alone }: Schedule) => alone.units.map(({ name, kind, busy }) => ({ name, kind, cycles: busy }));

/** For one prompt, of the operations that take time. */
const countedClocks = ({ operations, prompts }: Trace) =>
  operations
    .filter(({ kind }) => kind === "linear" || kind === "attention")
    .map(({ name, kind, cycles }) => ({ name, kind, cycles: cycles / prompts }));

function merge(base: object = {}, changes: object): object {
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(changes)) {
    const before = merged[key];
    merged[key] = typeof value === "object" && typeof before === "object" ? merge(before as object, value) : value;
  }
  return merged;
}
