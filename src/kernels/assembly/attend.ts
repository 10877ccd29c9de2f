/** Stochastic attention on one head of one prompt at one step, from draws that lie ready: row by row, or all rows. */
import { deposit, extract } from "./head";

/** Output draws of a token: one per bit of the head, at most 64. */
export const HEAD: i32 = 64;

/** Keys and values of head `h`, one 64-bit word for each of the `tokens` rows from row `first` on. */
// @ts-ignore: decorator
@inline export function loadHead(qkv: usize, words: i32, first: i32, tokens: i32, width: i32, d: i32, h: i32, k: usize, v: usize): void {
  let row = qkv + (<usize>(first * words) << 2);
  for (let i = 0; i < tokens; i++) {
    store<u64>(k + (<usize>i << 3), extract(row, width + h * d, d));
    store<u64>(v + (<usize>i << 3), extract(row, 2 * width + h * d, d));
    row += <usize>words << 2;
  }
}

/** Whether a cell with this count fires. */
// @ts-ignore: decorator
@inline function fires(count: u32, draw: u32, limits: usize): i32 {
  return i32(count != 0) & i32(draw <= load<u32>(limits + (<usize>count << 2)));
}

/**
 * Row i of S to `scores` [ceil(N / 64)] (64-bit words), from its row of the mask and of the draws, to which `shift` is added
 * modulo 2^32. Returns the sum of the counts |Q_i and K_j| where the mask is on.
 */
export function scoreRow(query: u64, k: usize, mask: usize, maskWords: i32, limits: usize, draws: usize, shift: u32, scores: usize): u32 {
  let counted: u32 = 0;
  for (let w = 0; w < maskWords; w++) {
    let allowed = query ? load<u64>(mask + (<usize>w << 3)) : 0;
    let bits: u64 = 0;
    while (allowed) {
      const lane = <usize>ctz(allowed);
      const group = lane & 60;
      if (((allowed >> group) & 15) == 15) {
        // Four open cells side by side: no bit of the mask to look for, and four counts that do not wait for each other.
        const keys = k + (group << 3);
        const words = draws + (group << 2);
        const count0 = <u32>popcnt(query & load<u64>(keys));
        const count1 = <u32>popcnt(query & load<u64>(keys, 8));
        const count2 = <u32>popcnt(query & load<u64>(keys, 16));
        const count3 = <u32>popcnt(query & load<u64>(keys, 24));
        const low = fires(count0, load<u32>(words) + shift, limits) | (fires(count1, load<u32>(words, 4) + shift, limits) << 1);
        const high = fires(count2, load<u32>(words, 8) + shift, limits) | (fires(count3, load<u32>(words, 12) + shift, limits) << 1);
        bits |= <u64>(low | (high << 2)) << group;
        counted += count0 + count1 + (count2 + count3);
        allowed &= ~(<u64>15 << group);
      } else {
        const count = <u32>popcnt(query & load<u64>(k + (lane << 3)));
        bits |= <u64>fires(count, load<u32>(draws + (lane << 2)) + shift, limits) << lane;
        counted += count;
        allowed &= allowed - 1;
      }
    }
    store<u64>(scores + (<usize>w << 3), bits);
    k += 512;
    draws += 256;
  }
  return counted;
}

/**
 * Row i of A, from row i of S and the values. The sums of all 64 columns are counted side by side: bit p of every sum is word
 * p of `planes` (at most 31 words of 64 bits), and a value is added like a carry.
 */
export function outputRow(scores: usize, v: usize, maskWords: i32, limits: usize, draws: usize, shift: u32, planes: usize): u64 {
  let end = planes;
  for (let w = 0; w < maskWords; w++) {
    let bits = load<u64>(scores + (<usize>w << 3));
    while (bits) {
      let carry = load<u64>(v + (<usize>ctz(bits) << 3));
      let plane = planes;
      for (; carry && plane < end; plane += 8) {
        const before = load<u64>(plane);
        store<u64>(plane, before ^ carry);
        carry &= before;
      }
      if (carry) {
        store<u64>(plane, carry);
        end = plane + 8;
      }
      bits &= bits - 1;
    }
    v += 512;
  }
  let any: u64 = 0;
  for (let plane = planes; plane < end; plane += 8) any |= load<u64>(plane);
  let value: u64 = 0;
  while (any) {
    const column = ctz(any);
    let count: usize = 0;
    for (let plane = end - 8; plane >= planes; plane -= 8) count = (count << 1) | <usize>((load<u64>(plane) >> column) & 1);
    const draw: u32 = load<u32>(draws + (<usize>column << 2)) + shift;
    value |= u64(draw <= load<u32>(limits + (count << 2))) << column;
    any &= any - 1;
  }
  return value;
}

/**
 * All rows of head `h`. scoreDraws [N, ceil8(N)] and outputDraws [N, 64] are 32-bit words; `shift` is added to the latter.
 * S is written to `scores` [N][ceil(N / 64)], A into `out`, which is 0 before. Returns the sum of the counts |Q_i and K_j| over
 * all cells that the mask leaves on. Scratch: 4 N + 64 words.
 */
export function attendStep(qkv: usize, words: i32, first: i32, tokens: i32, width: i32, d: i32, h: i32, mask: usize, scoreLimits: usize, outputLimits: usize, scoreDraws: usize, outputDraws: usize, shift: u32, scores: usize, out: usize, outWords: i32, scratch: usize): u64 {
  const maskWords = (tokens + 63) >> 6;
  const rowDraws = (tokens + 7) & ~7;
  const k = scratch;
  const v = k + (<usize>tokens << 3);
  const planes = v + (<usize>tokens << 3);
  let counted: u64 = 0;
  loadHead(qkv, words, first, tokens, width, d, h, k, v);
  for (let i = 0; i < tokens; i++) {
    const query = extract(qkv + (<usize>((first + i) * words) << 2), h * d, d);
    const row = <usize>(i * maskWords) << 3;
    counted += scoreRow(query, k, mask + row, maskWords, scoreLimits, scoreDraws + (<usize>(i * rowDraws) << 2), 0, scores + row);
    const value = outputRow(scores + row, v, maskWords, outputLimits, outputDraws + (<usize>(i * HEAD) << 2), shift, planes);
    if (value) deposit(out + (<usize>((first + i) * outWords) << 2), h * d, d, value);
  }
  return counted;
}
