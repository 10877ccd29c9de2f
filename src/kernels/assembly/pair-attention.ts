/**
 * Attention that weighs every pair of tokens, with neurons on the weighted sums of values, forward and backward through time. Twins:
 * `model/attention/lif.ts` and `pairs.ts`.
 *
 *   A = SN(scale sum_j mask_ij w_ij V_j)
 *
 *   LIF     w = SN(constant |Q_i and K_j|), neurons on scores
 *   ONES    w = |Q_i and K_j|
 *   EQUAL   w = |Q_i and K_j| + constant |neither|
 *   CUT     w = 1 where |Q_i and K_j| >= constant
 *   FROZEN  as ONES; no gradient reaches Q and K
 */
import { Call, neuronBackward, open, readGradient, setBit, settle } from "./attention-neurons";
import {
  addScaled,
  dot,
  expandHead,
  isAllowed,
  lastKey,
  scoreBackward,
  storeHead,
  transposeHead,
  valueBackward,
} from "./head";
import { surrogate } from "./surrogate";

const LIF: i32 = 0;
const EQUAL: i32 = 2;
const CUT: i32 = 3;
const FROZEN: i32 = 4;

/** What this file adds to `Call`. */
class Pairs {
  static weigh: i32 = 0;
  /** Current per count, weight of two zeros, or least count. */
  static constant: f32 = 0;
  /** Bytes of floats [N, N]. */
  static square: usize = 0;
  /** q, k, v of every step [T, 3, N, padded]; weights [T, N, N] and what decides them; membranes of outputs [T, N, padded]. */
  static expanded: usize = 0;
  static deciders: usize = 0;
  static weights: usize = 0;
  static outputMembranes: usize = 0;
}

function place(weigh: i32, constant: f32, scratch: usize): void {
  Pairs.weigh = weigh;
  Pairs.constant = constant;
  Pairs.square = (<usize>(Call.tokens * Call.tokens)) << 2;
  Pairs.expanded = scratch;
  Pairs.deciders = scratch + <usize>Call.steps * 3 * Call.matrix;
  Pairs.weights = Pairs.deciders + <usize>Call.steps * Pairs.square;
  Pairs.outputMembranes = Pairs.weights + <usize>Call.steps * Pairs.square;
}

/** Weights of one head of one prompt and membranes after integration, at all steps. */
function runHead(prompt: i32, head: i32): void {
  // Local copies stay in registers: the loops below store, and any store might change a global.
  const tokens = Call.tokens;
  const padded = Call.padded;
  const mask = Call.mask;
  const matrix = Call.matrix;
  const square = Pairs.square;
  const weigh = Pairs.weigh;
  const constant = Pairs.constant;
  const scale = Call.scale;
  const beta = Call.beta;
  const threshold = Call.threshold;
  const soft = Call.soft;
  const maskWords = (tokens + 63) >> 6;
  const step = (<usize>padded) << 2;
  for (let t = 0; t < Call.steps; t++) {
    const q = Pairs.expanded + <usize>t * 3 * matrix;
    const k = q + matrix;
    const v = k + matrix;
    expandHead(Call.qkv, Call.words, t * Call.rows + prompt * tokens, tokens, Call.width, head, Call.d, padded, 3, q);
    const u = Pairs.deciders + <usize>t * square;
    const s = Pairs.weights + <usize>t * square;
    const out = Pairs.outputMembranes + <usize>t * matrix;
    memory.fill(out, 0, matrix);
    for (let i = 0; i < tokens; i++) {
      const row = q + <usize>i * step;
      const ones = weigh == EQUAL ? total(row, padded) : 0;
      for (let j = 0; j < tokens; j++) {
        const at = (<usize>(i * tokens + j)) << 2;
        if (!isAllowed(mask, maskWords, i, j)) {
          store<f32>(u + at, 0);
          store<f32>(s + at, 0);
          continue;
        }
        const key = k + <usize>j * step;
        let decider = dot(row, key, padded);
        let weight = decider;
        if (weigh == LIF) {
          const rest = t ? settle(load<f32>(u - square + at), threshold, soft) : 0;
          decider = beta * rest + constant * decider;
          weight = decider >= threshold ? 1 : 0;
        } else if (weigh == EQUAL) weight = decider + constant * (<f32>Call.d - ones - total(key, padded) + decider);
        else if (weigh == CUT) weight = decider >= constant ? 1 : 0;
        store<f32>(u + at, decider);
        store<f32>(s + at, weight);
        if (weight != 0) addScaled(out + <usize>i * step, v + <usize>j * step, scale * weight, padded);
      }
      if (t) {
        for (let c = 0; c < padded; c++) {
          const at = out + <usize>i * step + ((<usize>c) << 2);
          store<f32>(at, load<f32>(at) + beta * settle(load<f32>(at - matrix), threshold, soft));
        }
      }
    }
  }
}

/** Sum of `length` floats. */
// @ts-ignore: decorator
@inline
function total(values: usize, length: i32): f32 {
  let sum = f32x4.splat(0);
  const bytes = (<usize>length) << 2;
  for (let i: usize = 0; i < bytes; i += 16) sum = f32x4.add(sum, v128.load(values + i));
  return (
    f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1) + f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3)
  );
}

/** Attention bits [T][B N][outWords]. Scratch: T (4 N ceil4(d) + 2 N^2) + 16 words. */
export function pairAttention(
  qkv: usize,
  words: i32,
  steps: i32,
  prompts: i32,
  tokens: i32,
  width: i32,
  heads: i32,
  mask: usize,
  weigh: i32,
  constant: f32,
  scale: f32,
  beta: f32,
  threshold: f32,
  soft: i32,
  out: usize,
  outWords: i32,
  scratch: usize,
): void {
  open(qkv, words, steps, prompts, tokens, width, heads, mask, scale, beta, threshold, soft);
  place(weigh, constant, scratch);
  const d = Call.d;
  const padded = Call.padded;
  const rows = Call.rows;
  const matrix = Call.matrix;
  const outputMembranes = Pairs.outputMembranes;
  memory.fill(out, 0, (<usize>(steps * rows * outWords)) << 2);
  for (let b = 0; b < prompts; b++) {
    for (let h = 0; h < heads; h++) {
      runHead(b, h);
      for (let t = 0; t < steps; t++) {
        for (let i = 0; i < tokens; i++) {
          const row = out + ((<usize>((t * rows + b * tokens + i) * outWords)) << 2);
          for (let c = 0; c < d; c++) {
            if (load<f32>(outputMembranes + <usize>t * matrix + ((<usize>(i * padded + c)) << 2)) >= threshold)
              setBit(row, h, c);
          }
        }
      }
    }
  }
}

/**
 * dQKV [T, B N, 3 width] from dA [T, B N, width]. Scratch: T (4 N ceil4(d) + 2 N^2) + 5 N ceil4(d) + 2 N^2 + (ceil4(d) + 1) ceil4(N) + 16
 * words.
 */
export function pairAttentionBackward(
  dA: usize,
  qkv: usize,
  words: i32,
  steps: i32,
  prompts: i32,
  tokens: i32,
  width: i32,
  heads: i32,
  mask: usize,
  weigh: i32,
  constant: f32,
  scale: f32,
  beta: f32,
  threshold: f32,
  soft: i32,
  kind: i32,
  parameter: f32,
  dQKV: usize,
  scratch: usize,
): void {
  open(qkv, words, steps, prompts, tokens, width, heads, mask, scale, beta, threshold, soft);
  place(weigh, constant, scratch);
  const d = Call.d;
  const padded = Call.padded;
  const maskWords = (tokens + 63) >> 6;
  const matrix = Call.matrix;
  const square = Pairs.square;
  const outputMembranes = Pairs.outputMembranes;
  const gradients = outputMembranes + <usize>steps * matrix;
  const dc = gradients + 3 * matrix;
  const outputCarry = dc + matrix;
  const dS = outputCarry + matrix;
  const scoreCarry = dS + square;
  const stride = (tokens + 3) & ~3;
  const vT = scoreCarry + square;
  const e = vT + ((<usize>(padded * stride)) << 2);
  for (let b = 0; b < prompts; b++) {
    for (let h = 0; h < heads; h++) {
      runHead(b, h);
      memory.fill(outputCarry, 0, matrix);
      memory.fill(scoreCarry, 0, square);
      for (let t = steps - 1; t >= 0; t--) {
        const first = t * Call.rows + b * tokens;
        const q = scratch + <usize>t * 3 * matrix;
        const deciders = Pairs.deciders + <usize>t * square;
        memory.fill(gradients, 0, 4 * matrix);
        readGradient(dA, first, h, dc);
        neuronBackward(dc, outputMembranes + <usize>t * matrix, outputCarry, tokens * padded, scale, kind, parameter);
        transposeHead(q + 2 * matrix, tokens, d, padded, stride, vT);
        for (let i = 0; i < tokens; i++) {
          const last = lastKey(mask, maskWords, i);
          const row = dS + ((<usize>(i * tokens)) << 2);
          memory.fill(row, 0, (<usize>tokens) << 2);
          valueBackward(vT, dc + <usize>((i * padded) << 2), d, stride, last, e);
          for (let j = 0; j < last; j++) {
            if (!isAllowed(mask, maskWords, i, j)) continue;
            store<f32>(row + ((<usize>j) << 2), load<f32>(e + ((<usize>j) << 2)));
            const weight = load<f32>(Pairs.weights + <usize>t * square + ((<usize>(i * tokens + j)) << 2));
            if (weight != 0)
              addScaled(
                gradients + 2 * matrix + <usize>((j * padded) << 2),
                dc + <usize>((i * padded) << 2),
                weight,
                padded,
              );
          }
        }
        if (weigh == LIF) neuronBackward(dS, deciders, scoreCarry, tokens * tokens, constant, kind, parameter);
        else if (weigh == CUT) cutBackward(dS, deciders, constant, kind, parameter);
        if (weigh != FROZEN) {
          for (let i = 0; i < tokens; i++) {
            const at = (<usize>(i * padded)) << 2;
            const row = dS + ((<usize>(i * tokens)) << 2);
            const last = lastKey(mask, maskWords, i);
            if (weigh == EQUAL)
              equalBackward(row, q + at, q + matrix, last, constant, gradients + at, gradients + matrix);
            else scoreBackward(row, q + at, q + matrix, last, padded, gradients + at, gradients + matrix);
          }
        }
        storeHead(gradients, first, tokens, width, h, d, padded, 3, dQKV);
      }
    }
  }
}

/** Back through w = 1 where count >= cut: dcount = dw s'((count - cut) / cut) / cut. */
function cutBackward(dS: usize, counts: usize, cut: f32, kind: i32, parameter: f32): void {
  const pairs = (<usize>(Call.tokens * Call.tokens)) << 2;
  for (let at: usize = 0; at < pairs; at += 4) {
    const distance = f32x4.splat((load<f32>(counts + at) - cut) / cut);
    const slope = surrogate(distance, kind, f32x4.splat(parameter), f32x4.splat(1 / parameter));
    store<f32>(dS + at, (load<f32>(dS + at) * f32x4.extract_lane(slope, 0)) / cut);
  }
}

/** Back through w = |q and k| + alpha |neither| of row i: dQ_i += dw_j (K_j - alpha (1 - K_j)), and the same for K_j. */
function equalBackward(dw: usize, q: usize, k: usize, last: i32, alpha: f32, dQ: usize, dK: usize): void {
  const padded = Call.padded;
  const step = (<usize>padded) << 2;
  for (let j = 0; j < last; j++) {
    const weight = load<f32>(dw + ((<usize>j) << 2));
    if (weight == 0) continue;
    addScaled(dQ, k + <usize>j * step, weight * (1 + alpha), padded);
    addScaled(dK + <usize>j * step, q, weight * (1 + alpha), padded);
    addConstant(dQ, -weight * alpha);
    addConstant(dK + <usize>j * step, -weight * alpha);
  }
}

/** y += a, for the features of a head. */
function addConstant(y: usize, a: f32): void {
  for (let c = 0; c < Call.d; c++) {
    const at = y + ((<usize>c) << 2);
    store<f32>(at, load<f32>(at) + a);
  }
}
