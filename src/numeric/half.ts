/**
 * Half-precision numbers (IEEE 754 binary16: 1 sign bit, 5 exponent bits, 10 fraction bits) as 16-bit integers.
 *
 * Checkpoints may store weights this way at half the size; arithmetic never runs in this format.
 */

/** Largest finite half-precision number. */
export const LARGEST_HALF = 65504;

const single = new DataView(new ArrayBuffer(4));

/** The nearest half-precision number, ties to even; magnitudes of 65520 and above become infinite, as in IEEE 754. */
export function toHalf(value: number): number {
  single.setFloat32(0, value);
  const bits = single.getUint32(0);
  const sign = (bits >>> 16) & 0x8000;
  const exponent = (bits >>> 23) & 0xff;
  const fraction = bits & 0x7fffff;
  if (exponent === 0xff) return sign | 0x7c00 | (fraction ? 0x200 : 0);
  // Exponent biases are 127 and 15. Below 2^-14 the result is subnormal: a multiple of 2^-24.
  const unbiased = exponent - 127;
  if (unbiased < -25) return sign;
  if (unbiased < -14) return sign | roundShift(fraction | 0x800000, -unbiased - 1);
  // A fraction that rounds up to 2^10 carries into the exponent, up to infinity, which the addition does by itself.
  return sign | Math.min(0x7c00, ((unbiased + 15) << 10) + roundShift(fraction, 13));
}

/** The value of a half-precision number; exact. */
export function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1024 + fraction) * POWERS[exponent];
}

/** 2^(exponent - 25): a table, because networks are a million such numbers. */
const POWERS = Float64Array.from({ length: 31 }, (_, exponent) => 2 ** (exponent - 25));

/** value / 2^shift rounded to the nearest integer, ties to even, for 1 <= shift <= 24. */
function roundShift(value: number, shift: number): number {
  const quotient = value >>> shift;
  const rest = value & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  return rest > half || (rest === half && quotient & 1) ? quotient + 1 : quotient;
}
