/**
 * The learning rate over a stage: linear warm-up, then half a cosine. It affects every weight, so it uses only basic IEEE
 * operations and is the same on every platform; `Math.cos` and `**` are not.
 */
import type { StageSpec } from "../experiment/training.ts";

/** Warm-up, then a half cosine from the peak to `finalFraction` of it. `step` counts from the stage's start. */
export function scheduledRate({ learningRate, warmup, finalFraction, steps }: StageSpec, step: number): number {
  if (step < warmup) return (learningRate * (step + 1)) / warmup;
  const progress = (step - warmup) / Math.max(1, steps - warmup);
  return learningRate * (finalFraction + (1 - finalFraction) * halfCosine(Math.min(1, progress)));
}

/**
 * (1 + cos(pi p)) / 2 = cos(pi p / 2)^2 for p in 0 .. 1, by the Taylor series up to x^22: the first omitted term is below 1e-19.
 */
export function halfCosine(p: number): number {
  const x = (Math.PI / 2) * p;
  const square = x * x;
  let sum = 1;
  for (let n = 22; n >= 2; n -= 2) sum = 1 - (sum * square) / (n * (n - 1));
  return sum * sum;
}

/** base^exponent for integer exponents, by repeated squaring. */
export function wholePower(base: number, exponent: number): number {
  let result = 1;
  for (let factor = base, left = exponent; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result *= factor;
    factor *= factor;
  }
  return result;
}
