/** Statistics of random draws against theory: a mean lies within so many of its own standard errors. */
import { expect } from "vitest";
import { mean, standardError } from "../../src/numeric/statistics.ts";

/** 4 standard errors are exceeded once in 16,000 by chance; seeds are fixed. */
export function expectMean(values: ArrayLike<number>, theory: number, label: string, sigmas = 4): void {
  const error = Math.abs(mean(values) - theory);
  const allowed = sigmas * standardError(values) + 1e-12;
  expect(error, `${label}: ${mean(values)} for ${theory}`).toBeLessThanOrEqual(allowed);
}

/** A complex mean: both parts. */
export function expectComplexMean(
  values: readonly (readonly [number, number])[],
  theory: readonly [number, number],
  label: string,
): void {
  [0, 1].forEach((part) => {
    expectMean(
      values.map((value) => value[part]),
      theory[part],
      `${label}, part ${part}`,
    );
  });
}

/** a conj(b) of entries i and j of complex arrays. */
export function timesConjugate(a: ArrayLike<number>, i: number, b: ArrayLike<number>, j: number): [number, number] {
  return [a[2 * i] * b[2 * j] + a[2 * i + 1] * b[2 * j + 1], a[2 * i + 1] * b[2 * j] - a[2 * i] * b[2 * j + 1]];
}

/** RMS delay spread of paths: the square root of the power-weighted variance of their delays. */
export function delaySpread(paths: readonly { readonly delay: number; readonly power: number }[]): number {
  const total = paths.reduce((sum, { power }) => sum + power, 0);
  const centre = paths.reduce((sum, { delay, power }) => sum + delay * power, 0) / total;
  return Math.sqrt(paths.reduce((sum, { delay, power }) => sum + power * (delay - centre) ** 2, 0) / total);
}
