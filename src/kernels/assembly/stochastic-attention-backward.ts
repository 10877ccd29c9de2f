/**
 * Stochastic attention, backward: gradients pass straight through the draws unless a probability is saturated. Twin:
 * `stochasticAttentionBackward` in `model/attention/stochastic.ts`; the forward pass is in `stochastic-attention.ts`.
 *
 *   dc_i = valueGain / N dA_i  where valueGain c_i <= N,  c_i = sum_j S_ij V_j
 *   dS_ij = dc_i . V_j,  E_ij = scoreGain / d dS_ij  where the mask allows and scoreGain |Q_i and K_j| <= d
 *   dV = S^T dc,  dQ = E K,  dK = E^T Q
 *
 * Q, K, V and S are bits, so each of the four matrix products is a product of spikes with floats (`spike-product.ts`) when
 * written with the bits on the left: dS^T = V dc^T, dQ^T = K^T E^T, dK^T = Q^T E, dV = S^T dc. A token that no token may attend
 * to counts as silent in K and V.
 */
import { transposeBits } from "./bits";
import { addScaled, extract, isAllowed, transposeFloats } from "./head";
import { gatherProduct } from "./spike-product";

/**
 * dQKV [T, B N, 3 width] from dA [T, B N, width]. `scores` holds the sampled S as `stochasticAttention` left it, or is 0
 * for unsampled probabilities.
 *
 * Scratch: 6 N + ceil(N / 64) (2 N + 258) + 68 words of bits, ceil4(N) (3 N + 3 ceil4(d) + 1) floats, and that of `gatherProduct`.
 */
export function stochasticAttentionBackward(
  dA: usize,
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
  scores: usize,
  dQKV: usize,
  scratch: usize,
): void {
  const d = width / heads;
  const maskWords = (tokens + 63) >> 6;
  const rows = prompts * tokens;
  const stride = (tokens + 3) & ~3;
  const padded = (d + 3) & ~3;
  const scoreSlope = scoreGain / <f32>d;
  const bitStep = maskWords << 3;
  const tokenBits = (<usize>tokens) << 3;
  const square = (<usize>(tokens * stride)) << 2;
  const q = scratch;
  const k = q + tokenBits;
  const v = k + tokenBits;
  const qT = v + tokenBits;
  const kT = qT + <usize>(64 * bitStep);
  const sT = kT + <usize>(64 * bitStep);
  const keys = sT + <usize>(tokens * bitStep);
  const bitScratch = keys + <usize>bitStep;
  const slopes = (bitScratch + 256 + 15) & ~15;
  const eT = slopes + square;
  const e = eT + square;
  const dcT = e + square;
  const weights = dcT + ((<usize>(padded * stride)) << 2);
  const dc = weights + ((<usize>stride) << 2);
  const product = dc + ((<usize>(padded * stride)) << 2);
  const productScratch = product + ((<usize>(padded * stride)) << 2);
  memory.fill(slopes, 0, productScratch - slopes);
  listKeys(mask, maskWords, tokens, keys);
  for (let i = 0; i < tokens; i++) {
    for (let j = 0; j < tokens; j++) {
      if (isAllowed(mask, maskWords, i, j)) store<f32>(slopes + ((<usize>(j * stride + i)) << 2), scoreSlope);
    }
  }
  for (let t = 0; t < steps; t++) {
    for (let b = 0; b < prompts; b++) {
      const first = t * rows + b * tokens;
      for (let h = 0; h < heads; h++) {
        for (let i = 0; i < tokens; i++) {
          const row = qkv + ((<usize>((first + i) * words)) << 2);
          const at = (<usize>i) << 3;
          const isKey = isAllowed(keys, maskWords, 0, i);
          store<u64>(q + at, extract(row, h * d, d));
          store<u64>(k + at, isKey ? extract(row, width + h * d, d) : 0);
          store<u64>(v + at, isKey ? extract(row, 2 * width + h * d, d) : 0);
        }
        transposeBits(q, 8, tokens, d, qT, bitStep, bitScratch);
        transposeBits(k, 8, tokens, d, kT, bitStep, bitScratch);
        const upstream = dA + ((<usize>(first * width + h * d)) << 2);
        const target = dQKV + ((<usize>(first * 3 * width + h * d)) << 2);
        const valueTarget = target + ((<usize>width) << 3);
        if (scores) {
          const sampled = scores + <usize>(((t * prompts + b) * heads + h) * tokens * bitStep);
          sampledSums(sampled, v, tokens, maskWords, upstream, width, padded, valueGain, dc, bitScratch);
          transposeBits(sampled, bitStep, tokens, tokens, sT, bitStep, bitScratch);
          gatherProduct(sT, bitStep, tokens, tokens, dc, padded, product, padded, padded, 0, productScratch);
        } else {
          memory.fill(product, 0, (<usize>(tokens * padded)) << 2);
          for (let i = 0; i < tokens; i++) {
            const row = (<usize>(i * padded)) << 2;
            expectedWeights(q, k, i, tokens, mask, maskWords, scoreSlope, weights);
            expectedSums(
              v,
              tokens,
              d,
              weights,
              upstream + ((<usize>(i * width)) << 2),
              valueGain / <f32>tokens,
              dc + row,
            );
            for (let j = 0; j < tokens; j++) {
              const weight = load<f32>(weights + ((<usize>j) << 2));
              if (weight != 0) addScaled(product + ((<usize>(j * padded)) << 2), dc + row, weight, padded);
            }
          }
        }
        storeRows(product, tokens, d, padded, valueTarget, 3 * width);
        transposeFloats(dc, tokens, d, padded, dcT, stride);
        gatherProduct(v, 8, tokens, d, dcT, stride, eT, stride, stride, 0, productScratch);
        for (let at: usize = 0; at < square; at += 16)
          v128.store(eT + at, f32x4.mul(v128.load(eT + at), v128.load(slopes + at)));
        dropSaturated(q, k, tokens, d, scoreGain, eT, stride);
        gatherProduct(kT, bitStep, d, tokens, eT, stride, product, stride, stride, 0, productScratch);
        transposeFloats(product, d, tokens, stride, target, 3 * width);
        transposeFloats(eT, tokens, tokens, stride, e, stride);
        gatherProduct(qT, bitStep, d, tokens, e, stride, product, stride, stride, 0, productScratch);
        transposeFloats(product, d, tokens, stride, target + ((<usize>width) << 2), 3 * width);
      }
    }
  }
}

/** Bits of the tokens that some token may attend to. */
function listKeys(mask: usize, maskWords: i32, tokens: i32, keys: usize): void {
  for (let w = 0; w < maskWords; w++) {
    let any: u64 = 0;
    for (let i = 0; i < tokens; i++) any |= load<u64>(mask + ((<usize>(i * maskWords + w)) << 3));
    store<u64>(keys + ((<usize>w) << 3), any);
  }
}

/**
 * dc [N, padded] for sampled S. The sums c_i of all 64 columns are counted in parallel: bit p of all sums is word p of `planes`
 * (at most 31), and a V_j is added like a carry.
 */
function sampledSums(
  scores: usize,
  v: usize,
  tokens: i32,
  maskWords: i32,
  upstream: usize,
  width: i32,
  padded: i32,
  valueGain: f32,
  dc: usize,
  planes: usize,
): void {
  const limit = <i32>(<f32>tokens / valueGain);
  const bits = 32 - <i32>clz(tokens);
  const slope = f32x4.splat(valueGain / <f32>tokens);
  const places = i32x4(1, 2, 4, 8);
  const bytes = (<usize>padded) << 2;
  for (let i = 0; i < tokens; i++) {
    for (let p = 0; p < bits; p++) store<u64>(planes + ((<usize>p) << 3), 0);
    for (let w = 0; w < maskWords; w++) {
      let word = load<u64>(scores);
      scores += 8;
      while (word) {
        let carry = load<u64>(v + ((<usize>((w << 6) + <i32>ctz(word))) << 3));
        for (let plane = planes; carry; plane += 8) {
          const before = load<u64>(plane);
          store<u64>(plane, before ^ carry);
          carry &= before;
        }
        word &= word - 1;
      }
    }
    // Columns with a sum above the limit, from the highest bit down.
    let above: u64 = 0;
    let equal: u64 = 0xffffffffffffffff;
    for (let p = bits - 1; p >= 0; p--) {
      const plane = load<u64>(planes + ((<usize>p) << 3));
      if ((limit >> p) & 1) equal &= plane;
      else {
        above |= equal & plane;
        equal &= ~plane;
      }
    }
    for (let at: usize = 0; at < bytes; at += 16) {
      const lanes = v128.and(i32x4.splat(<i32>(above >> (at >> 2))), places);
      const gradient = f32x4.mul(v128.load(upstream + at), slope);
      v128.store(dc + at, v128.and(gradient, i32x4.eq(lanes, i32x4.splat(0))));
    }
    upstream += (<usize>width) << 2;
    dc += bytes;
  }
}

/** Probabilities min(1, scoreGain |Q_i and K_j| / d) of row i, 0 where the mask forbids. */
function expectedWeights(
  q: usize,
  k: usize,
  i: i32,
  tokens: i32,
  mask: usize,
  maskWords: i32,
  scoreSlope: f32,
  weights: usize,
): void {
  const query = load<u64>(q + ((<usize>i) << 3));
  for (let j = 0; j < tokens; j++) {
    const count = <f32>(<i32>popcnt(query & load<u64>(k + ((<usize>j) << 3))));
    store<f32>(weights + ((<usize>j) << 2), isAllowed(mask, maskWords, i, j) ? min<f32>(1, scoreSlope * count) : 0);
  }
}

/** dc_i [d] for real weights. */
function expectedSums(
  v: usize,
  tokens: i32,
  d: i32,
  weights: usize,
  upstream: usize,
  valueSlope: f32,
  dc: usize,
): void {
  for (let c = 0; c < d; c++) store<f32>(dc + ((<usize>c) << 2), 0);
  for (let j = 0; j < tokens; j++) {
    const weight = load<f32>(weights + ((<usize>j) << 2));
    if (weight == 0) continue;
    let word = load<u64>(v + ((<usize>j) << 3));
    while (word) {
      const at = dc + ((<usize>ctz(word)) << 2);
      store<f32>(at, load<f32>(at) + weight);
      word &= word - 1;
    }
  }
  for (let c = 0; c < d; c++) {
    const at = (<usize>c) << 2;
    store<f32>(dc + at, valueSlope * load<f32>(dc + at) <= 1 ? load<f32>(upstream + at) * valueSlope : 0);
  }
}

/** Sets E^T to 0 where a score is saturated; a query with few spikes saturates none. */
function dropSaturated(q: usize, k: usize, tokens: i32, d: i32, scoreGain: f32, eT: usize, stride: i32): void {
  const limit = <i32>(<f32>d / scoreGain);
  for (let i = 0; i < tokens; i++) {
    const query = load<u64>(q + ((<usize>i) << 3));
    if (<i32>popcnt(query) <= limit) continue;
    for (let j = 0; j < tokens; j++) {
      if (<i32>popcnt(query & load<u64>(k + ((<usize>j) << 3))) > limit)
        store<f32>(eT + ((<usize>(j * stride + i)) << 2), 0);
    }
  }
}

/** Copies `columns` of `rows` rows; both strides in floats. */
function storeRows(source: usize, rows: i32, columns: i32, stride: i32, target: usize, targetStride: i32): void {
  for (let i = 0; i < rows; i++) {
    let c = 0;
    for (; c + 4 <= columns; c += 4) v128.store(target + ((<usize>c) << 2), v128.load(source + ((<usize>c) << 2)));
    for (; c < columns; c++) store<f32>(target + ((<usize>c) << 2), load<f32>(source + ((<usize>c) << 2)));
    source += (<usize>stride) << 2;
    target += (<usize>targetStride) << 2;
  }
}
