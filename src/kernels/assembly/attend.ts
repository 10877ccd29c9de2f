/**
 * Stochastic attention on one head of one prompt at one step, row by row: counts as bytes, sixteen at a time, against the levels
 * of `levels.ts`.
 */
import { extract } from "./head";

/** Output draws of a token: one per bit of the head, at most 64. */
export const HEAD: i32 = 64;

/** Up to this many values, and this I_max, sums and levels fit in bytes; `attend-wide.ts` handles larger ones. */
// @ts-ignore: decorator
@inline
export function fitsBytes(tokens: i32, normaliser: i32): bool {
  return tokens < 256 && normaliser <= 256;
}

/** Bytes of a value row: the features of a head as bytes, 16, 32 or 64 of them. */
// @ts-ignore: decorator
@inline
export function valueStride(d: i32): i32 {
  return d > 32 ? 64 : d > 16 ? 32 : 16;
}

/** 0xff for each of 16 bits that is set. */
// @ts-ignore: decorator
@inline
function spread(bits: u32): v128 {
  const single = i8x16(1, 2, 4, 8, 16, 32, 64, -128, 1, 2, 4, 8, 16, 32, 64, -128);
  const both = i16x8.splat(<i16>bits);
  return i8x16.eq(v128.and(i8x16.shuffle(both, both, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1), single), single);
}

/**
 * Keys of head `h`, one 64-bit word for each of the `tokens` rows starting at row `first`, and its values as bytes: -1 for each
 * set bit.
 */
export function loadHead(
  qkv: usize,
  words: i32,
  first: i32,
  tokens: i32,
  width: i32,
  d: i32,
  h: i32,
  k: usize,
  v: usize,
): void {
  const stride = valueStride(d);
  let row = qkv + ((<usize>(first * words)) << 2);
  for (let i = 0; i < tokens; i++) {
    store<u64>(k + ((<usize>i) << 3), extract(row, width + h * d, d));
    let bits = extract(row, 2 * width + h * d, d);
    for (const end = v + <usize>stride; v < end; v += 16) {
      v128.store(v, spread(<u32>bits));
      bits >>= 16;
    }
    row += (<usize>words) << 2;
  }
}

/** Eight counts as the bytes of a word. */
// @ts-ignore: decorator
@inline
function eight(query: u64, keys: usize): u64 {
  const a = popcnt(query & load<u64>(keys)) | (popcnt(query & load<u64>(keys, 8)) << 8);
  const b = popcnt(query & load<u64>(keys, 16)) | (popcnt(query & load<u64>(keys, 24)) << 8);
  const c = popcnt(query & load<u64>(keys, 32)) | (popcnt(query & load<u64>(keys, 40)) << 8);
  const d = popcnt(query & load<u64>(keys, 48)) | (popcnt(query & load<u64>(keys, 56)) << 8);
  return a | (b << 16) | ((c | (d << 16)) << 32);
}

/**
 * Row i of S to `scores` [ceil(N / 64)] (64-bit words), from row i of the mask and the levels of its draws. Returns the sum of the
 * counts |Q_i and K_j| where the mask is set. `counts`: scratch of 64 ceil(N / 64) bytes. Keys may be read up to a multiple of 16.
 */
export function scoreRow(
  query: u64,
  k: usize,
  mask: usize,
  maskWords: i32,
  levels: usize,
  counts: usize,
  scores: usize,
): u32 {
  let counted = i32x4.splat(0);
  const end = mask + ((<usize>maskWords) << 3);
  for (; mask < end; mask += 2, scores += 2, k += 128, levels += 16, counts += 16) {
    const open = query ? <u32>load<u16>(mask) : 0;
    if (!open) {
      store<u16>(scores, 0);
      continue;
    }
    let row = i64x2.replace_lane(i64x2.splat(eight(query, k)), 1, eight(query, k + 64));
    if (open != 0xffff) row = v128.and(row, spread(open));
    counted = i32x4.add(counted, i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(row)));
    store<u16>(scores, <u16>i8x16.bitmask(i8x16.gt_u(row, v128.load(levels))));
  }
  return (
    i32x4.extract_lane(counted, 0) +
    i32x4.extract_lane(counted, 1) +
    i32x4.extract_lane(counted, 2) +
    i32x4.extract_lane(counted, 3)
  );
}

/** Row i of A, from row i of S, the values as bytes, and the levels of its `stride` draws. */
export function outputRow(scores: usize, v: usize, maskWords: i32, stride: i32, levels: usize): u64 {
  const end = scores + ((<usize>maskWords) << 3);
  if (stride == 64) {
    let a = i8x16.splat(0);
    let b = a;
    let c = a;
    let d = a;
    for (; scores < end; scores += 8, v += 4096) {
      for (let bits = load<u64>(scores); bits; bits &= bits - 1) {
        const value = v + ((<usize>ctz(bits)) << 6);
        a = i8x16.sub(a, v128.load(value));
        b = i8x16.sub(b, v128.load(value, 16));
        c = i8x16.sub(c, v128.load(value, 32));
        d = i8x16.sub(d, v128.load(value, 48));
      }
    }
    const low = above(a, levels, 0) | (above(b, levels, 16) << 16);
    const high = above(c, levels, 32) | (above(d, levels, 48) << 16);
    return low | (high << 32);
  }
  let value: u64 = 0;
  for (let part = 0; part < stride; part += 16) {
    let sums = i8x16.splat(0);
    let values = v + <usize>part;
    for (let word = scores; word < end; word += 8, values += (<usize>stride) << 6) {
      for (let bits = load<u64>(word); bits; bits &= bits - 1)
        sums = i8x16.sub(sums, v128.load(values + <usize>ctz(bits) * stride));
    }
    value |= above(sums, levels, part) << part;
  }
  return value;
}

/** A bit for each sum above its level. */
// @ts-ignore: decorator
@inline
function above(sums: v128, levels: usize, part: i32): u64 {
  return <u64>(<u32>i8x16.bitmask(i8x16.gt_u(sums, v128.load(levels + <usize>part))));
}

/** Whether any bit of a row of S is set. */
// @ts-ignore: decorator
@inline
export function anyBit(row: usize, words: i32): bool {
  let any: u64 = 0;
  for (let w = 0; w < words; w++) any |= load<u64>(row + ((<usize>w) << 3));
  return any != 0;
}
