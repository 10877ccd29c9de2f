/**
 * Levels of the Bernoulli encoders. A count fires when draw I_max < gain count 2^bits, that is, when
 *
 *   count > level,   level = floor(draw I_max / 2^bits) >> log2 gain.
 *
 * The level does not depend on the count, so that sixteen counts, as bytes, are compared at once. I_max is at most 256.
 */

/** Sixteen levels at a time from 32-bit words, to each of which `shift` is added modulo 2^32; `count` is rounded up to 16. */
export function wordLevels(words: usize, shift: u32, count: i32, normaliser: i32, gainShift: i32, levels: usize): void {
  const offset = i32x4.splat(shift);
  const end = levels + <usize>count;
  if (normaliser > 1 && (normaliser & (normaliser - 1)) == 0) {
    const right = 32 - ctz(normaliser);
    for (; levels < end; levels += 16, words += 64) {
      const a = i32x4.shr_u(i32x4.shr_u(i32x4.add(v128.load(words), offset), right), gainShift);
      const b = i32x4.shr_u(i32x4.shr_u(i32x4.add(v128.load(words, 16), offset), right), gainShift);
      const c = i32x4.shr_u(i32x4.shr_u(i32x4.add(v128.load(words, 32), offset), right), gainShift);
      const d = i32x4.shr_u(i32x4.shr_u(i32x4.add(v128.load(words, 48), offset), right), gainShift);
      store16(levels, a, b, c, d);
    }
    return;
  }
  const factor = i32x4.splat(normaliser);
  const right = 16 + gainShift;
  for (; levels < end; levels += 16, words += 64) {
    const a = i32x4.shr_u(highProduct(i32x4.add(v128.load(words), offset), factor), right);
    const b = i32x4.shr_u(highProduct(i32x4.add(v128.load(words, 16), offset), factor), right);
    const c = i32x4.shr_u(highProduct(i32x4.add(v128.load(words, 32), offset), factor), right);
    const d = i32x4.shr_u(highProduct(i32x4.add(v128.load(words, 48), offset), factor), right);
    store16(levels, a, b, c, d);
  }
}

/** floor(draw factor / 2^16), from two products that fit in 32 bits. */
// @ts-ignore: decorator
@inline
function highProduct(draw: v128, factor: v128): v128 {
  const low = i32x4.mul(v128.and(draw, i32x4.splat(0xffff)), factor);
  return i32x4.add(i32x4.mul(i32x4.shr_u(draw, 16), factor), i32x4.shr_u(low, 16));
}

// @ts-ignore: decorator
@inline
function store16(levels: usize, a: v128, b: v128, c: v128, d: v128): void {
  v128.store(levels, i8x16.narrow_i16x8_u(i16x8.narrow_i32x4_u(a, b), i16x8.narrow_i32x4_u(c, d)));
}

/** The same from bytes: a draw is (byte + shift) XOR flip. */
export function byteLevels(bytes: usize, shift: u32, flip: u32, count: i32, normaliser: i32, gainShift: i32, levels: usize): void {
  const offset = i8x16.splat(<i8>shift);
  const other = i8x16.splat(<i8>flip);
  const end = levels + <usize>count;
  if ((normaliser & (normaliser - 1)) == 0) {
    // Bits that move over from a neighbouring byte are masked off.
    const right = 8 - ctz(normaliser) + gainShift;
    const kept = i8x16.splat(<i8>(255 >> right));
    for (; levels < end; levels += 16, bytes += 16) {
      const draw = v128.xor(i8x16.add(v128.load(bytes), offset), other);
      v128.store(levels, v128.and(i16x8.shr_u(draw, right), kept));
    }
    return;
  }
  const factor = i16x8.splat(<i16>normaliser);
  for (; levels < end; levels += 16, bytes += 16) {
    const draw = v128.xor(i8x16.add(v128.load(bytes), offset), other);
    const low = i16x8.shr_u(i16x8.mul(i16x8.extend_low_i8x16_u(draw), factor), 8);
    const high = i16x8.shr_u(i16x8.mul(i16x8.extend_high_i8x16_u(draw), factor), 8);
    v128.store(levels, i8x16.narrow_i16x8_u(i16x8.shr_u(low, gainShift), i16x8.shr_u(high, gainShift)));
  }
}
