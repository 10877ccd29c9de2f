/** The statistics of experiments/random-numbers, on cases computed by hand, and consequences of a tile's wiring. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { lfsrDraws } from "../src/hardware/draws.ts";
import { LFSR_MASK } from "../src/hardware/lfsr.ts";
import { stream } from "../src/numeric/stream.ts";
import { packSpikes } from "../src/spike/train.ts";

type Estimate = { readonly mean: number; readonly error: number };
type Groups = readonly (readonly number[])[];

const folder = join(import.meta.dirname, "../experiments/random-numbers");
// Through variables, because the programs of experiments/ have no types.
const [statisticsFile, tilesFile, attentionFile] = ["statistics.mjs", "tiles.mjs", "attention.mjs"].map((name) =>
  join(folder, name),
);
const { clusteredMean, clusteredRatio, exactChance, firingRates, productMoment, varianceOfSums, xorGates } =
  (await import(statisticsFile)) as {
    clusteredMean: (values: readonly number[]) => Estimate;
    clusteredRatio: (a: readonly number[], b: readonly number[]) => Estimate;
    exactChance: (bits: number, count: number, normaliser: number) => number;
    firingRates: (draws: readonly number[], bits: number, normaliser: number) => Float64Array;
    productMoment: (bits: readonly number[], p: number, groups: Groups) => { sum: number; groups: number };
    varianceOfSums: (bits: readonly number[], p: number, groups: Groups) => number;
    xorGates: (setup: { mask: number; shiftsPerClock: number }) => number;
  };
const { drawAll, groupsOf } = (await import(tilesFile)) as {
  drawAll: (draws: unknown, shape: unknown) => Float64Array;
  groupsOf: (shape: unknown) => { moments: Record<string, Groups> };
};
const { expectedOutput } = (await import(attentionFile)) as {
  expectedOutput: (tile: unknown, settings: unknown) => Float64Array;
};

test("chances to fire are counted draw by draw, and ceil(256 c / I) / 256 over all bytes", () => {
  // I = 3: a draw fires when 3 draw < 256 c. 0 and 192 are below 256, 384 below 512, 576 below 768 only.
  expect([...firingRates([0, 64, 128, 192], 8, 3)]).toEqual([0, 0.5, 0.75, 1]);
  const bytes = Array.from({ length: 256 }, (_, n) => n);
  const rates = firingRates(bytes, 8, 37);
  // 256 / 37 = 6.92: seven bytes fire at a count of 1.
  expect(rates[1]).toBe(7 / 256);
  expect([...rates]).toEqual(Array.from(rates, (_, count) => exactChance(8, count, 37)));
});

test("a mean and a ratio over clusters have the textbook errors", () => {
  // 1, 2, 3: deviation 1, over sqrt 3.
  expect(clusteredMean([1, 2, 3])).toEqual({ mean: 2, error: 1 / Math.sqrt(3) });
  // (1 + 3) / (2 + 2) = 1; residuals -1 and 1 have deviation sqrt 2, over sqrt 2 clusters, over the mean 2.
  expect(clusteredRatio([1, 3], [2, 2]).mean).toBe(1);
  expect(clusteredRatio([1, 3], [2, 2]).error).toBeCloseTo(0.5, 15);
  // A proportional ratio has no error.
  expect(clusteredRatio([1, 2], [2, 4])).toEqual({ mean: 0.5, error: 0 });
});

test("product moments and variances of sums follow by hand", () => {
  // p = 1/4, variance 3/16. (1 - 1/4)^2 = 9/16 is 3 variances; (3/4)(-1/4) = -3/16 is -1 variance.
  const bits = [1, 1, 0, 0];
  expect(productMoment(bits, 0.25, [[0, 1]])).toEqual({ sum: 3, groups: 1 });
  expect(
    productMoment(bits, 0.25, [
      [0, 1],
      [1, 2],
    ]),
  ).toEqual({ sum: 2, groups: 2 });
  // Four bits, p = 1/2: (1/2)^2 (-1/2)^2 over (1/4)^2.
  expect(productMoment(bits, 0.5, [[0, 1, 2, 3]]).sum).toBe(1);
  // Two ones where 2 x 1/4 are expected: (3/2)^2 over 2 x 3/16.
  expect(varianceOfSums(bits, 0.25, [[0, 1]])).toBe(6);
  // One group of 6, and (0 - 1/2)^2 over 3/8.
  expect(
    varianceOfSums(bits, 0.25, [
      [0, 1],
      [2, 3],
    ]),
  ).toBeCloseTo((6 + 2 / 3) / 2, 15);
});

test("a shift takes an exclusive-or gate per bit of the mask but the last", () => {
  // b4bcd35c: 3 + 1 + 3 + 2 + 3 + 2 + 2 + 2 = 18 ones; bit 31 takes the bit shifted out unchanged.
  expect(xorGates({ mask: LFSR_MASK, shiftsPerClock: 1 })).toBe(17);
  expect(xorGates({ mask: LFSR_MASK, shiftsPerClock: 8 })).toBe(136);
});

test("shared bytes appear as correlations of exactly 1, where the wiring predicts them", () => {
  const shape = { steps: 2, tokens: 6, dimension: 9 };
  const { moments } = groupsOf(shape);
  const correlation = (sharing: "column" | "row" | "column-row", name: string) => {
    const draws = lfsrDraws(shape, "stratified", stream(5), { mask: LFSR_MASK, sharing, shiftsPerClock: 1 });
    const fired = Array.from(drawAll(draws, shape), (draw) => (draw < 128 ? 1 : 0));
    const { sum, groups } = productMoment(fired, 0.5, moments[name]);
    return sum / groups;
  };
  // p = 1/2 depends only on the top bit, and the four top bits of a rectangle add up to an even number.
  expect(correlation("column-row", "corners")).toBe(1);
  expect(correlation("column", "keys")).toBe(1);
  expect(correlation("row", "queries")).toBe(1);
  // Reset at each step, the register of a column gives its scores and the last feature the same byte.
  expect(correlation("column", "score and last feature")).toBe(1);
  expect(correlation("column-row", "score and last feature")).toBeLessThan(1);
  // The second of two stratified steps covers the other half of the range.
  expect(correlation("row", "scores of two steps")).toBe(-1);
});

test("the expected output of attention follows from the distribution of its sum", () => {
  // Two tokens, two features, one step; the mask is open.
  const bits = (rows: number[]) => packSpikes(rows, 1, 2, 2);
  const tile = { query: bits([1, 1, 0, 1]), key: bits([1, 0, 1, 1]), value: bits([1, 0, 1, 1]) };
  const settings = { mask: Uint8Array.of(1, 1, 1, 1), scoreGain: 1, valueGain: 1 };
  // Counts: query 0 has 1 and 2 of 2, query 1 has 0 and 1. Gains of 1: E[A] = sum_j P_ij V_jf / 2.
  //   query 0: feature 0: (1/2 + 1) / 2, feature 1: 1 / 2;   query 1: feature 0: (0 + 1/2) / 2, feature 1: 1/4
  expect([...expectedOutput(tile, settings)]).toEqual([0.75, 0.5, 0.25, 0.25]);
  // With a value gain of 2, one score makes an output certain: E[A] = 1 - prod_j (1 - P_ij V_jf).
  expect([...expectedOutput(tile, { ...settings, valueGain: 2 })]).toEqual([1, 1, 0.5, 0.5]);
});
