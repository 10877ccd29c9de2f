import { expect, test } from "vitest";
import { codedOf } from "../evaluation/coded.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { parseExperiment } from "../experiment/parse.ts";
import type { SlotDetectionSpec } from "../experiment/slot-detection.ts";
import { codedLink } from "../task/coded-slots.ts";
import type { FigureDraft } from "./build-report.ts";
import { type CodedRun, codedFigures, codedRows } from "./coded.ts";

const experiment = parseExperiment({
  task: { kind: "slot-detection" },
  evaluation: { coded: {} },
}) as Experiment as Experiment<SlotDetectionSpec>;
const { task, coded } = codedOf(experiment)!;
const link = codedLink(task, coded);

/** 32 of 64 blocks fail at 0 dB and one of 64 at 8 dB, after 4 and 2 iterations. */
const points = [
  { ebN0Decibels: 0, errors: 32, iterations: 4 },
  { ebN0Decibels: 8, errors: 1, iterations: 2 },
].map((point) => ({
  ...point,
  ...{ snrDecibels: point.ebN0Decibels, bitUpdates: 0, passes: [], wrongBits: new Int32Array(64) },
  failed: Uint8Array.from({ length: 64 }, (_, i) => Number(i < point.errors)),
}));
const run: CodedRun = {
  link,
  detectors: ["ann", "xpikeformer", "ann.feedback", "xpikeformer.feedback"].map((id) => ({ id, name: id, points })),
  aged: [],
  costs: {
    decoder: (iterations) => iterations,
    receivers: [],
    feedback: { energies: { xpikeformer: 20, annTrees: 60, annDigital: 110 }, latency: 1 },
  },
};
const cost = (id: string, value: number, unit: string): FigureDraft => ({
  ...{ id: `cost.${id}`, label: id, value, unit },
  interval: { low: value / 2, high: 2 * value, kind: "prices" },
});
const costs = [
  ...[cost("xpikeformer.energy", 10, "J"), cost("annTrees.energy", 30, "J"), cost("annDigital.energy", 50, "J")],
  ...[cost("ratio.annTrees", 3, "1"), cost("ratio.annDigital", 5, "1")],
];
const figures = codedFigures(run, costs);
const found = (id: string) => figures.find((figure) => figure.id === `coded.energy.${id}`)!;

test("the energy per bit of the int8 ANN is given on both engines, with and without feedback, and in the short answer", () => {
  const bits = 0.9 * link.block.payloadBits;
  const energies = { annTrees: [30, 60], annDigital: [50, 110] };
  for (const [id, [once, fed]] of Object.entries(energies)) {
    expect(found(id).value * bits).toBeCloseTo(once, 12);
    expect(found(`${id}.feedback`).value * bits).toBeCloseTo(fed, 12);
    expect(found(id).interval!.high * bits).toBeCloseTo(2 * once, 12);
  }
  const rows = codedRows(figures).map(({ figure }) => figure);
  const sums = ["xpikeformer", "annTrees", "annDigital"].map((id) => `coded.energy.${id}.sum`);
  expect(rows).toEqual(expect.arrayContaining(sums));
});

test("the ratio per bit is that of the run on each engine, and with decoders lies between its ends", () => {
  const bits = 0.9 * link.block.payloadBits;
  const decoder = found("xpikeformer.decoder").value * bits;
  expect(decoder).toBeGreaterThan(2);
  expect(decoder).toBeLessThan(4);
  for (const [id, ratio] of Object.entries({ annTrees: 3, annDigital: 5 })) {
    expect(found(`ratio.${id}`)).toMatchObject({ value: ratio, interval: { low: ratio / 2, high: 2 * ratio } });
    const { value, interval } = found(`ratio.${id}.sum`);
    expect(value).toBeCloseTo(found(`${id}.sum`).value / found("xpikeformer.sum").value, 12);
    // A decoder that both have pulls a ratio towards 1: most where the detector needs least.
    const sum = (times: number, detector: number) => (times * detector + decoder) / (detector + decoder);
    expect(interval!.low).toBeCloseTo(sum(ratio / 2, 5), 12);
    expect(interval!.high).toBeCloseTo(sum(2 * ratio, 20), 12);
  }
});

test("no ratio per bit is given to an ANN that a run gives none", () => {
  const without = codedFigures(
    run,
    costs.filter(({ id }) => !id.startsWith("cost.ratio")),
  );
  expect(without.filter(({ id }) => id.startsWith("coded.energy.ratio"))).toEqual([]);
});
