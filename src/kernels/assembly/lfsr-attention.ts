/**
 * Stochastic spiking attention with the random bytes of the hardware's LFSRs instead of ideal words, forward only. Twin:
 * `runSsaTile` with `lfsrDraws` (`hardware/draws.ts`), where the sharing of registers is explained.
 *
 * The offset of stratified draws (at most 256 steps) is added to a column's byte before it is combined with the row's.
 */
import { anyBit, fitsBytes, HEAD, loadHead, outputRow, scoreRow, valueStride } from "./attend";
import { loadValues, wideOutputRow } from "./attend-wide";
import { deposit, extract } from "./head";
import { byteLevels } from "./levels";
import { radicalInverse } from "./threefry";

const LFSR_MASK: u32 = 0xb4bcd35c;

/**
 * Clocks `count` registers through one window of `d` clocks, four registers at a time. The four bytes of each register serve four
 * tokens: the bytes of every clock go to `columns` [tokens][64], unless that is 0, and those of the last clock to `last`
 * [tokens]. The number of tokens is rounded up to a multiple of 16. Scratch: 512 bytes.
 */
function runWindow(registers: usize, count: i32, d: i32, columns: usize, last: usize, scratch: usize): void {
  const feedback = i32x4.splat(LFSR_MASK);
  const one = i32x4.splat(1);
  for (let r = 0; r < count; r += 4) {
    const place = registers + ((<usize>r) << 2);
    const bytes = (<usize>min(4, count - r)) << 2;
    v128.store(scratch, i32x4.splat(0));
    memory.copy(scratch, place, bytes);
    let state = v128.load(scratch);
    for (let clock = 0; clock < d; clock++) {
      const lane = clock & 15;
      if (columns) {
        v128.store(scratch + ((<usize>lane) << 4), state);
        if (lane == 15 || clock == d - 1)
          transpose16(scratch, columns + <usize>(r << 2) * HEAD + <usize>(clock - lane));
      }
      if (clock == d - 1) v128.store(last + ((<usize>r) << 2), state);
      const fallen = i32x4.neg(v128.and(state, one));
      state = v128.xor(i32x4.shr_u(state, 1), v128.and(fallen, feedback));
    }
    v128.store(scratch, state);
    memory.copy(place, scratch, bytes);
  }
}

/**
 * out [16][64] = the 16 x 16 bytes at `block`, transposed. Riffling rows i and i + 8 rotates the eight bits of a byte's position
 * (row and column) by one, so four rounds swap row and column. The 256 bytes after the block are scratch.
 */
function transpose16(block: usize, out: usize): void {
  riffle(block, block + 256, 16);
  riffle(block + 256, block, 16);
  riffle(block, block + 256, 16);
  riffle(block + 256, out, HEAD);
}

function riffle(from: usize, to: usize, stride: i32): void {
  for (let i = 0; i < 8; i++) {
    const a = v128.load(from);
    const b = v128.load(from, 128);
    v128.store(to, i8x16.shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
    v128.store(to + <usize>stride, i8x16.shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31));
    from += 16;
    to += (<usize>stride) << 1;
  }
}

/**
 * Like `stochasticAttention`, but draws come from `registers` [B][H][2 ceil(N / 4)], which hold the seeds before the call and
 * the final states after it.
 */
export function lfsrAttention(
  qkv: usize,
  words: i32,
  steps: i32,
  prompts: i32,
  tokens: i32,
  width: i32,
  heads: i32,
  mask: usize,
  scoreNormaliser: i32,
  scoreGain: i32,
  valueNormaliser: i32,
  valueGain: i32,
  registers: usize,
  stratified: i32,
  scores: usize,
  out: usize,
  outWords: i32,
  scratch: usize,
): f64 {
  const d = width / heads;
  const maskWords = (tokens + 63) >> 6;
  const padded = (<usize>maskWords) << 6;
  const stride = valueStride(d);
  const bytes = fitsBytes(tokens, valueNormaliser);
  const columns = scratch;
  const columnBytes = columns + (padded << 6);
  const rowBytes = columnBytes + padded;
  const columnLast = rowBytes + padded;
  const rowLast = columnLast + padded;
  const block = rowLast + padded;
  const k = block + 512;
  const levels = k + (padded << 3);
  const counts = levels + padded;
  const planes = counts + padded;
  const v = planes + 256;
  const values = v + ((<usize>tokens) << 6);
  const perSide = (tokens + 3) >> 2;
  const side = (<usize>perSide) << 2;
  const rows = prompts * tokens;
  let counted: u64 = 0;
  if (out) memory.fill(out, 0, (<usize>(steps * rows * outWords)) << 2);
  for (let b = 0; b < prompts; b++) {
    for (let h = 0; h < heads; h++) {
      const tile = registers + ((<usize>(b * heads + h) * side) << 1);
      runWindow(tile, perSide, d, columns, columnLast, block);
      runWindow(tile + side, perSide, d, 0, rowLast, block);
      for (let t = 0; t < steps; t++) {
        const first = t * rows + b * tokens;
        const shift = stratified ? radicalInverse(t) : 0;
        loadHead(qkv, words, first, tokens, width, d, h, k, v);
        if (!bytes) loadValues(qkv, words, first, tokens, width, d, h, values);
        // Scores use the last bytes of a window; outputs use those of the next window, which is the same one when stratified.
        memory.copy(columnBytes, columnLast, padded << 1);
        if (!stratified) {
          runWindow(tile, perSide, d, columns, columnLast, block);
          runWindow(tile + side, perSide, d, 0, rowLast, block);
        }
        for (let i = 0; i < tokens; i++) {
          const query = extract(qkv + ((<usize>((first + i) * words)) << 2), h * d, d);
          const row = scores + ((<usize>((((t * prompts + b) * heads + h) * tokens + i) * maskWords)) << 3);
          const column: u32 = <u32>load<u8>(columnBytes + <usize>i) + (shift >> 24);
          if (query) byteLevels(rowBytes, 0, column, tokens, scoreNormaliser, ctz(scoreGain), levels);
          counted += scoreRow(query, k, mask + ((<usize>(i * maskWords)) << 3), maskWords, levels, counts, row);
          if (!out || !anyBit(row, maskWords)) continue;
          const draws = columns + <usize>(i * HEAD);
          let value: u64;
          if (bytes) {
            byteLevels(draws, shift >> 24, 0, d, valueNormaliser, ctz(valueGain), levels);
            value = outputRow(row, v, maskWords, stride, levels);
          } else value = wideOutputRow(row, values, maskWords, valueNormaliser, valueGain, draws, true, shift, planes);
          deposit(out + ((<usize>((first + i) * outWords)) << 2), h * d, d, value);
        }
      }
    }
  }
  return <f64>counted;
}
