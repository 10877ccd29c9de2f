// @module-tag slow
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { jobs } from "../evaluation/jobs.ts";
import type { Objective } from "../experiment/design.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { parseJsonWithComments } from "../experiment/json.ts";
import { parseExperiment } from "../experiment/parse.ts";
import type { SlotDetectionSpec } from "../experiment/slot-detection.ts";
import { decodeCheckpoint } from "../model/checkpoint.ts";
import { codedFigures } from "../report/coded.ts";
import { runCoded } from "../runs/coded.ts";
import { asDescribed } from "../runs/fit.ts";
import { type Given, openExperiment } from "../task/open.ts";
import { inlineExecutor } from "../threads/executor.ts";
import { axisOf } from "./labels.ts";
import { sweepTable } from "./table.ts";
import { measurePoint, type Row } from "./unit.ts";

const root = join(import.meta.dirname, "../..");
const executor = inlineExecutor(jobs);
const { network } = decodeCheckpoint(
  readFileSync(join(root, "networks/coded-link-xpikeformer.safetensors")),
  "network",
);
const document = parseJsonWithComments(readFileSync(join(root, "examples/coded-link.json"), "utf8"), "link") as Record<
  string,
  Record<string, unknown>
>;
const experimentOf = (coded: object | undefined, hardware: object = { chips: 2 }) =>
  parseExperiment({
    ...document,
    hardware: { ...document.hardware, ...hardware },
    evaluation: { prompts: 8, curveChips: 1, ...(coded && { coded }) },
  });
type SlotExperiment = Experiment<SlotDetectionSpec>;
const BOTH: Objective[] = ["blockErrorRate", "codedEbN0"];

test("a point has the block errors and the Eb/N0 of a run of its experiment, with the same intervals", async () => {
  const experiment = experimentOf({ ebN0Decibels: [10, 2], errors: 12, blocks: 120 });
  const measures = await measurePoint(executor, experiment, network, BOTH);
  const given: Given<SlotDetectionSpec> = { experiment: experiment as Experiment as SlotExperiment, data: null };
  const options = { executor, chips: 1, advance: () => {} };
  const run = await runCoded(given, asDescribed(experiment, network, []), [], options);
  const figures = codedFigures(run!, []);
  const figureOf = (id: string) => figures.find((figure) => figure.id === id)!;
  const measuredAs = (id: string) => {
    const { value, interval } = figureOf(id);
    return { value, low: interval!.low, high: interval!.high };
  };
  expect(measures.blockErrorRate).toEqual(measuredAs("bler.xpikeformer.ebn0.10"));
  expect(measures.codedEbN0).toEqual(measuredAs("coded.ebn0.xpikeformer"));
  expect(measures.blocks).toEqual(
    [2, 10].map((ebN0Decibels) => {
      const { value, trials } = figureOf(`bler.xpikeformer.ebn0.${ebN0Decibels}`);
      return { ebN0Decibels, blocks: trials, errors: Math.round(value * trials!) };
    }),
  );
  expect(measures).toMatchObject({ errorRate: null, energy: null });
});

test("an Eb/N0 that the points may not hold is no measurement, and the counts are there all the same", async () => {
  // Two errors in eight blocks at the lowest: resampled blocks often have none.
  for (const ebN0Decibels of [[2], [4, 6]]) {
    const measures = await measurePoint(executor, experimentOf({ ebN0Decibels, errors: 8, blocks: 8 }), network, BOTH);
    expect(measures.codedEbN0).toBeNull();
    expect(measures.blocks!.map(({ ebN0Decibels: own }) => own)).toEqual(ebN0Decibels);
    expect(measures.blockErrorRate!.value).toBe(measures.blocks!.at(-1)!.errors / measures.blocks!.at(-1)!.blocks);
  }
});

test("only an objective of blocks sends some, and prices are those without them", async () => {
  const coded = { ebN0Decibels: [8], errors: 2, blocks: 4 };
  const priced = await measurePoint(executor, experimentOf(coded), network, ["energy"]);
  expect(priced.blocks).toBeUndefined();
  const both = await measurePoint(executor, experimentOf(coded), network, ["energy", "blockErrorRate"]);
  expect(both.energy).toEqual(priced.energy);
  expect([both.chips, both.prompts]).toEqual([1, 8]);
});

test("a point without coded blocks, without slots or without a network is refused by name", async () => {
  const without = measurePoint(executor, experimentOf(undefined), network, ["codedEbN0", "area"]);
  await expect(without).rejects.toMatchObject({
    path: "evaluation.coded",
    message: expect.stringMatching(/asks for codedEbN0, .* sends no coded blocks\. Give it evaluation\.coded/),
  });
  const untrained = measurePoint(executor, experimentOf({}), null, ["blockErrorRate"]);
  await expect(untrained).rejects.toMatchObject({ path: "checkpoints.network" });
  const link = parseExperiment({ evaluation: { coded: {} } });
  await expect(measurePoint(executor, link, network, ["blockErrorRate"])).rejects.toMatchObject({
    path: "evaluation.coded",
    message: expect.stringContaining("prompts of symbol-detection are no slots"),
  });
});

test("a table has the counts at each Eb/N0 as JSON, only where blocks are an objective; decibels are never on a logarithmic axis", () => {
  const exact = (value: number) => ({ value, low: value, high: value });
  const blocks = [{ ebN0Decibels: 2, blocks: 9, errors: 3 }];
  const none = { errorRate: null, yearLoss: null, latency: null, throughput: null, area: null, chips: 1, prompts: 8 };
  const measures = { ...none, blockErrorRate: exact(0.5), codedEbN0: null, energy: exact(1), blocks };
  const rows: Row[] = [{ point: 0, hash: "h", values: {}, refused: null, measures }];
  const tableOf = (objectives: Objective[]) => {
    const { columns, rows: cells } = sweepTable(rows, { axes: {}, objectives, constraints: {} });
    return Object.fromEntries(columns.map(({ name }, i) => [name, cells[0][i]]));
  };
  expect(tableOf(["energy", "blockErrorRate"])).toMatchObject({
    blockErrorRate: 0.5,
    blockErrorRateLow: 0.5,
    blocks: JSON.stringify(blocks),
    front: true,
  });
  expect(tableOf(["codedEbN0", "energy"])).toMatchObject({ codedEbN0: null, codedEbN0High: null, front: false });
  expect(tableOf(["energy"])).not.toHaveProperty("blocks");
  expect(axisOf("codedEbN0", [1, 20])).toMatchObject({ label: "Eb/N0 at 10 % block errors, dB", scale: "linear" });
  expect(axisOf("blockErrorRate", [0.01, 0.5]).scale).toBe("log");
});

test("a point whose channels come from a file sends its blocks over them", async () => {
  const pilots = { symbols: [2, 11], comb: 2 };
  const channel = { kind: "file", file: "channels.npz", subcarriers: 12, symbols: 14, pilots };
  const asked = experimentOf({ ebN0Decibels: [14], errors: 4, blocks: 8 });
  const experiment = parseExperiment({ ...asked, task: { ...asked.task, channel } }) as Experiment as SlotExperiment;
  const [cells, entries] = [12 * 14, experiment.task.transmitAntennas * experiment.task.receiveAntennas];
  // Flat channels of gain 1, and channels that carry nothing.
  const [open, closed] = [1, 0].map((gain) => {
    const values = Float32Array.from({ length: 10 * cells * entries * 2 }, (_, i) => (i % 2 === 0 ? gain : 1e-6));
    return openExperiment(experiment, { count: 10, values });
  });
  const failed = async (given: typeof open) =>
    (await measurePoint(executor, given, network, ["blockErrorRate"])).blockErrorRate!.value;
  expect(await failed(open)).toBeLessThan(await failed(closed));
  expect(await failed(closed)).toBe(1);
});
