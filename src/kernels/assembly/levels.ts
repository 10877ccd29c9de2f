/**
 * Levels of the Bernoulli encoders. A count fires when draw I_max < gain count 2^bits, that is, when
 *
 *   count > level,   level = floor(draw I_max / 2^bits) >> log2 gain.
 *
 * The level does not depend on the count, so sixteen counts, as bytes, are compared at once. I_max is at most 256. If it is a
 * power of two, the top byte of a 32-bit word gives the word's level. Counts of draws are rounded up to 16.
 */

// @ts-ignore: decorator
@inline
export function isPowerOfTwo(value: i32): bool {
  return (value & (value - 1)) == 0;
}

/** Keeps the top bytes of `count` words, at the start of their row. */
export function keepTopBytes(words: usize, count: i32): void {
  for (let bytes = words, end = words + <usize>count; bytes < end; bytes += 16, words += 64) {
    const a = i32x4.shr_u(v128.load(words), 24);
    const b = i32x4.shr_u(v128.load(words, 16), 24);
    const c = i32x4.shr_u(v128.load(words, 32), 24);
    const d = i32x4.shr_u(v128.load(words, 48), 24);
    v128.store(bytes, narrow(a, b, c, d));
  }
}

/** Levels from words, after adding `shift` to each modulo 2^32. */
export function wordLevels(words: usize, shift: u32, count: i32, normaliser: i32, gainShift: i32, levels: usize): void {
  const offset = i32x4.splat(shift);
  const factor = i32x4.splat(normaliser);
  const kept = i8x16.splat(<i8>(255 >> gainShift));
  for (const end = levels + <usize>count; levels < end; levels += 16, words += 64) {
    const a = highProduct(i32x4.add(v128.load(words), offset), factor);
    const b = highProduct(i32x4.add(v128.load(words, 16), offset), factor);
    const c = highProduct(i32x4.add(v128.load(words, 32), offset), factor);
    const d = highProduct(i32x4.add(v128.load(words, 48), offset), factor);
    v128.store(levels, shiftBytes(narrow(a, b, c, d), gainShift, kept));
  }
}

/** Levels from bytes: a draw is (byte + shift) XOR flip. */
export function byteLevels(
  bytes: usize,
  shift: u32,
  flip: u32,
  count: i32,
  normaliser: i32,
  gainShift: i32,
  levels: usize,
): void {
  const offset = i8x16.splat(<i8>shift);
  const other = i8x16.splat(<i8>flip);
  const end = levels + <usize>count;
  if (isPowerOfTwo(normaliser)) {
    const right = 8 - ctz(normaliser) + gainShift;
    const kept = i8x16.splat(<i8>(255 >> right));
    for (; levels < end; levels += 16, bytes += 16) {
      const draw = v128.xor(i8x16.add(v128.load(bytes), offset), other);
      v128.store(levels, shiftBytes(draw, right, kept));
    }
    return;
  }
  const factor = i16x8.splat(<i16>normaliser);
  const kept = i8x16.splat(<i8>(255 >> gainShift));
  for (; levels < end; levels += 16, bytes += 16) {
    const draw = v128.xor(i8x16.add(v128.load(bytes), offset), other);
    const low = i16x8.shr_u(i16x8.mul(i16x8.extend_low_i8x16_u(draw), factor), 8);
    const high = i16x8.shr_u(i16x8.mul(i16x8.extend_high_i8x16_u(draw), factor), 8);
    v128.store(levels, shiftBytes(i8x16.narrow_i16x8_u(low, high), gainShift, kept));
  }
}

/** floor(draw factor / 2^32), from two products that fit in 32 bits. */
// @ts-ignore: decorator
@inline
function highProduct(draw: v128, factor: v128): v128 {
  const low = i32x4.mul(v128.and(draw, i32x4.splat(0xffff)), factor);
  return i32x4.shr_u(i32x4.add(i32x4.mul(i32x4.shr_u(draw, 16), factor), i32x4.shr_u(low, 16)), 16);
}

/** Bytes shifted right in pairs; `kept` masks off the bits that come from the neighbouring byte. */
// @ts-ignore: decorator
@inline
function shiftBytes(bytes: v128, right: i32, kept: v128): v128 {
  return v128.and(i16x8.shr_u(bytes, right), kept);
}

// @ts-ignore: decorator
@inline
function narrow(a: v128, b: v128, c: v128, d: v128): v128 {
  return i8x16.narrow_i16x8_u(i16x8.narrow_i32x4_u(a, b), i16x8.narrow_i32x4_u(c, d));
}
