/** Shared by gradient checks: test points, a loss that weighs every output differently, and the comparison. */
import { expect } from "vitest";
import { stream } from "../../src/numeric/stream.ts";

/** Standard normal numbers, scaled. */
export function normals(size: number, seed: number, deviation = 1): Float64Array {
  const draws = stream(seed);
  return new Float64Array(size).map(() => deviation * draws.normal());
}

/** sum_i weight_i output_i: its gradient with respect to the output is `weight`, different in every entry. */
export const weighted = (output: Float64Array, weight: Float64Array): number =>
  output.reduce((sum, y, i) => sum + y * weight[i], 0);

/** |a - b| <= absolute + relative |b| everywhere; reports the worst entry. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: { absolute: number; relative?: number },
  name = "entry",
): void {
  expect(actual.length).toBe(expected.length);
  let worst = 0;
  let excess = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < actual.length; i++) {
    const allowed = tolerance.absolute + (tolerance.relative ?? 0) * Math.abs(expected[i]);
    const over = Math.abs(actual[i] - expected[i]) - allowed;
    if (!(over <= excess)) [worst, excess] = [i, over];
  }
  expect(excess, `${name}[${worst}] is ${actual[worst]}, expected ${expected[worst]}`).toBeLessThanOrEqual(0);
}
