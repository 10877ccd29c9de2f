/**
 * The exponential function from basic IEEE operations only, so that it is the same on every platform. (`Math.exp` and `Math.pow`
 * may differ between engines in the last bit; results that must repeat exactly do not use them.)
 *
 * x = k ln 2 + r with |r| <= ln 2 / 2, and e^x = 2^k e^r by the Taylor series up to r^13; the first omitted term is below 4.2e-18.
 * k ln 2 is subtracted in two parts, the first with 21 trailing zero bits, so that its product with k is exact (|k| <= 1023).
 */

const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
const SMALLEST = -708;
const LARGEST = 709;

/** 2^k for k = -1022 .. 1023, exact. */
const powersOfTwo = new Float64Array(2046);
powersOfTwo[1022] = 1;
for (let k = 1; k <= 1023; k++) powersOfTwo[1022 + k] = powersOfTwo[1021 + k] * 2;
for (let k = 1; k <= 1022; k++) powersOfTwo[1022 - k] = powersOfTwo[1023 - k] / 2;

/** e^x; 0 below -708 (where doubles become subnormal), infinite above 709; relative error below 5e-16 in between. */
export function exponential(x: number): number {
  if (!(x >= SMALLEST)) return x < SMALLEST ? 0 : Number.NaN;
  if (x > LARGEST) return Number.POSITIVE_INFINITY;
  const k = Math.floor(x * Math.LOG2E + 0.5);
  const r = x - k * LN2_HIGH - k * LN2_LOW;
  let sum = 1 / 6227020800;
  sum = sum * r + 1 / 479001600;
  sum = sum * r + 1 / 39916800;
  sum = sum * r + 1 / 3628800;
  sum = sum * r + 1 / 362880;
  sum = sum * r + 1 / 40320;
  sum = sum * r + 1 / 5040;
  sum = sum * r + 1 / 720;
  sum = sum * r + 1 / 120;
  sum = sum * r + 1 / 24;
  sum = sum * r + 1 / 6;
  sum = sum * r + 0.5;
  sum = sum * r + 1;
  sum = sum * r + 1;
  return sum * powersOfTwo[k + 1022];
}

/** The power ratio of a level in decibels, 10^(x / 10). */
export const fromDecibels = (decibels: number): number => exponential((decibels * Math.LN10) / 10);
