/**
 * Exponentials and logarithms of arrays of doubles. Twins: `exponential` in `numeric/exponential.ts` and `naturalLog` in
 * `numeric/stream.ts`. Every lane does the same IEEE operations in the same order, so the bits are the same. Eight vectors run in
 * parallel, because each step of a polynomial waits for the previous one.
 */

/** sum x + c: a step of Horner's rule, with both roundings. */
// @ts-ignore: decorator
@inline
export function step(sum: v128, x: v128, c: v128): v128 {
  return f64x2.add(f64x2.mul(sum, x), c);
}

/** 2^52 + 1023: its lowest bits are the biased exponent of 1. */
// @ts-ignore: decorator
@inline
const BIAS: f64 = 4503599627371519;

/** x [count] = e^(factor x), in place: 0 below -708, infinite above 709. `count` is rounded up to a multiple of 16. */
export function exponentials(x: usize, count: i32, factor: f64): void {
  const factors = f64x2.splat(factor);
  const end = x + ((<usize>count) << 3);
  for (let at = x; at < end; at += 128) {
    const x0 = f64x2.mul(factors, v128.load(at));
    const x1 = f64x2.mul(factors, v128.load(at, 16));
    const x2 = f64x2.mul(factors, v128.load(at, 32));
    const x3 = f64x2.mul(factors, v128.load(at, 48));
    const x4 = f64x2.mul(factors, v128.load(at, 64));
    const x5 = f64x2.mul(factors, v128.load(at, 80));
    const x6 = f64x2.mul(factors, v128.load(at, 96));
    const x7 = f64x2.mul(factors, v128.load(at, 112));
    const k0 = wholePower(x0);
    const k1 = wholePower(x1);
    const k2 = wholePower(x2);
    const k3 = wholePower(x3);
    const k4 = wholePower(x4);
    const k5 = wholePower(x5);
    const k6 = wholePower(x6);
    const k7 = wholePower(x7);
    const r0 = remainder(x0, k0);
    const r1 = remainder(x1, k1);
    const r2 = remainder(x2, k2);
    const r3 = remainder(x3, k3);
    const r4 = remainder(x4, k4);
    const r5 = remainder(x5, k5);
    const r6 = remainder(x6, k6);
    const r7 = remainder(x7, k7);
    let c = f64x2.splat(1.0 / 6227020800.0);
    let s0 = c,
      s1 = c,
      s2 = c,
      s3 = c,
      s4 = c,
      s5 = c,
      s6 = c,
      s7 = c;
    c = f64x2.splat(1.0 / 479001600.0);
    s0 = step(s0, r0, c);
    s1 = step(s1, r1, c);
    s2 = step(s2, r2, c);
    s3 = step(s3, r3, c);
    s4 = step(s4, r4, c);
    s5 = step(s5, r5, c);
    s6 = step(s6, r6, c);
    s7 = step(s7, r7, c);
    c = f64x2.splat(1.0 / 39916800.0);
    s0 = step(s0, r0, c);
    s1 = step(s1, r1, c);
    s2 = step(s2, r2, c);
    s3 = step(s3, r3, c);
    s4 = step(s4, r4, c);
    s5 = step(s5, r5, c);
    s6 = step(s6, r6, c);
    s7 = step(s7, r7, c);
    c = f64x2.splat(1.0 / 3628800.0);
    s0 = step(s0, r0, c);
    s1 = step(s1, r1, c);
    s2 = step(s2, r2, c);
    s3 = step(s3, r3, c);
    s4 = step(s4, r4, c);
    s5 = step(s5, r5, c);
    s6 = step(s6, r6, c);
    s7 = step(s7, r7, c);
    c = f64x2.splat(1.0 / 362880.0);
    s0 = step(s0, r0, c);
    s1 = step(s1, r1, c);
    s2 = step(s2, r2, c);
    s3 = step(s3, r3, c);
    s4 = step(s4, r4, c);
    s5 = step(s5, r5, c);
    s6 = step(s6, r6, c);
    s7 = step(s7, r7, c);
    c = f64x2.splat(1.0 / 40320.0);
    s0 = step(s0, r0, c);
    s1 = step(s1, r1, c);
    s2 = step(s2, r2, c);
    s3 = step(s3, r3, c);
    s4 = step(s4, r4, c);
    s5 = step(s5, r5, c);
    s6 = step(s6, r6, c);
    s7 = step(s7, r7, c);
    c = f64x2.splat(1.0 / 5040.0);
    s0 = step(s0, r0, c);
    s1 = step(s1, r1, c);
    s2 = step(s2, r2, c);
    s3 = step(s3, r3, c);
    s4 = step(s4, r4, c);
    s5 = step(s5, r5, c);
    s6 = step(s6, r6, c);
    s7 = step(s7, r7, c);
    c = f64x2.splat(1.0 / 720.0);
    s0 = step(s0, r0, c);
    s1 = step(s1, r1, c);
    s2 = step(s2, r2, c);
    s3 = step(s3, r3, c);
    s4 = step(s4, r4, c);
    s5 = step(s5, r5, c);
    s6 = step(s6, r6, c);
    s7 = step(s7, r7, c);
    c = f64x2.splat(1.0 / 120.0);
    s0 = step(s0, r0, c);
    s1 = step(s1, r1, c);
    s2 = step(s2, r2, c);
    s3 = step(s3, r3, c);
    s4 = step(s4, r4, c);
    s5 = step(s5, r5, c);
    s6 = step(s6, r6, c);
    s7 = step(s7, r7, c);
    c = f64x2.splat(1.0 / 24.0);
    s0 = step(s0, r0, c);
    s1 = step(s1, r1, c);
    s2 = step(s2, r2, c);
    s3 = step(s3, r3, c);
    s4 = step(s4, r4, c);
    s5 = step(s5, r5, c);
    s6 = step(s6, r6, c);
    s7 = step(s7, r7, c);
    c = f64x2.splat(1.0 / 6.0);
    s0 = step(s0, r0, c);
    s1 = step(s1, r1, c);
    s2 = step(s2, r2, c);
    s3 = step(s3, r3, c);
    s4 = step(s4, r4, c);
    s5 = step(s5, r5, c);
    s6 = step(s6, r6, c);
    s7 = step(s7, r7, c);
    c = f64x2.splat(0.5);
    s0 = step(s0, r0, c);
    s1 = step(s1, r1, c);
    s2 = step(s2, r2, c);
    s3 = step(s3, r3, c);
    s4 = step(s4, r4, c);
    s5 = step(s5, r5, c);
    s6 = step(s6, r6, c);
    s7 = step(s7, r7, c);
    c = f64x2.splat(1);
    s0 = step(s0, r0, c);
    s1 = step(s1, r1, c);
    s2 = step(s2, r2, c);
    s3 = step(s3, r3, c);
    s4 = step(s4, r4, c);
    s5 = step(s5, r5, c);
    s6 = step(s6, r6, c);
    s7 = step(s7, r7, c);
    c = f64x2.splat(1);
    s0 = step(s0, r0, c);
    s1 = step(s1, r1, c);
    s2 = step(s2, r2, c);
    s3 = step(s3, r3, c);
    s4 = step(s4, r4, c);
    s5 = step(s5, r5, c);
    s6 = step(s6, r6, c);
    s7 = step(s7, r7, c);
    v128.store(at, timesPower(s0, k0, x0));
    v128.store(at, timesPower(s1, k1, x1), 16);
    v128.store(at, timesPower(s2, k2, x2), 32);
    v128.store(at, timesPower(s3, k3, x3), 48);
    v128.store(at, timesPower(s4, k4, x4), 64);
    v128.store(at, timesPower(s5, k5, x5), 80);
    v128.store(at, timesPower(s6, k6, x6), 96);
    v128.store(at, timesPower(s7, k7, x7), 112);
  }
}

/** k of x = k ln 2 + r. */
// @ts-ignore: decorator
@inline
function wholePower(x: v128): v128 {
  return f64x2.floor(f64x2.add(f64x2.mul(x, f64x2.splat(1.4426950408889634)), f64x2.splat(0.5)));
}

// @ts-ignore: decorator
@inline
function remainder(x: v128, k: v128): v128 {
  const r = f64x2.sub(x, f64x2.mul(k, f64x2.splat(0.6931471803691238)));
  return f64x2.sub(r, f64x2.mul(k, f64x2.splat(1.9082149292705877e-10)));
}

/** sum 2^k, with the special cases outside -708 .. 709. */
// @ts-ignore: decorator
@inline
function timesPower(sum: v128, k: v128, x: v128): v128 {
  const power = i64x2.shl(f64x2.add(k, f64x2.splat(BIAS)), 52);
  const kept = v128.andnot(f64x2.mul(sum, power), f64x2.lt(x, f64x2.splat(-708)));
  return v128.bitselect(f64x2.splat(Infinity), kept, f64x2.gt(x, f64x2.splat(709)));
}

/** Coefficients of the logarithm's series after the first, 1 / 23. */
const LOGARITHM = memory.data<f64>([
  1.0 / 21.0,
  1.0 / 19.0,
  1.0 / 17.0,
  1.0 / 15.0,
  1.0 / 13.0,
  1.0 / 11.0,
  1.0 / 9.0,
  1.0 / 7.0,
  1.0 / 5.0,
  1.0 / 3.0,
  1,
]);

/** x [count] = ln x of positive normal numbers, in place. `count` is rounded up to a multiple of 16. */
export function naturalLogs(x: usize, count: i32): void {
  const end = x + ((<usize>count) << 3);
  for (let at = x; at < end; at += 128) {
    const s0 = ratioAround1(v128.load(at));
    const s1 = ratioAround1(v128.load(at, 16));
    const s2 = ratioAround1(v128.load(at, 32));
    const s3 = ratioAround1(v128.load(at, 48));
    const s4 = ratioAround1(v128.load(at, 64));
    const s5 = ratioAround1(v128.load(at, 80));
    const s6 = ratioAround1(v128.load(at, 96));
    const s7 = ratioAround1(v128.load(at, 112));
    const z0 = f64x2.mul(s0, s0);
    const z1 = f64x2.mul(s1, s1);
    const z2 = f64x2.mul(s2, s2);
    const z3 = f64x2.mul(s3, s3);
    const z4 = f64x2.mul(s4, s4);
    const z5 = f64x2.mul(s5, s5);
    const z6 = f64x2.mul(s6, s6);
    const z7 = f64x2.mul(s7, s7);
    let t0 = f64x2.splat(1.0 / 23.0);
    let t1 = t0;
    let t2 = t0;
    let t3 = t0;
    let t4 = t0;
    let t5 = t0;
    let t6 = t0;
    let t7 = t0;
    for (let place = LOGARITHM, last = place + 88; place < last; place += 8) {
      const c = v128.load64_splat(place);
      t0 = step(t0, z0, c);
      t1 = step(t1, z1, c);
      t2 = step(t2, z2, c);
      t3 = step(t3, z3, c);
      t4 = step(t4, z4, c);
      t5 = step(t5, z5, c);
      t6 = step(t6, z6, c);
      t7 = step(t7, z7, c);
    }
    v128.store(at, sumOfLogs(v128.load(at), s0, t0));
    v128.store(at, sumOfLogs(v128.load(at, 16), s1, t1), 16);
    v128.store(at, sumOfLogs(v128.load(at, 32), s2, t2), 32);
    v128.store(at, sumOfLogs(v128.load(at, 48), s3, t3), 48);
    v128.store(at, sumOfLogs(v128.load(at, 64), s4, t4), 64);
    v128.store(at, sumOfLogs(v128.load(at, 80), s5, t5), 80);
    v128.store(at, sumOfLogs(v128.load(at, 96), s6, t6), 96);
    v128.store(at, sumOfLogs(v128.load(at, 112), s7, t7), 112);
  }
}

/** The fraction of x, 1 .. 2. */
// @ts-ignore: decorator
@inline
function fraction(x: v128): v128 {
  return v128.or(v128.and(x, i64x2.splat(0x000fffffffffffff)), f64x2.splat(1));
}

/** (m - 1) / (m + 1), where m is the fraction of x, halved above sqrt(2). */
// @ts-ignore: decorator
@inline
function ratioAround1(x: v128): v128 {
  const one = f64x2.splat(1);
  const full = fraction(x);
  const m = v128.bitselect(f64x2.mul(full, f64x2.splat(0.5)), full, f64x2.gt(full, f64x2.splat(1.4142135623730951)));
  return f64x2.div(f64x2.sub(m, one), f64x2.add(m, one));
}

/** exponent ln 2 + 2 s sum. */
// @ts-ignore: decorator
@inline
function sumOfLogs(x: v128, s: v128, sum: v128): v128 {
  const biased = v128.or(i64x2.shr_u(x, 52), i64x2.splat(0x4330000000000000));
  const halved = v128.and(f64x2.gt(fraction(x), f64x2.splat(1.4142135623730951)), f64x2.splat(1));
  const exponent = f64x2.add(f64x2.sub(biased, f64x2.splat(BIAS)), halved);
  return f64x2.add(f64x2.mul(exponent, f64x2.splat(0.6931471805599453)), f64x2.mul(f64x2.add(s, s), sum));
}

/**
 * x [count] becomes min(high, max(low, x)), in place; NaN stays, and no bound is -0. `count` is rounded up to a multiple of 2.
 * `pmax` and `pmin` are one instruction each, `max` and `min` are several; they keep -0 when compared with +0, so +0 is added.
 */
export function clamp(x: usize, count: i32, low: f64, high: f64): void {
  const end = x + ((<usize>count) << 3);
  const least = f64x2.splat(low);
  const most = f64x2.splat(high);
  const zero = f64x2.splat(0);
  for (let at = x; at < end; at += 16) {
    v128.store(at, f64x2.add(f64x2.pmin(f64x2.pmax(v128.load(at), least), most), zero));
  }
}
