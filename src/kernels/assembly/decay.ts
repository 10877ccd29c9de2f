/**
 * Noise and decay of arrays of doubles. Twin: `noisyDecays` of `scalarMath` in `numeric/array-math.ts`; every lane does the same
 * IEEE operations in the same order, so the bits are the same.
 */
import { exponentials, naturalLogs } from "./elementary";
import { drawNormals } from "./normal";

/**
 * out [count] = min(most, factor / (x / unit)^power) for x [count], none negative. Only x above `bound` are computed, in parallel;
 * up to `bound` the caller knows that the result is `most`. `count` is rounded up to a multiple of 2. Scratch: 3 count + 48 words.
 */
export function inversePowers(
  x: usize,
  count: i32,
  unit: f64,
  power: f64,
  factor: f64,
  most: f64,
  bound: f64,
  out: usize,
  scratch: usize,
): void {
  const values = scratch;
  const places = scratch + ((<usize>(count + 16)) << 3);
  const units = f64x2.splat(unit);
  const bounds = f64x2.splat(bound);
  let listed: usize = 0;
  for (let i = 0; i < count; i += 2) {
    const value = v128.load(x + ((<usize>i) << 3));
    const beyond = i64x2.bitmask(f64x2.gt(value, bounds));
    v128.store(out + ((<usize>i) << 3), f64x2.splat(most));
    // Both are written; entries not above the bound are overwritten.
    const relative = f64x2.div(value, units);
    store<f64>(values + (listed << 3), f64x2.extract_lane(relative, 0));
    store<i32>(places + (listed << 2), i);
    listed += <usize>(beyond & 1);
    store<f64>(values + (listed << 3), f64x2.extract_lane(relative, 1));
    store<i32>(places + (listed << 2), i + 1);
    listed += <usize>(beyond >> 1);
  }
  // The last index may be past the end.
  while (listed > 0 && load<i32>(places + ((listed - 1) << 2)) >= count) listed--;
  naturalLogs(values, <i32>listed);
  exponentials(values, <i32>listed, power);
  for (let t: usize = 0; t < listed; t++) {
    const value = min<f64>(factor / load<f64>(values + (t << 3)), most);
    store<f64>(out + ((<usize>load<i32>(places + (t << 2))) << 3), value);
  }
}

/**
 * x [count] = max(0, x e^(rate exponent) (1 + deviation first second N)), in place, with the normals N of the words that `drawNormals`
 * uses. `exponents` are overwritten, or 0 for no decay. `count` is rounded up to a multiple of 16. Scratch: 6 count + 96 words.
 */
export function noisyDecays(
  x: usize,
  count: i32,
  exponents: usize,
  rate: f64,
  deviations: usize,
  first: f64,
  second: f64,
  key0: u32,
  key1: u32,
  p: u32,
  high: u32,
  skip: i32,
  scratch: usize,
): void {
  const normals = scratch;
  drawNormals(key0, key1, p, high, skip, count, normals, scratch + ((<usize>(count + 16)) << 3));
  if (exponents) exponentials(exponents, count, rate);
  const firsts = f64x2.splat(first);
  const seconds = f64x2.splat(second);
  const one = f64x2.splat(1);
  const zero = f64x2.splat(0);
  const end = x + ((<usize>count) << 3);
  let deviation = deviations;
  let normal = normals;
  let share = exponents;
  for (let at = x; at < end; at += 16, deviation += 16, normal += 16, share += 16) {
    const relative = f64x2.mul(f64x2.mul(firsts, v128.load(deviation)), seconds);
    const noise = f64x2.add(one, f64x2.mul(relative, v128.load(normal)));
    let value = v128.load(at);
    if (exponents) value = f64x2.mul(value, v128.load(share));
    // As in `clamp`: +0 is added because the larger of two zeros may be -0.
    v128.store(at, f64x2.add(f64x2.pmax(f64x2.mul(value, noise), zero), zero));
  }
}
