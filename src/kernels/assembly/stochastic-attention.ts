/**
 * Stochastic spiking attention (Xpikeformer, Algorithm 1) on packed spikes; backward in `stochastic-attention-backward.ts`.
 * Twin: `model/attention/stochastic.ts`.
 *
 *   S_ij ~ Bern(min(1, scoreGain |Q_i and K_j| / d)) where the mask allows,  A_ic ~ Bern(min(1, valueGain |S_i and V_c| / N))
 *
 * qkv `[T][B N][words]` holds q, k, v of `width` bits each; head h owns bits h d .. (h + 1) d - 1 of each (d <= 64).
 * mask: N rows of ceil(N / 64) 64-bit words. Normalisers may replace d and N; gains are powers of two. Draw w of (step, prompt)
 * is word `w` of the block row whose counter holds the prompt, the step and whether it is a score or an output draw, so it does
 * not depend on how prompts are batched. Ordered draws are constants instead (`orderedWords`).
 */
import { anyBit, fitsBytes, HEAD, loadHead, outputRow, scoreRow, valueStride } from "./attend";
import { loadValues, wideOutputRow } from "./attend-wide";
import { addScaled, deposit, dot, expandHead, extract, isAllowed, lastKey } from "./head";
import { byteLevels, isPowerOfTwo, keepTopBytes, wordLevels } from "./levels";
import { drawWords, radicalInverse } from "./threefry";

/** Kinds of draws: 0 independent, 1 stratified, 2 ordered (`DRAW_KINDS` in `kernels/wasm/attention-ops.ts`). */
const STRATIFIED = 1;
const ORDERED = 2;
/** `ORDERED_SCORE` of `model/neuron/bernoulli.ts`, in the top byte. */
const ORDERED_SCORE: u32 = 0x20000000;

// @ts-ignore: decorator
@inline
function counter(output: bool, prompt: i32, step: i32): u32 {
  return ((output ? <u32>1 : <u32>0) << 31) | ((<u32>prompt) << 7) | <u32>step;
}

/**
 * `scores` receives S as 64-bit words [T][B][H][N][ceil(N / 64)]; `out` receives the attention bits [T][B N][outWords], or is 0
 * to sample only S. Returns the sum of the counts |Q_i and K_j| over all cells that the mask allows. Words that no count can need
 * are not drawn. Scratch: `sampledScratch` (`kernels/wasm/attention-ops.ts`).
 */
export function stochasticAttention(
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
  key0: u32,
  key1: u32,
  firstPrompt: i32,
  kind: i32,
  scores: usize,
  out: usize,
  outWords: i32,
  scratch: usize,
): f64 {
  const d = width / heads;
  const spread = kind >= STRATIFIED;
  const maskWords = (tokens + 63) >> 6;
  const rowDraws = (tokens + 7) & ~7;
  const stride = valueStride(d);
  const bytes = fitsBytes(tokens, valueNormaliser);
  const scoreBytes = isPowerOfTwo(scoreNormaliser);
  const outputBytes = bytes && isPowerOfTwo(valueNormaliser);
  // The levels of a row are computed sixteen at a time, from up to eight words past the last row.
  const outputDraws = scratch + ((<usize>(tokens * rowDraws + 16)) << 2);
  const k = outputDraws + ((<usize>(tokens * HEAD)) << 2);
  const levels = k + ((<usize>maskWords) << 9);
  const counts = levels + ((<usize>maskWords) << 6);
  const planes = counts + ((<usize>maskWords) << 6);
  const v = planes + 256;
  const values = v + ((<usize>tokens) << 6);
  const rows = prompts * tokens;
  let counted: u64 = 0;
  if (out) memory.fill(out, 0, (<usize>(steps * rows * outWords)) << 2);
  if (kind == ORDERED) {
    for (let i = 0; i < tokens; i++) {
      orderScores(tokens, scoreBytes, scratch + ((<usize>(i * rowDraws)) << 2));
      orderOutputs(d, outputBytes, outputDraws + ((<usize>(i * HEAD)) << 2));
    }
  }
  for (let b = 0; b < prompts; b++) {
    for (let h = 0; h < heads; h++) {
      for (let t = 0; t < steps; t++) {
        const first = t * rows + b * tokens;
        const fresh = kind != ORDERED && (t == 0 || !spread);
        const shift = spread ? radicalInverse(t) : 0;
        const scoreCounter = counter(false, firstPrompt + b, t);
        const outputCounter = counter(true, firstPrompt + b, t);
        loadHead(qkv, words, first, tokens, width, d, h, k, v);
        if (!bytes) loadValues(qkv, words, first, tokens, width, d, h, values);
        for (let i = 0; i < tokens; i++) {
          const token = h * tokens + i;
          const query = extract(qkv + ((<usize>((first + i) * words)) << 2), h * d, d);
          const draws = scratch + ((<usize>(i * rowDraws)) << 2);
          const allowed = mask + ((<usize>(i * maskWords)) << 3);
          const row = scores + ((<usize>((((t * prompts + b) * heads + h) * tokens + i) * maskWords)) << 3);
          const last = lastKey(mask, maskWords, i);
          if (fresh && (query || spread)) {
            drawWords(key0, key1, (token * rowDraws) >> 1, scoreCounter, last, draws);
            if (scoreBytes) keepTopBytes(draws, last);
          }
          if (query) drawLevels(draws, scoreBytes, shift, last, scoreNormaliser, scoreGain, levels);
          counted += scoreRow(query, k, allowed, maskWords, levels, counts, row);
          if (!out) continue;
          const chosen = anyBit(row, maskWords);
          const columns = outputDraws + ((<usize>(i * HEAD)) << 2);
          if (fresh && (chosen || spread)) {
            drawWords(key0, key1, (token * HEAD) >> 1, outputCounter, d, columns);
            if (outputBytes) keepTopBytes(columns, d);
          }
          if (!chosen) continue;
          let value: u64;
          if (bytes) {
            drawLevels(columns, outputBytes, shift, d, valueNormaliser, valueGain, levels);
            value = outputRow(row, v, maskWords, stride, levels);
          } else
            value = wideOutputRow(row, values, maskWords, valueNormaliser, valueGain, columns, false, shift, planes);
          deposit(out + ((<usize>((first + i) * outWords)) << 2), h * d, d, value);
        }
      }
    }
  }
  return <f64>counted;
}

function orderScores(count: i32, topBytes: bool, words: usize): void {
  for (let j = 0; j < count; j++) store<u32>(words + ((<usize>j) << 2), ORDERED_SCORE);
  if (topBytes) keepTopBytes(words, count);
}

/** `orderedOutput` of `model/neuron/bernoulli.ts` for all features (at most 64), in the top bytes. */
function orderOutputs(d: i32, topBytes: bool, words: usize): void {
  const half: u32 = <u32>0x80000000 >> (32 - <u32>clz(d - 1));
  for (let c = 0; c < d; c++) store<u32>(words + ((<usize>c) << 2), radicalInverse(<u32>c) + half);
  if (topBytes) keepTopBytes(words, d);
}

/** Levels of a row of words, or of their top bytes: `shift` has no lower bits (at most 128 steps). */
// @ts-ignore: decorator
@inline
function drawLevels(
  draws: usize,
  topBytes: bool,
  shift: u32,
  count: i32,
  normaliser: i32,
  gain: i32,
  levels: usize,
): void {
  if (topBytes) byteLevels(draws, shift >> 24, 0, count, normaliser, ctz(gain), levels);
  else wordLevels(draws, shift, count, normaliser, ctz(gain), levels);
}

/** The same with unsampled probabilities: out [T, B N, width] float32. Scratch: `expectedScratch`. */
export function expectedAttention(
  qkv: usize,
  words: i32,
  steps: i32,
  prompts: i32,
  tokens: i32,
  width: i32,
  heads: i32,
  mask: usize,
  scoreGain: f32,
  valueGain: f32,
  out: usize,
  scratch: usize,
): void {
  const d = width / heads;
  const padded = (d + 3) & ~3;
  const maskWords = (tokens + 63) >> 6;
  const rows = prompts * tokens;
  const step = (<usize>padded) << 2;
  const q = scratch;
  const k = q + <usize>tokens * step;
  const v = k + <usize>tokens * step;
  const sums = v + <usize>tokens * step;
  for (let t = 0; t < steps; t++) {
    for (let b = 0; b < prompts; b++) {
      const first = t * rows + b * tokens;
      for (let h = 0; h < heads; h++) {
        expandHead(qkv, words, first, tokens, width, h, d, padded, 3, scratch);
        for (let i = 0; i < tokens; i++) {
          memory.fill(sums, 0, step);
          const last = lastKey(mask, maskWords, i);
          for (let j = 0; j < last; j++) {
            if (!isAllowed(mask, maskWords, i, j)) continue;
            const count = dot(q + <usize>i * step, k + <usize>j * step, padded);
            if (count != 0) addScaled(sums, v + <usize>j * step, min<f32>(1, (scoreGain * count) / <f32>d), padded);
          }
          const target = out + ((<usize>((first + i) * width + h * d)) << 2);
          for (let c = 0; c < d; c++)
            store<f32>(
              target + ((<usize>c) << 2),
              min<f32>(1, (valueGain * load<f32>(sums + ((<usize>c) << 2))) / <f32>tokens),
            );
        }
      }
    }
  }
}
