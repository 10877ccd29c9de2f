/** Words of a counter-based random stream, eight at a time. Twin: `threefry2x32` in `numeric/stream.ts`. */

// @ts-ignore: decorator
@inline
function rotate(x: v128, left: i32): v128 {
  return v128.or(i32x4.shl(x, left), i32x4.shr_u(x, 32 - left));
}

/**
 * Writes words 2 p .. 2 p + count - 1 of the block row (p.., high) of the keyed Threefry-2x32-20 stream to `out`; `count`
 * is rounded up to a multiple of 8. Twenty rounds in a row: rotations 13 15 26 6, 17 29 16 24, a key injection after every four.
 */
export function drawWords(key0: u32, key1: u32, p: u32, high: u32, count: i32, out: usize): void {
  const parity = key0 ^ key1 ^ 0x1bd11bda;
  const k0 = i32x4.splat(key0);
  const k1 = i32x4.splat(key1);
  const k2 = i32x4.splat(parity);
  const s1 = i32x4.splat(parity + 1);
  const s2 = i32x4.splat(key0 + 2);
  const s3 = i32x4.splat(key1 + 3);
  const s4 = i32x4.splat(parity + 4);
  const s5 = i32x4.splat(key0 + 5);
  let low = i32x4.add(i32x4.splat(p), i32x4(0, 1, 2, 3));
  for (let i = 0; i < count; i += 8) {
    let x0 = i32x4.add(low, k0);
    let x1 = i32x4.splat(high + key1);
    x0 = i32x4.add(x0, x1);
    x1 = v128.xor(rotate(x1, 13), x0);
    x0 = i32x4.add(x0, x1);
    x1 = v128.xor(rotate(x1, 15), x0);
    x0 = i32x4.add(x0, x1);
    x1 = v128.xor(rotate(x1, 26), x0);
    x0 = i32x4.add(x0, x1);
    x1 = v128.xor(rotate(x1, 6), x0);
    x0 = i32x4.add(x0, k1);
    x1 = i32x4.add(x1, s1);
    x0 = i32x4.add(x0, x1);
    x1 = v128.xor(rotate(x1, 17), x0);
    x0 = i32x4.add(x0, x1);
    x1 = v128.xor(rotate(x1, 29), x0);
    x0 = i32x4.add(x0, x1);
    x1 = v128.xor(rotate(x1, 16), x0);
    x0 = i32x4.add(x0, x1);
    x1 = v128.xor(rotate(x1, 24), x0);
    x0 = i32x4.add(x0, k2);
    x1 = i32x4.add(x1, s2);
    x0 = i32x4.add(x0, x1);
    x1 = v128.xor(rotate(x1, 13), x0);
    x0 = i32x4.add(x0, x1);
    x1 = v128.xor(rotate(x1, 15), x0);
    x0 = i32x4.add(x0, x1);
    x1 = v128.xor(rotate(x1, 26), x0);
    x0 = i32x4.add(x0, x1);
    x1 = v128.xor(rotate(x1, 6), x0);
    x0 = i32x4.add(x0, k0);
    x1 = i32x4.add(x1, s3);
    x0 = i32x4.add(x0, x1);
    x1 = v128.xor(rotate(x1, 17), x0);
    x0 = i32x4.add(x0, x1);
    x1 = v128.xor(rotate(x1, 29), x0);
    x0 = i32x4.add(x0, x1);
    x1 = v128.xor(rotate(x1, 16), x0);
    x0 = i32x4.add(x0, x1);
    x1 = v128.xor(rotate(x1, 24), x0);
    x0 = i32x4.add(x0, k1);
    x1 = i32x4.add(x1, s4);
    x0 = i32x4.add(x0, x1);
    x1 = v128.xor(rotate(x1, 13), x0);
    x0 = i32x4.add(x0, x1);
    x1 = v128.xor(rotate(x1, 15), x0);
    x0 = i32x4.add(x0, x1);
    x1 = v128.xor(rotate(x1, 26), x0);
    x0 = i32x4.add(x0, x1);
    x1 = v128.xor(rotate(x1, 6), x0);
    x0 = i32x4.add(x0, k2);
    x1 = i32x4.add(x1, s5);
    v128.store(out, i8x16.shuffle(x0, x1, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23));
    v128.store(out, i8x16.shuffle(x0, x1, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31), 16);
    out += 32;
    low = i32x4.add(low, i32x4.splat(4));
  }
}

/** 2^32 times the base-2 radical inverse of t: its 32 bits reversed. */
export function radicalInverse(t: u32): u32 {
  t = ((t >> 1) & 0x55555555) | ((t & 0x55555555) << 1);
  t = ((t >> 2) & 0x33333333) | ((t & 0x33333333) << 2);
  t = ((t >> 4) & 0x0f0f0f0f) | ((t & 0x0f0f0f0f) << 4);
  return bswap(t);
}
