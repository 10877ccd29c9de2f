import { expect, test } from "vitest";
import { stream } from "../numeric/stream.ts";
import { type Curve, crossing, crossingGap, isResolved, LEAST_BLOCK_ERRORS, weightsOf } from "./crossing.ts";

/** So many errors of so many blocks, the errors first. */
const failures = (errors: number, blocks: number) =>
  Uint8Array.from({ length: blocks }, (_, k) => (k < errors ? 1 : 0));

const curveOf = (...points: [number, number, number][]): Curve =>
  points.map(([decibels, errors, blocks]) => ({ decibels, failed: failures(errors, blocks) }));

test("between two points the logarithm of the rate falls linearly, by hand", () => {
  // 40 % to 2.5 % over 2 dB are four octaves, and 10 % is two octaves down.
  const curve = curveOf([0, 90, 100], [2, 40, 100], [4, 5, 200], [6, 0, 200]);
  expect(crossing(curve, 0.1, [])!.value).toBeCloseTo(3, 12);
  // Without errors, half an error of 200 blocks.
  const value = 4 + (2 * Math.log(0.025 / 0.01)) / Math.log(0.025 / 0.0025);
  expect(crossing(curve, 0.01, [])!.value).toBeCloseTo(value, 12);
  expect(crossing(curve, 0.95, [])).toBeNull();
  expect(crossing(curve, 1e-4, [])).toBeNull();
  expect(crossingGap(curve, curveOf([0, 40, 100], [2, 5, 200]), 0.1, [])!.value).toBeCloseTo(2, 12);
});

test("is resolved with an interval and enough block errors at both points beside it, and curves without any are not", () => {
  const weights = weightsOf(200);
  const resolved = (beside: number, blocks = 200) => {
    const curve = curveOf([0, 190, 200], [2, 90, 200], [4, beside, blocks], [6, 0, 200]);
    const found = crossing(curve, 0.1, weights)!;
    expect(found.errors).toBe(beside);
    expect(crossingGap(curve, curveOf([2, 40, 100], [4, 9, 200]), 0.1, weights)!.errors).toBe(Math.min(beside, 9));
    return isResolved(found);
  };
  expect([0, 3, LEAST_BLOCK_ERRORS, 12].map((errors) => resolved(errors))).toEqual([false, false, true, true]);
  // At the level itself, some replicates lie beyond the last point.
  const last = crossing(curveOf([2, 90, 200], [4, 20, 200]), 0.1, weights)!;
  expect([last.interval, isResolved(last)]).toEqual([null, false]);
  // A replicate of k errors has none in e^-k of all cases.
  const empty = weights.filter((own) => own.subarray(0, LEAST_BLOCK_ERRORS).every((weight) => weight === 0)).length;
  expect(empty / weights.length).toBeLessThan(0.025);
});

/** Block k fails where its fade is below what the Eb/N0 needs: rate 10^(-dB / 10), shifted by `loss`. */
const faded = (seed: number, loss: number, noise = 0): Curve =>
  [4, 8, 12, 16].map((decibels) => ({
    decibels,
    failed: Uint8Array.from({ length: 400 }, (_, k) => {
      const fade = stream(seed).fork(k).uniform() * (1 + noise * stream(seed).fork("own", loss, k).uniform());
      return fade < 10 ** ((loss - decibels) / 10) ? 1 : 0;
    }),
  }));

test("intervals cover the true crossing about as often as they say", () => {
  const weights = weightsOf(400);
  const repeats = 60;
  let covered = 0;
  for (let seed = 0; seed < repeats; seed++) {
    const { low, high } = crossing(faded(seed, 0), 0.1, weights)!.interval!;
    if (low <= 10 && high >= 10) covered++;
  }
  // 95 % of 60 are 57, with a deviation of 1.7.
  expect(covered).toBeGreaterThanOrEqual(51);
});

test("detectors that share fades have a far more certain gap than crossings", () => {
  const weights = weightsOf(400);
  const [one, other] = [faded(1, 0), faded(1, 1)];
  const width = ({ interval }: { interval: { low: number; high: number } | null }) => interval!.high - interval!.low;
  const gap = crossingGap(other, one, 0.1, weights)!;
  expect(gap.value).toBeCloseTo(1, 0);
  expect(width(gap)).toBeLessThan(0.7 * width(crossing(one, 0.1, weights)!));
  // Each block counts once on average, with a variance of one.
  const all = weights.flatMap((own) => [...own]);
  const mean = all.reduce((sum, weight) => sum + weight, 0) / all.length;
  expect(Math.abs(mean - 1)).toBeLessThan(4 / Math.sqrt(all.length));
  const square = all.reduce((sum, weight) => sum + weight * weight, 0) / all.length;
  expect(square - mean * mean).toBeCloseTo(1, 1);
});
