/**
 * Standard normals by inversion, one word each. Twin: `normal` of a stream in `numeric/stream.ts`, i.e. Wichura's Algorithm AS
 * 241 (PPND16) at p = (word + 1/2) / 2^32: the same IEEE operations in the same order, so the same bits.
 *
 * A first pass computes the quantile for |p - 1/2| <= 0.425 for all words and lists the others, 15 in 100, for a second pass. p
 * is at least 2^-33, so sqrt(-ln p) stays below 4.79, and the branch of AS 241 above 5 is not needed.
 */
import { naturalLogs, step } from "./elementary";
import { drawWords } from "./threefry";

/**
 * out [count] = the normals of words 2 p + skip .. of the block row (p.., high) of a keyed stream; skip is 0 or 1, and `count` is
 * rounded up to a multiple of 8. Scratch: 4 count + 64 words.
 */
export function drawNormals(
  key0: u32,
  key1: u32,
  p: u32,
  high: u32,
  skip: i32,
  count: i32,
  out: usize,
  scratch: usize,
): void {
  drawWords(key0, key1, p, high, count + 1, scratch);
  normalsOfWords(scratch + ((<usize>skip) << 2), count, out, scratch + ((<usize>(count + 16)) << 2));
}

/** out [count] = the normals of `words`; `count` is rounded up to a multiple of 8. Scratch: 3 count + 48 words. */
export function normalsOfWords(words: usize, count: i32, out: usize, scratch: usize): void {
  const places = scratch;
  const values = places + ((<usize>(count + 16)) << 2);
  const tails = centralQuantiles(words, count, out, places);
  for (let t = 0; t < tails; t++) {
    const word = load<i32>(words + ((<usize>load<i32>(places + ((<usize>t) << 2))) << 2));
    // Words in the upper half are mirrored, which turns p into 1 - p.
    const nearer = <u32>(word ^ (word >> 31));
    store<f64>(values + ((<usize>t) << 3), (<f64>nearer + 0.5) * WORD);
  }
  naturalLogs(values, tails);
  tailQuantiles(values, tails);
  for (let t = 0; t < tails; t++) {
    const place = <usize>load<i32>(places + ((<usize>t) << 2));
    const value = load<i64>(values + ((<usize>t) << 3));
    const lower = <i64>~load<i32>(words + (place << 2)) & SIGN;
    store<i64>(out + (place << 3), value ^ lower);
  }
}

/** The sign bit of a double; also set in a word, sign-extended and inverted, that is below a half. */
// @ts-ignore: decorator
@inline
const SIGN: i64 = 1 << 63;

/** 2^-32. */
// @ts-ignore: decorator
@inline
const WORD: f64 = 2.3283064365386963e-10;

/**
 * out [count] = q A(r) / B(r) with q = p - 1/2, r = 0.425^2 - q^2. Writes the indices of larger |q| to `places` and returns their
 * number.
 */
function centralQuantiles(words: usize, count: i32, out: usize, places: usize): i32 {
  let tails = 0;
  for (let i = 0; i < count; i += 8) {
    const word = words + ((<usize>i) << 2);
    const at = out + ((<usize>i) << 3);
    const q0 = fromHalf(v128.load64_zero(word));
    const q1 = fromHalf(v128.load64_zero(word, 8));
    const q2 = fromHalf(v128.load64_zero(word, 16));
    const q3 = fromHalf(v128.load64_zero(word, 24));
    const r0 = f64x2.sub(f64x2.splat(0.180625), f64x2.mul(q0, q0));
    const r1 = f64x2.sub(f64x2.splat(0.180625), f64x2.mul(q1, q1));
    const r2 = f64x2.sub(f64x2.splat(0.180625), f64x2.mul(q2, q2));
    const r3 = f64x2.sub(f64x2.splat(0.180625), f64x2.mul(q3, q3));
    v128.store(at, centralQuantile(q0, r0));
    v128.store(at, centralQuantile(q1, r1), 16);
    v128.store(at, centralQuantile(q2, r2), 32);
    v128.store(at, centralQuantile(q3, r3), 48);
    tails = listBeyond(q0, i, places, tails);
    tails = listBeyond(q1, i + 2, places, tails);
    tails = listBeyond(q2, i + 4, places, tails);
    tails = listBeyond(q3, i + 6, places, tails);
  }
  // Some of the last indices may be past the end.
  while (tails > 0 && load<i32>(places + ((<usize>(tails - 1)) << 2)) >= count) tails--;
  return tails;
}

/** q A(r) / B(r). */
// @ts-ignore: decorator
@inline
function centralQuantile(q: v128, r: v128): v128 {
  let a = f64x2.splat(2509.0809287301226727);
  a = step(a, r, f64x2.splat(33430.575583588128105));
  a = step(a, r, f64x2.splat(67265.770927008700853));
  a = step(a, r, f64x2.splat(45921.953931549871457));
  a = step(a, r, f64x2.splat(13731.693765509461125));
  a = step(a, r, f64x2.splat(1971.5909503065514427));
  a = step(a, r, f64x2.splat(133.14166789178437745));
  a = step(a, r, f64x2.splat(3.387132872796366608));
  let b = f64x2.splat(5226.495278852854561);
  b = step(b, r, f64x2.splat(28729.085735721942674));
  b = step(b, r, f64x2.splat(39307.89580009271061));
  b = step(b, r, f64x2.splat(21213.794301586595867));
  b = step(b, r, f64x2.splat(5394.1960214247511077));
  b = step(b, r, f64x2.splat(687.1870074920579083));
  b = step(b, r, f64x2.splat(42.313330701600911252));
  b = step(b, r, f64x2.splat(1));
  return f64x2.div(f64x2.mul(q, a), b);
}

/** p - 1/2 of the first two words. Every step is exact. */
// @ts-ignore: decorator
@inline
function fromHalf(words: v128): v128 {
  const share = f64x2.mul(f64x2.add(f64x2.convert_low_i32x4_u(words), f64x2.splat(0.5)), f64x2.splat(WORD));
  return f64x2.sub(share, f64x2.splat(0.5));
}

/** Adds indices `i` and `i + 1` to the list if |q| > 0.425, without an unpredictable branch. */
// @ts-ignore: decorator
@inline
function listBeyond(q: v128, i: i32, places: usize, listed: i32): i32 {
  const beyond = i64x2.bitmask(f64x2.gt(f64x2.abs(q), f64x2.splat(0.425)));
  store<i32>(places + ((<usize>listed) << 2), i);
  const next = listed + (beyond & 1);
  store<i32>(places + ((<usize>next) << 2), i + 1);
  return next + (beyond >> 1);
}

/** values [count]: from ln p of the nearer tail to the absolute quantile C(r) / D(r), r = sqrt(-ln p) - 1.6. */
function tailQuantiles(values: usize, count: i32): void {
  for (let i = 0; i < count; i += 8) {
    const at = values + ((<usize>i) << 3);
    const r0 = f64x2.sub(f64x2.sqrt(f64x2.neg(v128.load(at))), f64x2.splat(1.6));
    const r1 = f64x2.sub(f64x2.sqrt(f64x2.neg(v128.load(at, 16))), f64x2.splat(1.6));
    const r2 = f64x2.sub(f64x2.sqrt(f64x2.neg(v128.load(at, 32))), f64x2.splat(1.6));
    const r3 = f64x2.sub(f64x2.sqrt(f64x2.neg(v128.load(at, 48))), f64x2.splat(1.6));
    v128.store(at, tailQuantile(r0));
    v128.store(at, tailQuantile(r1), 16);
    v128.store(at, tailQuantile(r2), 32);
    v128.store(at, tailQuantile(r3), 48);
  }
}

/** C(r) / D(r). */
// @ts-ignore: decorator
@inline
function tailQuantile(r: v128): v128 {
  let a = f64x2.splat(7.7454501427834140764e-4);
  a = step(a, r, f64x2.splat(0.0227238449892691845833));
  a = step(a, r, f64x2.splat(0.24178072517745061177));
  a = step(a, r, f64x2.splat(1.27045825245236838258));
  a = step(a, r, f64x2.splat(3.64784832476320460504));
  a = step(a, r, f64x2.splat(5.7694972214606914055));
  a = step(a, r, f64x2.splat(4.6303378461565452959));
  a = step(a, r, f64x2.splat(1.42343711074968357734));
  let b = f64x2.splat(1.05075007164441684324e-9);
  b = step(b, r, f64x2.splat(5.475938084995344946e-4));
  b = step(b, r, f64x2.splat(0.0151986665636164571966));
  b = step(b, r, f64x2.splat(0.14810397642748007459));
  b = step(b, r, f64x2.splat(0.68976733498510000455));
  b = step(b, r, f64x2.splat(1.6763848301838038494));
  b = step(b, r, f64x2.splat(2.05319162663775882187));
  b = step(b, r, f64x2.splat(1));
  return f64x2.div(a, b);
}
