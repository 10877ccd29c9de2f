/**
 * Elementary functions from IEEE addition, multiplication, division and integer operations only, so that every platform returns
 * the same bits. They are inlined into the kernels that use them and are not exported by the module.
 */

/**
 * e^x on four lanes, relative error below 3e-7 for -87 <= x <= 88; arguments outside are clamped to that range, so the result is
 * never 0 and never infinite.
 *
 * x = n ln 2 + r with |r| <= 0.35, ln 2 split in two so that n ln 2 is exact; the polynomial for e^r is that of Moshier's Cephes
 * library (expf); 2^n is assembled from its exponent bits.
 */
// @ts-ignore: decorator
@inline
export function exp4(argument: v128): v128 {
  const x = f32x4.pmin(f32x4.splat(88), f32x4.pmax(f32x4.splat(-87), argument));
  const n = f32x4.nearest(f32x4.mul(x, f32x4.splat(1.44269504088896341)));
  let r = f32x4.sub(x, f32x4.mul(n, f32x4.splat(0.693359375)));
  r = f32x4.add(r, f32x4.mul(n, f32x4.splat(2.1219444e-4)));
  let p = f32x4.splat(1.98756915e-4);
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.3981999507e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(8.3334519073e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(4.1665795894e-2));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.6666665459e-1));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(5.0000001201e-1));
  p = f32x4.add(f32x4.add(f32x4.mul(p, f32x4.mul(r, r)), r), f32x4.splat(1));
  const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23);
  return f32x4.mul(p, power);
}

/**
 * Lanes of ones where e^x is kept and not 0, for x >= -60. A smaller number times a gradient would be subnormal, and products of
 * subnormal numbers take some processors a hundred times as long; next to 1, single precision resolves 6e-8.
 */
// @ts-ignore: decorator
@inline
export function matters4(x: v128): v128 {
  return f32x4.ge(x, f32x4.splat(-60));
}

/** 1 / (1 + e^-x) on four lanes, relative error below 5e-7 where x >= -87. */
// @ts-ignore: decorator
@inline
export function sigmoid4(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, exp4(f32x4.neg(x))));
}

/** Natural logarithm of a positive normal number, relative error below 4e-16: the series of numeric/stream.ts. */
// @ts-ignore: decorator
@inline
export function naturalLog(x: f64): f64 {
  const bits = reinterpret<u64>(x);
  let exponent = <i32>(bits >> 52) - 1023;
  let m = reinterpret<f64>((bits & 0x000fffffffffffff) | 0x3ff0000000000000);
  if (m > 1.4142135623730951) {
    m *= 0.5;
    exponent += 1;
  }
  const s = (m - 1) / (m + 1);
  const z = s * s;
  let sum: f64 = 0;
  for (let n = 23; n >= 1; n -= 2) sum = sum * z + <f64>1 / <f64>n;
  return <f64>exponent * 0.6931471805599453 + 2 * s * sum;
}

/** Sum of the four lanes, in the order (0 + 1) + (2 + 3). */
// @ts-ignore: decorator
@inline
export function sum4(x: v128): f32 {
  return f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 1) + (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3));
}

/**
 * c + a b. Rounded twice, so that every platform returns the same bits; in the fast binary, where the CPU has fused multiply-add, once.
 */
// @ts-ignore: decorator
@inline
export function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(a, b, c) : f32x4.add(c, f32x4.mul(a, b));
}
