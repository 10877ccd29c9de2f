/**
 * Sine, cosine and the Bessel function J0 from basic IEEE operations only, so that they are the same on every platform. (`Math.sin`
 * and `Math.cos` may differ between engines in the last bit.)
 *
 * Angles are in turns, because then whole turns drop out exactly. What is left is within an eighth of a turn of a quarter, where the
 * Taylor series up to x^18 is exact to 4e-20.
 */

/** Ratios of neighbouring coefficients of both series, without their signs. */
const TERMS = 9;
const COSINE = Float64Array.from({ length: TERMS }, (_, i) => 1 / ((2 * i + 1) * (2 * i + 2)));
const SINE = Float64Array.from({ length: TERMS }, (_, i) => 1 / ((2 * i + 2) * (2 * i + 3)));

/** cos(2 pi turns) + j sin(2 pi turns), written to `out[at]` and `out[at + 1]`; absolute error below 1e-15 up to rounding of `turns`. */
export function unitVector(turns: number, out: Float64Array, at: number): void {
  const part = turns - Math.floor(turns + 0.5);
  const quarters = Math.floor(4 * part + 0.5);
  const x = 2 * Math.PI * (part - quarters / 4);
  const z = -x * x;
  let cosine = 1;
  let sine = 1;
  for (let i = TERMS - 1; i >= 0; i--) {
    cosine = 1 + cosine * z * COSINE[i];
    sine = 1 + sine * z * SINE[i];
  }
  sine *= x;
  // A quarter turns (c, s) into (-s, c).
  const swaps = (quarters & 1) === 1;
  const [re, im] = swaps ? [sine, cosine] : [cosine, sine];
  out[at] = quarters === 0 || quarters === -1 ? re : -re;
  out[at + 1] = quarters === 0 || quarters === 1 ? im : -im;
}

const held = new Float64Array(2);

/** cos(2 pi turns). */
export function cosineOfTurns(turns: number): number {
  unitVector(turns, held, 0);
  return held[0];
}

/** sin(2 pi turns). */
export function sineOfTurns(turns: number): number {
  unitVector(turns, held, 0);
  return held[1];
}

/**
 * J0(2 pi x), the mean of cos(2 pi x cos a) over all angles a.
 *
 * The mean over n equally spaced angles of half a turn is off by 2 J_2n(2 pi x) at most, which vanishes once 2n exceeds the argument:
 * with n = 2 pi x + 16 the error is below 1e-15 of rounding.
 */
export function besselJ0OfTurns(x: number): number {
  const count = Math.ceil(2 * Math.PI * Math.abs(x)) + 16;
  let sum = 0;
  for (let i = 0; i < count; i++) sum += cosineOfTurns(x * cosineOfTurns((i + 0.5) / (2 * count)));
  return sum / count;
}
