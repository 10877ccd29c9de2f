/**
 * Stochastic spiking attention (Xpikeformer, Algorithm 1) on packed spikes; backward in `stochastic-attention-backward.ts`.
 * Twin: `model/stochastic-attention.ts`.
 *
 *   S_ij ~ Bern(min(1, scoreGain |Q_i and K_j| / d)) where the mask allows,  A_ic ~ Bern(min(1, valueGain |S_i and V_c| / N))
 *
 * qkv `[T][B N][words]` holds q, k, v of `width` bits each; head h owns bits h d .. (h + 1) d - 1 of each (d <= 64).
 * mask: N rows of ceil(N / 64) 64-bit words. A limit table says, for each count, the largest 32-bit word that still fires
 * (entry 0 is never used: a count of 0 never fires). Draw w of (step, prompt) is word `w` of the block row whose counter
 * holds prompt, step and whether it is a score or an output draw, so it does not depend on how prompts are batched.
 */
import { HEAD, loadHead, outputRow, scoreRow } from "./attend";
import { addScaled, deposit, dot, expandHead, extract, isAllowed, lastKey } from "./head";
import { drawWords, radicalInverse } from "./threefry";

// @ts-ignore: decorator
@inline
function counter(output: bool, prompt: i32, step: i32): u32 {
  return ((output ? <u32>1 : <u32>0) << 31) | (<u32>prompt << 7) | <u32>step;
}

/**
 * `scores` receives S as 64-bit words [T][B][H][N][ceil(N / 64)]; `out` the attention bits [T][B N][outWords].
 * Returns the sum of the counts |Q_i and K_j| over all cells that the mask leaves on. Words that no count can ask for are not
 * drawn. Scratch in words: N ceil8(N) + 64 N draws, 4 N (k, v) and 64.
 */
export function stochasticAttention(qkv: usize, words: i32, steps: i32, prompts: i32, tokens: i32, width: i32, heads: i32, mask: usize, scoreLimits: usize, outputLimits: usize, key0: u32, key1: u32, firstPrompt: i32, stratified: i32, scores: usize, out: usize, outWords: i32, scratch: usize): f64 {
  const d = width / heads;
  const maskWords = (tokens + 63) >> 6;
  const rowDraws = (tokens + 7) & ~7;
  const outputDraws = scratch + (<usize>(tokens * rowDraws) << 2);
  const k = outputDraws + (<usize>(tokens * HEAD) << 2);
  const v = k + (<usize>tokens << 3);
  const planes = v + (<usize>tokens << 3);
  const rows = prompts * tokens;
  let counted: u64 = 0;
  memory.fill(out, 0, <usize>(steps * rows * outWords) << 2);
  for (let b = 0; b < prompts; b++) {
    for (let h = 0; h < heads; h++) {
      for (let t = 0; t < steps; t++) {
        const first = t * rows + b * tokens;
        const fresh = t == 0 || !stratified;
        const shift = stratified ? radicalInverse(t) : 0;
        const scoreCounter = counter(false, firstPrompt + b, t);
        const outputCounter = counter(true, firstPrompt + b, t);
        loadHead(qkv, words, first, tokens, width, d, h, k, v);
        for (let i = 0; i < tokens; i++) {
          const token = h * tokens + i;
          const query = extract(qkv + (<usize>((first + i) * words) << 2), h * d, d);
          const draws = scratch + (<usize>(i * rowDraws) << 2);
          const allowed = mask + (<usize>(i * maskWords) << 3);
          const row = scores + (<usize>((((t * prompts + b) * heads + h) * tokens + i) * maskWords) << 3);
          if (fresh && (query || stratified)) drawWords(key0, key1, (token * rowDraws) >> 1, scoreCounter, lastKey(mask, maskWords, i), draws);
          counted += scoreRow(query, k, allowed, maskWords, scoreLimits, draws, shift, row);
          const chosen = anyBit(row, maskWords);
          const columns = outputDraws + (<usize>(i * HEAD) << 2);
          if (fresh && (chosen || stratified)) drawWords(key0, key1, (token * HEAD) >> 1, outputCounter, d, columns);
          if (!chosen) continue;
          const value = outputRow(row, v, maskWords, outputLimits, columns, shift, planes);
          deposit(out + (<usize>((first + i) * outWords) << 2), h * d, d, value);
        }
      }
    }
  }
  return <f64>counted;
}

// @ts-ignore: decorator
@inline
function anyBit(row: usize, words: i32): bool {
  let any: u64 = 0;
  for (let w = 0; w < words; w++) any |= load<u64>(row + (<usize>w << 3));
  return any != 0;
}

/** The same with probabilities passed on unsampled: out [T, B N, width] float32. Scratch: 3 N ceil4(d) + N + 16 words. */
export function expectedAttention(qkv: usize, words: i32, steps: i32, prompts: i32, tokens: i32, width: i32, heads: i32, mask: usize, scoreGain: f32, valueGain: f32, out: usize, scratch: usize): void {
  const d = width / heads;
  const padded = (d + 3) & ~3;
  const maskWords = (tokens + 63) >> 6;
  const rows = prompts * tokens;
  const step = <usize>padded << 2;
  const q = scratch;
  const k = q + <usize>tokens * step;
  const v = k + <usize>tokens * step;
  const sums = v + <usize>tokens * step;
  for (let t = 0; t < steps; t++) {
    for (let b = 0; b < prompts; b++) {
      const first = t * rows + b * tokens;
      for (let h = 0; h < heads; h++) {
        expandHead(qkv, words, first, tokens, width, h, d, padded, scratch);
        for (let i = 0; i < tokens; i++) {
          memory.fill(sums, 0, step);
          const last = lastKey(mask, maskWords, i);
          for (let j = 0; j < last; j++) {
            if (!isAllowed(mask, maskWords, i, j)) continue;
            const count = dot(q + <usize>i * step, k + <usize>j * step, padded);
            if (count != 0) addScaled(sums, v + <usize>j * step, min<f32>(1, (scoreGain * count) / <f32>d), padded);
          }
          const target = out + (<usize>((first + i) * width + h * d) << 2);
          for (let c = 0; c < d; c++) store<f32>(target + (<usize>c << 2), min<f32>(1, (valueGain * load<f32>(sums + (<usize>c << 2))) / <f32>tokens));
        }
      }
    }
  }
}
