// @module-tag slow
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { workerPorts } from "../../../test/support/worker-ports.ts";
import { parseDesign } from "../../experiment/design.ts";
import { parseExperiment } from "../../experiment/parse.ts";
import { encodeCheckpoint } from "../../model/checkpoint.ts";
import { initialise } from "../../model/network.ts";
import { stream } from "../../numeric/stream.ts";
import type { OpenedDesign } from "../../sweep/points.ts";
import { sweepTable } from "../../sweep/table.ts";
import type { Row } from "../../sweep/unit.ts";
import { createTask, networkGeometry } from "../../task/create.ts";
import { workerExecutor } from "../../threads/executor.ts";
import { checkedLine } from "../checked-line.ts";
import { sweepJobs } from "./job.ts";
import { planSweep } from "./plan.ts";
import { readRowLines } from "./row-lines.ts";
import { type Engine, runSweep } from "./sweep.ts";
import { threadsEngine } from "./threads.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "xpikeformer-coded-sweep-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** A slot of 54 coded bits, which carry one bit of payload beside the CRC: a network that guesses gets every other block right. */
const ONE_BIT = 0.32;
const experiment = {
  seed: 4,
  task: {
    kind: "slot-detection",
    channel: { kind: "tdl", subcarriers: 6, symbols: 5, pilots: { symbols: [2] } },
  },
  model: { width: 16, heads: 2, depth: 1, expansion: 2, steps: 2, neuron: { threshold: 0.4 }, readOut: "bits" },
  training: { batch: 2, shards: 1, validationPrompts: 2, stages: [{ steps: 1, warmup: 0 }] },
  hardware: { chips: 2, crossbar: { rows: 32, columns: 32 } },
  evaluation: { prompts: 4, coded: { rate: ONE_BIT, ebN0Decibels: [4, 12], errors: 8, blocks: 24 } },
};
const network = { checkpoints: { network: "network.safetensors" } };

async function writeNetwork(): Promise<void> {
  const parsed = parseExperiment(experiment);
  const untrained = initialise(parsed.model, networkGeometry(parsed, createTask(parsed)), stream(3));
  await writeFile(join(folder, network.checkpoints.network), encodeCheckpoint(untrained, {}));
}

const designOf = (fields: object): OpenedDesign =>
  parseDesign({
    experiment: { ...experiment, ...network },
    axes: {},
    objectives: ["blockErrorRate", "energy"],
    ...fields,
  }) as OpenedDesign;

const planOf = (design: OpenedDesign) => planSweep(design, { directory: folder });
const run = async (design: OpenedDesign, to: string, engine: Engine = threadsEngine(1), resume = false) =>
  runSweep(await planOf(design), join(folder, to), { engine, threads: 1, resume });

/** Measures the first pieces only, like a killed process. */
function killedAfter(pieces: number): Engine {
  const own = threadsEngine(1);
  return {
    ...own,
    measure: async (sweep, batches, keep) => {
      await own.measure(sweep, batches.slice(0, pieces), keep);
      throw new Error("killed");
    },
  };
}

/** Two threads, of which the first answers late. */
function twoThreads(): Engine {
  const executor = workerExecutor(workerPorts(sweepJobs, 2, (thread) => (thread === 0 ? 9 : 1)).list);
  return {
    measure: async ({ design, inputs }, batches, keep) => {
      const session = executor.open<object, unknown, Row[]>(
        "measure-points",
        { design, ...inputs },
        { repeatable: true },
      );
      const found: Row[][] = [];
      await session.run(batches, (rows) => found.push(rows));
      for (const rows of found) await keep(rows);
      session.close();
    },
    close: () => executor.close(),
  };
}

test("2 x 2 points of coded blocks have the same table on one thread, on two and after a kill", async () => {
  await writeNetwork();
  const axes = { "evaluation.coded.rate": [ONE_BIT, 0.34], "task.channel.delaySpreadNanoseconds": [30, 3000] };
  const design = designOf({ axes });
  const whole = await run(design, "whole");
  const rates = whole.map(({ measures }) => measures!.blockErrorRate!.value);
  expect(rates.every((rate) => rate > 0.1 && rate < 1)).toBe(true);
  // Other payloads, and other channels under the same payload, fail in other blocks.
  expect(new Set(whole.map(({ measures }) => JSON.stringify(measures!.blocks))).size).toBe(4);
  for (const { blocks, errors } of whole.flatMap(({ measures }) => measures!.blocks!)) {
    expect(errors === 8 || blocks === 24).toBe(true);
  }
  expect(await run(design, "two", twoThreads())).toEqual(whole);
  await expect(run(design, "part", killedAfter(1))).rejects.toThrow("killed");
  await expect(run(design, "part", killedAfter(2), true)).rejects.toThrow("killed");
  const resumed = await run(design, "part", twoThreads(), true);
  expect(resumed).toEqual(whole);
  expect(sweepTable(resumed, design)).toEqual(sweepTable(whole, design));
});

test("channels and ages are axes of one network, and each changes the blocks", async () => {
  await writeNetwork();
  const axes = {
    "task.channel.profile": ["A", "D"],
    "task.channel.speedMetresPerSecond": [0, 300],
    "hardware.readTime": [20, 1e8],
  };
  const plan = await planOf(designOf({ axes, objectives: ["blockErrorRate"] }));
  expect([Object.keys(plan.inputs.networks).length, plan.trainings.length]).toEqual([1, 0]);
  const rows = await runSweep(plan, join(folder, "axes"), { engine: threadsEngine(1), threads: 1 });
  expect(rows.map(({ refused }) => refused)).toEqual(Array(8).fill(null));
  const counted = rows.map(({ measures }) => JSON.stringify(measures!.blocks));
  // First axis, second axis, last axis.
  for (const step of [4, 2, 1]) expect(counted[0]).not.toBe(counted[step]);
});

test("a network that does not fit the task of a point, and a rate without payload, are refused in its row by name", async () => {
  await writeNetwork();
  const axes = { "task.receiveAntennas": [2, 3], "evaluation.coded.rate": [ONE_BIT, 0.1] };
  const [fits, small, other] = await run(designOf({ axes }), "refused");
  expect(fits.refused).toBeNull();
  expect(small.refused).toMatch(/^SpecError at evaluation\.coded\.rate: .* 54 coded bits/);
  expect(other.refused).toMatch(/^SpecError at task\.receiveAntennas: The network of checkpoints\.network takes/);
});

test("a network is trained for block errors alone, one per channel", async () => {
  const plan = await planOf(
    designOf({
      experiment,
      axes: { "task.channel.profile": ["A", "C"], "hardware.readTime": [20, 1e6] },
      objectives: ["codedEbN0"],
    }),
  );
  expect([plan.points.length, plan.trainings.length]).toEqual([4, 2]);
});

test("a sweep of block errors without coded blocks, without slots, or with a budget is refused before its first point", async () => {
  await writeNetwork();
  const { coded, ...evaluation } = experiment.evaluation;
  const without = { ...experiment, ...network, evaluation };
  await expect(planOf(designOf({ experiment: without }))).rejects.toMatchObject({
    path: "evaluation.coded",
    message: expect.stringContaining("sends no coded blocks. Give it evaluation.coded"),
  });
  // An axis may send them.
  expect((await planOf(designOf({ experiment: without, axes: { "evaluation.coded": [coded] } }))).points).toHaveLength(
    1,
  );
  expect((await planOf(designOf({ experiment: without, objectives: ["energy"] }))).points).toHaveLength(1);
  await expect(planOf(designOf({ experiment: { evaluation: { coded } } }))).rejects.toMatchObject({
    path: "evaluation.coded",
    message: expect.stringContaining("prompts of symbol-detection are no slots"),
  });
  const budget = { chips: 2, prompts: 8, growth: 2 };
  await expect(planOf(designOf({ budget, objectives: ["errorRate", "codedEbN0"] }))).rejects.toMatchObject({
    path: "budget",
    message: expect.stringContaining("coded blocks end by themselves"),
  });
});

test("rows of versions without block errors are read", async () => {
  const { measures, ...row } = (await run(designOf({ objectives: ["area"], experiment }), "priced"))[0];
  const { blockErrorRate, codedEbN0, ...old } = measures!;
  expect([blockErrorRate, codedEbN0]).toEqual([null, null]);
  expect(readRowLines(checkedLine({ ...row, measures: old }), "place").rows).toEqual([{ ...row, measures }]);
  // A row without another measure is still none.
  const { area, ...less } = old;
  expect(area).not.toBeNull();
  expect(readRowLines(checkedLine({ ...row, measures: less }), "place").broken).toHaveLength(1);
});
