/**
 * Words of a counter-based random stream, Threefry-2x32-20. Twin: `threefry2x32` in `numeric/stream.ts`.
 *
 * A block is a pair (x0, x1) of words; four of them share the lanes of two registers. Every round waits for the previous one, so a
 * single chain leaves a core idle half of the time: four chains run in parallel, 32 words, and a single one draws the remainder.
 * On a Zen 5 core, in nanoseconds per word: 2.0 with one chain, 1.55 with two, 1.35 with three, 1.18 with four. The loop over
 * groups is not unrolled: V8 13 of Node 24 would keep the keys of all five groups in registers, spill the chains, and take 1.75.
 */

// @ts-ignore: decorator
@inline
function turn(x1: v128, x0: v128, left: i32): v128 {
  return v128.xor(v128.or(i32x4.shl(x1, left), i32x4.shr_u(x1, 32 - left)), x0);
}

/** x0 and x1 of the first two blocks, interleaved. */
// @ts-ignore: decorator
@inline
function lower(x0: v128, x1: v128): v128 {
  return i8x16.shuffle(x0, x1, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23);
}

/** x0 and x1 of the last two blocks, interleaved. */
// @ts-ignore: decorator
@inline
function upper(x0: v128, x1: v128): v128 {
  return i8x16.shuffle(x0, x1, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31);
}

/**
 * Writes words 2 p .. 2 p + count - 1 of the block row (p.., high) of the keyed Threefry-2x32-20 stream to `out`; `count` is
 * rounded up to a multiple of 8. Five groups of four rounds, with rotations 13 15 26 6 and 17 29 16 24 alternating, and a key
 * injection after each: after group g, the next two of the three key words are added, and g to the second.
 */
export function drawWords(key0: u32, key1: u32, p: u32, high: u32, count: i32, out: usize): void {
  const k0 = i32x4.splat(key0);
  const k1 = i32x4.splat(key1);
  const k2 = i32x4.splat(key0 ^ key1 ^ 0x1bd11bda);
  const high1 = i32x4.splat(high + key1);
  let low = i32x4.add(i32x4.splat(p + key0), i32x4(0, 1, 2, 3));
  for (; count > 24; count -= 32) {
    let a0 = low;
    let b0 = i32x4.add(low, i32x4.splat(4));
    let c0 = i32x4.add(low, i32x4.splat(8));
    let d0 = i32x4.add(low, i32x4.splat(12));
    let a1 = high1;
    let b1 = high1;
    let c1 = high1;
    let d1 = high1;
    let first = k1;
    let second = k2;
    let third = k0;
    for (let group = 1; ; group += 2) {
      a0 = i32x4.add(a0, a1);
      b0 = i32x4.add(b0, b1);
      c0 = i32x4.add(c0, c1);
      d0 = i32x4.add(d0, d1);
      a1 = turn(a1, a0, 13);
      b1 = turn(b1, b0, 13);
      c1 = turn(c1, c0, 13);
      d1 = turn(d1, d0, 13);
      a0 = i32x4.add(a0, a1);
      b0 = i32x4.add(b0, b1);
      c0 = i32x4.add(c0, c1);
      d0 = i32x4.add(d0, d1);
      a1 = turn(a1, a0, 15);
      b1 = turn(b1, b0, 15);
      c1 = turn(c1, c0, 15);
      d1 = turn(d1, d0, 15);
      a0 = i32x4.add(a0, a1);
      b0 = i32x4.add(b0, b1);
      c0 = i32x4.add(c0, c1);
      d0 = i32x4.add(d0, d1);
      a1 = turn(a1, a0, 26);
      b1 = turn(b1, b0, 26);
      c1 = turn(c1, c0, 26);
      d1 = turn(d1, d0, 26);
      a0 = i32x4.add(a0, a1);
      b0 = i32x4.add(b0, b1);
      c0 = i32x4.add(c0, c1);
      d0 = i32x4.add(d0, d1);
      a1 = turn(a1, a0, 6);
      b1 = turn(b1, b0, 6);
      c1 = turn(c1, c0, 6);
      d1 = turn(d1, d0, 6);
      const odd = i32x4.add(second, i32x4.splat(group));
      a0 = i32x4.add(a0, first);
      b0 = i32x4.add(b0, first);
      c0 = i32x4.add(c0, first);
      d0 = i32x4.add(d0, first);
      a1 = i32x4.add(a1, odd);
      b1 = i32x4.add(b1, odd);
      c1 = i32x4.add(c1, odd);
      d1 = i32x4.add(d1, odd);
      if (group == 5) break;
      a0 = i32x4.add(a0, a1);
      b0 = i32x4.add(b0, b1);
      c0 = i32x4.add(c0, c1);
      d0 = i32x4.add(d0, d1);
      a1 = turn(a1, a0, 17);
      b1 = turn(b1, b0, 17);
      c1 = turn(c1, c0, 17);
      d1 = turn(d1, d0, 17);
      a0 = i32x4.add(a0, a1);
      b0 = i32x4.add(b0, b1);
      c0 = i32x4.add(c0, c1);
      d0 = i32x4.add(d0, d1);
      a1 = turn(a1, a0, 29);
      b1 = turn(b1, b0, 29);
      c1 = turn(c1, c0, 29);
      d1 = turn(d1, d0, 29);
      a0 = i32x4.add(a0, a1);
      b0 = i32x4.add(b0, b1);
      c0 = i32x4.add(c0, c1);
      d0 = i32x4.add(d0, d1);
      a1 = turn(a1, a0, 16);
      b1 = turn(b1, b0, 16);
      c1 = turn(c1, c0, 16);
      d1 = turn(d1, d0, 16);
      a0 = i32x4.add(a0, a1);
      b0 = i32x4.add(b0, b1);
      c0 = i32x4.add(c0, c1);
      d0 = i32x4.add(d0, d1);
      a1 = turn(a1, a0, 24);
      b1 = turn(b1, b0, 24);
      c1 = turn(c1, c0, 24);
      d1 = turn(d1, d0, 24);
      const even = i32x4.add(third, i32x4.splat(group + 1));
      a0 = i32x4.add(a0, second);
      b0 = i32x4.add(b0, second);
      c0 = i32x4.add(c0, second);
      d0 = i32x4.add(d0, second);
      a1 = i32x4.add(a1, even);
      b1 = i32x4.add(b1, even);
      c1 = i32x4.add(c1, even);
      d1 = i32x4.add(d1, even);
      const used = first;
      first = third;
      third = second;
      second = used;
    }
    v128.store(out, lower(a0, a1));
    v128.store(out, upper(a0, a1), 16);
    v128.store(out, lower(b0, b1), 32);
    v128.store(out, upper(b0, b1), 48);
    v128.store(out, lower(c0, c1), 64);
    v128.store(out, upper(c0, c1), 80);
    v128.store(out, lower(d0, d1), 96);
    v128.store(out, upper(d0, d1), 112);
    out += 128;
    low = i32x4.add(low, i32x4.splat(16));
  }
  for (; count > 0; count -= 8) {
    let a0 = low;
    let a1 = high1;
    let first = k1;
    let second = k2;
    let third = k0;
    for (let group = 1; ; group += 2) {
      a0 = i32x4.add(a0, a1);
      a1 = turn(a1, a0, 13);
      a0 = i32x4.add(a0, a1);
      a1 = turn(a1, a0, 15);
      a0 = i32x4.add(a0, a1);
      a1 = turn(a1, a0, 26);
      a0 = i32x4.add(a0, a1);
      a1 = turn(a1, a0, 6);
      const odd = i32x4.add(second, i32x4.splat(group));
      a0 = i32x4.add(a0, first);
      a1 = i32x4.add(a1, odd);
      if (group == 5) break;
      a0 = i32x4.add(a0, a1);
      a1 = turn(a1, a0, 17);
      a0 = i32x4.add(a0, a1);
      a1 = turn(a1, a0, 29);
      a0 = i32x4.add(a0, a1);
      a1 = turn(a1, a0, 16);
      a0 = i32x4.add(a0, a1);
      a1 = turn(a1, a0, 24);
      const even = i32x4.add(third, i32x4.splat(group + 1));
      a0 = i32x4.add(a0, second);
      a1 = i32x4.add(a1, even);
      const used = first;
      first = third;
      third = second;
      second = used;
    }
    v128.store(out, lower(a0, a1));
    v128.store(out, upper(a0, a1), 16);
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
