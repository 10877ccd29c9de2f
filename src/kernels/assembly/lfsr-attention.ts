/**
 * Stochastic spiking attention with the random bytes of the hardware's LFSRs in place of ideal words, forward only.
 * Twin: `runSsaTile` with `lfsrDraws` (`hardware/draws.ts`), where the sharing of registers is explained.
 *
 * A byte becomes the top byte of a word. Offsets of stratified draws and limits of firing words then are those of ideal
 * words: byte * 2^24 * I_max < gain count 2^32 is byte * I_max < gain count 2^8 (for at most 256 steps). The offset is added to
 * a column's byte before it meets the row's.
 */
import { attendStep, HEAD } from "./attend";
import { radicalInverse } from "./threefry";

const LFSR_MASK: u32 = 0xb4bcd35c;

// @ts-ignore: decorator
@inline
function topByte(registers: usize, index: i32): u32 {
  return <u32>load<u8>(registers + <usize>index) << 24;
}

/**
 * Clocks a tile's 2 ceil(N / 4) registers through one window of `d` clocks: the column bytes of every clock go to
 * `columns` [N, 64], the row bytes of the last clock to `rows` [N].
 */
function runWindow(registers: usize, tokens: i32, d: i32, columns: usize, rows: usize): void {
  const perSide = (tokens + 3) >> 2;
  const rowRegisters = registers + (<usize>perSide << 2);
  for (let clock = 0; clock < d; clock++) {
    for (let n = 0; n < tokens; n++) store<u32>(columns + (<usize>(n * HEAD + clock) << 2), topByte(registers, n));
    if (clock == d - 1) {
      for (let n = 0; n < tokens; n++) store<u32>(rows + (<usize>n << 2), topByte(rowRegisters, n));
    }
    const end = rowRegisters + (<usize>perSide << 2);
    for (let p = registers; p < end; p += 4) {
      const state = load<u32>(p);
      store<u32>(p, (state >> 1) ^ (state & 1 ? LFSR_MASK : 0));
    }
  }
}

/**
 * As `stochasticAttention`, but draws come from `registers` [B][H][2 ceil(N / 4)], which hold the seeds and are left where the
 * registers stop. Scratch in words: N ceil8(N) + 64 N draws, N row bytes, 4 N (k, v) and 64.
 */
export function lfsrAttention(qkv: usize, words: i32, steps: i32, prompts: i32, tokens: i32, width: i32, heads: i32, mask: usize, scoreLimits: usize, outputLimits: usize, registers: usize, stratified: i32, scores: usize, out: usize, outWords: i32, scratch: usize): f64 {
  const d = width / heads;
  const maskWords = (tokens + 63) >> 6;
  const rowDraws = (tokens + 7) & ~7;
  const scoreDraws = scratch;
  const columns = scoreDraws + (<usize>(tokens * rowDraws) << 2);
  const rows = columns + (<usize>(tokens * HEAD) << 2);
  const rest = rows + (<usize>tokens << 2);
  const perTile = <usize>((tokens + 3) >> 2) << 3;
  let counted: u64 = 0;
  memory.fill(out, 0, <usize>(steps * prompts * tokens * outWords) << 2);
  for (let b = 0; b < prompts; b++) {
    for (let h = 0; h < heads; h++) {
      const tile = registers + <usize>(b * heads + h) * perTile;
      runWindow(tile, tokens, d, columns, rows);
      for (let t = 0; t < steps; t++) {
        const shift = stratified ? radicalInverse(t) : 0;
        for (let i = 0; i < tokens; i++) {
          const column = load<u32>(columns + (<usize>(i * HEAD + d - 1) << 2)) + shift;
          const draws = scoreDraws + (<usize>(i * rowDraws) << 2);
          // Rows of draws have room for the last four; what is read past the row bytes is never used.
          const columns4 = i32x4.splat(column);
          for (let j = 0; j < tokens; j += 4) {
            const at = <usize>j << 2;
            v128.store(draws + at, v128.xor(columns4, v128.load(rows + at)));
          }
        }
        if (!stratified) runWindow(tile, tokens, d, columns, rows);
        const sampled = scores + (<usize>(((t * prompts + b) * heads + h) * tokens * maskWords) << 3);
        counted += attendStep(qkv, words, (t * prompts + b) * tokens, tokens, width, d, h, mask, scoreLimits, outputLimits, scoreDraws, columns, shift, sampled, out, outWords, rest);
      }
    }
  }
  return <f64>counted;
}
