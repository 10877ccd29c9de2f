/** Words of a counter-based random stream, eight at a time. Twin: `threefry2x32` in `numeric/stream.ts`. */

// @ts-ignore: decorator
@inline
function rotate(x: v128, left: i32): v128 {
  return v128.or(i32x4.shl(x, left), i32x4.shr_u(x, 32 - left));
}

/**
 * Writes words 2 p .. 2 p + count - 1 of the block row (p.., high) of the keyed Threefry-2x32-20 stream to `out`; `count`
 * is rounded up to a multiple of 8.
 */
export function drawWords(key0: u32, key1: u32, p: u32, high: u32, count: i32, out: usize): void {
  const k0 = i32x4.splat(key0);
  const k1 = i32x4.splat(key1);
  const parity = key0 ^ key1 ^ 0x1bd11bda;
  let low = i32x4.add(i32x4.splat(p), i32x4(0, 1, 2, 3));
  for (let i = 0; i < count; i += 8) {
    let x0 = i32x4.add(low, k0);
    let x1 = i32x4.splat(high + key1);
    for (let round = 0; round < 5; round++) {
      const odd = (round & 1) != 0;
      x0 = i32x4.add(x0, x1);
      x1 = v128.xor(odd ? rotate(x1, 17) : rotate(x1, 13), x0);
      x0 = i32x4.add(x0, x1);
      x1 = v128.xor(odd ? rotate(x1, 29) : rotate(x1, 15), x0);
      x0 = i32x4.add(x0, x1);
      x1 = v128.xor(odd ? rotate(x1, 16) : rotate(x1, 26), x0);
      x0 = i32x4.add(x0, x1);
      x1 = v128.xor(odd ? rotate(x1, 24) : rotate(x1, 6), x0);
      const turn = round + 1;
      const a = turn % 3;
      const b = (turn + 1) % 3;
      x0 = i32x4.add(x0, i32x4.splat(a == 0 ? key0 : a == 1 ? key1 : parity));
      x1 = i32x4.add(x1, i32x4.splat((b == 0 ? key0 : b == 1 ? key1 : parity) + turn));
    }
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
