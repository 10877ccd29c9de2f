import { expect, test } from "vitest";
import { tinyExperiment } from "../../test/support/tiny-training.ts";
import { parseDurations } from "../experiment/duration.ts";
import { type DriftCurve, driftReport } from "./drift.ts";

const experiment = tinyExperiment({ hardware: { compensation: { scope: "crossbar" } } });

/** A study of two chips and four prompts in which the error rate of every curve rises with age, by more where nothing compensates. */
function study(text: string) {
  const ages = parseDurations(text, "drift");
  const curves = (["hwat", "ct"] as const).flatMap((role) =>
    [true, false].map((compensated): DriftCurve => {
      const rate = (i: number) => 0.05 * (i + 1) * (compensated ? 1 : 2) + (role === "ct" ? 0.01 : 0);
      const rates = ages.map((_, i) => ({ chips: 2, reads: 1, prompts: 4, values: new Float64Array(8).fill(rate(i)) }));
      return { role, compensated, rates, clippedShares: ages.map(() => [0, 0]), registers: ages.map(() => null) };
    }),
  );
  const { compensation } = experiment.hardware;
  const run = {
    experiment,
    command: "xpike eval",
    versions: {},
    notes: [],
    hardwareAware: true,
    chips: 2,
    reads: 1,
    prompts: 4,
  };
  return driftReport({ ...run, ages, curves, compensation });
}

test("what the paper says of a year is set beside a year, however far the study goes", () => {
  const { claims } = study("1s,1y,10y");
  // From 1 s to 1 y: 0.05 more with compensation, 0.1 more without. Ten years are 0.1 and 0.2 more.
  const ours = claims.map(({ id, ours }) => [id, typeof ours === "number" ? Number(ours.toFixed(12)) : ours]);
  expect(ours).toEqual([
    ["table-v-hwat-compensated", 0.05],
    ["table-v-ct-compensated", 0.05],
    ["table-v-hwat-uncompensated", 0.1],
    ["table-v-ct-uncompensated", 0.1],
    [
      "table-v-order",
      "HWAT, compensated 0.1000; CT, compensated 0.1100; HWAT, uncompensated 0.2000; CT, uncompensated 0.2100",
    ],
  ]);
});

test("a study without a year, or with a year alone, has nothing to set beside the paper's change in a year", () => {
  expect(study("1s,1mo").claims).toEqual([]);
  expect(study("1y").claims).toEqual([]);
});
