import { beforeEach, expect, test } from "vitest";
import { workerPorts } from "../../test/support/worker-ports.ts";
import { loadDevice } from "../device/module.ts";
import type { DeviceSpec } from "../experiment/device.ts";
import type { Experiment } from "../experiment/experiment.ts";
import type { SpikingSpec } from "../experiment/model.ts";
import { parseExperiment } from "../experiment/parse.ts";
import type { SymbolDetectionSpec } from "../experiment/task.ts";
import { initialise } from "../model/network.ts";
import { stream } from "../numeric/stream.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import { inlineExecutor, workerExecutor } from "../threads/executor.ts";
import { evaluateChips } from "./chips.ts";
import { jobs } from "./jobs.ts";

const task = { transmitAntennas: 1, receiveAntennas: 1, pilots: 3 };
const model = { width: 16, heads: 2, depth: 1, expansion: 2, steps: 3, neuron: { threshold: 0.4 } };
const options = { chips: 2, prompts: 12 };

/** A device with noise at programming and at each read, which counts how often it is programmed. */
const COUNTING = `
globalThis.programmedBlocks = 0;
const scatter = (values, random) => values.map((value) => Math.max(0, value + random.normal()));
export default {
  name: "counting", source: "this test", maxConductance: 25,
  program: (targets, random) => {
    globalThis.programmedBlocks++;
    return { conductances: scatter(targets, random) };
  },
  read: ({ conductances }, time, random, out) => {
    const read = scatter(conductances, random);
    out?.set(read);
    return out ?? read;
  },
};`;

/** A name that no thread has met. */
const newName = () => `network ${names++}`;
let names = 0;

const counter = globalThis as unknown as { programmedBlocks: number };
let counting: DeviceSpec;

beforeEach(async () => {
  counting ??= await loadDevice(`data:text/javascript,${encodeURIComponent(COUNTING)}`);
});

function experimentOf(
  hardware: Readonly<Record<string, unknown>>,
  changes: object = {},
): Experiment<SymbolDetectionSpec> {
  const crossbar = { rows: 7, columns: 6, device: counting, ...(hardware.crossbar as object | undefined) };
  const document = { seed: 9, task, model: { ...model, ...changes }, hardware: { ...hardware, crossbar } };
  return parseExperiment(document) as Experiment<SymbolDetectionSpec>;
}

const networkOf = (experiment: Experiment, seed: number) =>
  initialise(experiment.model as SpikingSpec, networkGeometry(experiment, createTask(experiment)), stream(seed));

const erring = { gainSpread: 0.1, offsetSpread: 0.5, outputNoise: 0.4 };
const start = { compensation: { scope: "tile" } };

/** Blocks that were programmed during an evaluation, and its result. */
async function evaluate(threads: number, experiment: Experiment, keepAs: string | undefined, seed = 3) {
  const executor = threads === 1 ? inlineExecutor(jobs) : workerExecutor(workerPorts(jobs, threads).list);
  counter.programmedBlocks = 0;
  const kept = keepAs === undefined ? {} : { keepAs };
  const chips = await evaluateChips(executor, experiment, networkOf(experiment, seed), { ...options, ...kept });
  return { chips, programmed: counter.programmedBlocks };
}

test.each([
  ["the converters' bits", { ...start, adc: { bits: 5 } }],
  ["the converters' errors", { ...start, adc: { errors: erring } }],
  ["the age", { ...start, readTime: 1e5 }],
  ["drift compensation", { compensation: { scope: "column", readout: "one-hot" } }],
  ["who calibrates", { ...start, calibration: "codes", adc: { errors: erring } }],
  ["nothing", start],
])("%s of the machine leaves the first chip of a named network as it is programmed", async (_, hardware) => {
  for (const threads of [1, 2]) {
    const name = newName();
    const all = await evaluate(threads, experimentOf(start), name);
    const next = experimentOf(hardware);
    const kept = await evaluate(threads, next, name);
    expect(kept.programmed).toBe(all.programmed / 2);
    const fresh = await evaluate(threads, next, undefined);
    expect(fresh.programmed).toBe(all.programmed);
    expect(kept.chips).toEqual(fresh.chips);
  }
});

test("so do the network's time steps", async () => {
  const name = newName();
  const all = await evaluate(2, experimentOf(start), name);
  const next = experimentOf(start, { steps: 2 });
  const kept = await evaluate(2, next, name);
  expect(kept.programmed).toBe(all.programmed / 2);
  expect(kept.chips).toEqual((await evaluate(2, next, undefined)).chips);
});

test.each([
  ["the crossbars", experimentOf, { crossbar: { rows: 9 } }],
  ["the devices", experimentOf, { crossbar: { conductanceBits: 3 } }],
  ["the seed", (hardware: Readonly<Record<string, unknown>>) => ({ ...experimentOf(hardware), seed: 10 }), {}],
])("%s of another machine have its chip programmed", async (_, make, hardware) => {
  for (const threads of [1, 2]) {
    const name = newName();
    await evaluate(threads, experimentOf(start), name);
    const next = make({ ...start, ...hardware });
    const named = await evaluate(threads, next, name);
    const fresh = await evaluate(threads, next, undefined);
    expect(named).toEqual(fresh);
  }
});

test("another name has the chip programmed, and another number of threads does", async () => {
  const experiment = experimentOf(start);
  const [name, other] = [newName(), newName()];
  const all = await evaluate(2, experiment, name);
  expect(await evaluate(2, experiment, other, 4)).toEqual(await evaluate(2, experiment, undefined, 4));
  expect(await evaluate(2, experiment, name)).toEqual(all);
  expect(await evaluate(3, experiment, name)).toEqual(all);
});
