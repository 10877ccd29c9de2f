/**
 * Stochastic spiking attention (Xpikeformer, Algorithm 1) on packed spikes, forward and straight-through backward.
 * Twin: `model/stochastic-attention.ts`.
 *
 *   S_ij ~ Bern(min(1, scoreGain |Q_i and K_j| / d)) where the mask allows,  A_ic ~ Bern(min(1, valueGain |S_i and V_c| / N))
 *
 * qkv `[T][B N][words]` holds q, k, v of `width` bits each; head h owns bits h d .. (h + 1) d - 1 of each (d <= 64).
 * mask: N rows of ceil(N / 64) 64-bit words. A limit table says, for each count, the largest 32-bit word that still fires
 * (entry 0 is never used: a count of 0 never fires). Draw w of (step, prompt) is word `w` of the block row whose counter
 * holds prompt, step and whether it is a score or an output draw, so it does not depend on how prompts are batched.
 */
import { attendStep, HEAD } from "./attend";
import { addScaled, dot, expand, expandHead, extract, isAllowed, lastKey, transposeHead, valueBackward } from "./head";
import { drawWords, radicalInverse } from "./threefry";

// @ts-ignore: decorator
@inline
function counter(output: bool, prompt: i32, step: i32): u32 {
  return ((output ? <u32>1 : <u32>0) << 31) | (<u32>prompt << 7) | <u32>step;
}

/**
 * Scratch in words: N ceil8(N) + 64 N draws, 4 N (q, k), 128 ceil(N / 64) (V transposed) and 16.
 * `scores` receives S as 64-bit words [T][B][H][N][ceil(N / 64)]; `out` the attention bits [T][B N][outWords].
 * Returns the sum of the counts |Q_i and K_j| over all cells that the mask leaves on.
 */
export function stochasticAttention(qkv: usize, words: i32, steps: i32, prompts: i32, tokens: i32, width: i32, heads: i32, mask: usize, scoreLimits: usize, outputLimits: usize, key0: u32, key1: u32, firstPrompt: i32, stratified: i32, scores: usize, out: usize, outWords: i32, scratch: usize): f64 {
  const d = width / heads;
  const maskWords = (tokens + 63) >> 6;
  const rowDraws = (tokens + 7) & ~7;
  const scoreDraws = scratch;
  const outputDraws = scoreDraws + (<usize>(tokens * rowDraws) << 2);
  const rest = outputDraws + (<usize>(tokens * HEAD) << 2);
  const rows = prompts * tokens;
  let counted: u64 = 0;
  memory.fill(out, 0, <usize>(steps * rows * outWords) << 2);
  for (let b = 0; b < prompts; b++) {
    for (let h = 0; h < heads; h++) {
      for (let t = 0; t < steps; t++) {
        if (t == 0 || !stratified) {
          const scoreCounter = counter(false, firstPrompt + b, t);
          const outputCounter = counter(true, firstPrompt + b, t);
          for (let i = 0; i < tokens; i++) {
            const token = h * tokens + i;
            drawWords(key0, key1, (token * rowDraws) >> 1, scoreCounter, lastKey(mask, maskWords, i), scoreDraws + (<usize>(i * rowDraws) << 2));
            drawWords(key0, key1, (token * HEAD) >> 1, outputCounter, d, outputDraws + (<usize>(i * HEAD) << 2));
          }
        }
        const shift = stratified ? radicalInverse(t) : 0;
        const sampled = scores + (<usize>(((t * prompts + b) * heads + h) * tokens * maskWords) << 3);
        counted += attendStep(qkv, words, t * rows + b * tokens, tokens, width, d, h, mask, scoreLimits, outputLimits, scoreDraws, outputDraws, shift, sampled, out, outWords, rest);
      }
    }
  }
  return <f64>counted;
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

/**
 * dQKV [T, B N, 3 width] from dA [T, B N, width]; gradients pass where a probability is not saturated, and straight through
 * the draws. `scores` holds the sampled S, or is 0 for `expectedAttention`. Only tokens that some token may attend to take part
 * as keys, in a compact list. Scratch: 6 N ceil4(d) + (ceil4(d) + 3) ceil4(N) + ceil4(d) + 4 N words.
 */
export function stochasticAttentionBackward(dA: usize, qkv: usize, words: i32, steps: i32, prompts: i32, tokens: i32, width: i32, heads: i32, mask: usize, scoreGain: f32, valueGain: f32, scores: usize, dQKV: usize, scratch: usize): void {
  const d = width / heads;
  const padded = (d + 3) & ~3;
  const maskWords = (tokens + 63) >> 6;
  const rows = prompts * tokens;
  const stride = (tokens + 3) & ~3;
  const step = <usize>padded << 2;
  const matrix = <usize>tokens * step;
  const q = scratch;
  const k = q + matrix;
  const v = k + matrix;
  const gradients = v + matrix;
  const dK = gradients + matrix;
  const dV = dK + matrix;
  const vT = dV + matrix;
  const e = vT + (<usize>(padded * stride) << 2);
  const weights = e + (<usize>stride << 2);
  const dc = weights + (<usize>stride << 2);
  const keyBits = dc + (<usize>padded << 2);
  const keyTokens = keyBits + (<usize>tokens << 3);
  const keys = listKeys(mask, maskWords, tokens, keyTokens);
  const scoreSlope = scoreGain / <f32>d;
  const valueSlope = valueGain / <f32>tokens;
  for (let t = 0; t < steps; t++) {
    for (let b = 0; b < prompts; b++) {
      const first = t * rows + b * tokens;
      for (let h = 0; h < heads; h++) {
        for (let j = 0; j < keys; j++) {
          const row = qkv + (<usize>((first + load<i32>(keyTokens + (<usize>j << 2))) * words) << 2);
          const key = extract(row, width + h * d, d);
          store<u64>(keyBits + (<usize>j << 3), key);
          expand(key, k + <usize>j * step, padded);
          expand(extract(row, 2 * width + h * d, d), v + <usize>j * step, padded);
        }
        transposeHead(v, keys, d, padded, stride, vT);
        memory.fill(gradients, 0, 3 * matrix);
        const sampled = scores ? scores + (<usize>(((t * prompts + b) * heads + h) * tokens * maskWords) << 3) : 0;
        let last = 0;
        for (let i = 0; i < tokens; i++) {
          const end = lastKey(mask, maskWords, i);
          last = 0;
          while (last < keys && load<i32>(keyTokens + (<usize>last << 2)) < end) last++;
          if (last == 0) continue;
          const query = extract(qkv + (<usize>((first + i) * words) << 2), h * d, d);
          expand(query, q, padded);
          // The sums c_i, then the gradient dc_i where valueGain c_i / N is not saturated.
          memory.fill(dc, 0, step);
          for (let j = 0; j < last; j++) {
            const token = load<i32>(keyTokens + (<usize>j << 2));
            let weight: f32 = 0;
            if (sampled) weight = isAllowed(sampled, maskWords, i, token) ? 1 : 0;
            else if (isAllowed(mask, maskWords, i, token)) weight = min<f32>(1, scoreSlope * <f32>(<i32>popcnt(query & load<u64>(keyBits + (<usize>j << 3)))));
            store<f32>(weights + (<usize>j << 2), weight);
            if (weight != 0) addScaled(dc, v + <usize>j * step, weight, padded);
          }
          const upstream = dA + (<usize>((first + i) * width + h * d) << 2);
          for (let c = 0; c < d; c++) {
            const at = <usize>c << 2;
            store<f32>(dc + at, valueGain * load<f32>(dc + at) <= <f32>tokens ? load<f32>(upstream + at) * valueSlope : 0);
          }
          valueBackward(vT, dc, d, stride, last, e);
          const dQ = gradients + <usize>i * step;
          for (let j = 0; j < last; j++) {
            const at = <usize>j << 2;
            const weight = load<f32>(weights + at);
            if (weight != 0) addScaled(dV + <usize>j * step, dc, weight, padded);
            const count = <f32>(<i32>popcnt(query & load<u64>(keyBits + (<usize>j << 3))));
            if (scoreGain * count > <f32>d || !isAllowed(mask, maskWords, i, load<i32>(keyTokens + at))) continue;
            const slope = load<f32>(e + at) * scoreSlope;
            addScaled(dQ, k + <usize>j * step, slope, padded);
            addScaled(dK + <usize>j * step, q, slope, padded);
          }
        }
        storeCompact(gradients, keyTokens, keys, first, tokens, width, h, d, padded, dQKV);
      }
    }
  }
}

/** Tokens that some token may attend to, ascending, at `list`; returns how many. */
function listKeys(mask: usize, maskWords: i32, tokens: i32, list: usize): i32 {
  let keys = 0;
  for (let j = 0; j < tokens; j++) {
    let used = false;
    for (let i = 0; i < tokens && !used; i++) used = isAllowed(mask, maskWords, i, j);
    if (!used) continue;
    store<i32>(list + (<usize>keys << 2), j);
    keys++;
  }
  return keys;
}

/** Writes dQ [N], and dK and dV [keys] to their tokens (0 for tokens that are no key), into rows of dQKV [rows, 3 width]. */
function storeCompact(gradients: usize, keyTokens: usize, keys: i32, row: i32, tokens: i32, width: i32, head: i32, d: i32, padded: i32, out: usize): void {
  const matrix = <usize>(tokens * padded) << 2;
  let key = 0;
  for (let i = 0; i < tokens; i++) {
    const target = out + (<usize>((row + i) * 3 * width + head * d) << 2);
    const isKey = key < keys && load<i32>(keyTokens + (<usize>key << 2)) == i;
    const dQ = gradients + (<usize>(i * padded) << 2);
    const dK = gradients + matrix + (<usize>(key * padded) << 2);
    for (let c: usize = 0; c < <usize>d << 2; c += 4) {
      store<f32>(target + c, load<f32>(dQ + c));
      store<f32>(target + (<usize>width << 2) + c, isKey ? load<f32>(dK + c) : 0);
      store<f32>(target + (<usize>width << 3) + c, isKey ? load<f32>(dK + matrix + c) : 0);
    }
    if (isKey) key++;
  }
}
