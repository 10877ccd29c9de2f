/**
 * Attention without a product of tokens, forward and backward through time: neurons count, and their spikes gate. Twin:
 * `model/attention/gates.ts`.
 *
 *   COUNTS    A_ic = q_ic SN(scale sum_j mask_ij k_jc v_jc)     reads q, k, v
 *   CHANNELS  A_ic = k_ic SN(scale sum_j mask_ij q_jc)          reads q, k
 *   TOKENS    A_ic = k_ic SN(scale sum_c q_ic)                  reads q, k
 */
import { Call, neuronBackward, open, readGradient, setBit, settle } from "./attention-neurons";
import { addScaled, dot, expandHead, isAllowed, storeHead } from "./head";

const COUNTS: i32 = 0;
const TOKENS: i32 = 2;

/** What this file adds to `Call`. */
class Gates {
  static counted: i32 = 0;
  static parts: i32 = 0;
  /** q, k, v of every step [T, 3, N, padded]; membranes of the gates [T, N, padded]; what is summed over tokens [N, padded]. */
  static expanded: usize = 0;
  static membranes: usize = 0;
  static summands: usize = 0;
}

function place(counted: i32, scratch: usize): void {
  Gates.counted = counted;
  Gates.parts = counted == COUNTS ? 3 : 2;
  Gates.expanded = scratch;
  Gates.membranes = scratch + <usize>Call.steps * 3 * Call.matrix;
  Gates.summands = Gates.membranes + <usize>Call.steps * Call.matrix;
}

/** q, k, v and membranes after integration of one head of one prompt, at all steps. A token's only gate fills its row. */
function runHead(prompt: i32, head: i32): void {
  const tokens = Call.tokens;
  const padded = Call.padded;
  const matrix = Call.matrix;
  const counted = Gates.counted;
  const step = (<usize>padded) << 2;
  for (let t = 0; t < Call.steps; t++) {
    const q = Gates.expanded + <usize>t * 3 * matrix;
    const row = t * Call.rows + prompt * tokens;
    expandHead(Call.qkv, Call.words, row, tokens, Call.width, head, Call.d, padded, Gates.parts, q);
    const out = Gates.membranes + <usize>t * matrix;
    memory.fill(out, 0, matrix);
    if (counted == TOKENS) {
      for (let i = 0; i < tokens; i++) {
        const at = q + <usize>i * step;
        fill(out + <usize>i * step, Call.scale * dot(at, at, padded), padded);
      }
    } else {
      let summands = q;
      if (counted == COUNTS) {
        multiply(q + matrix, q + 2 * matrix, Gates.summands, matrix);
        summands = Gates.summands;
      }
      sumOverTokens(summands, Call.scale, out);
    }
    if (t) {
      for (let at = out; at < out + matrix; at += 4)
        store<f32>(at, load<f32>(at) + Call.beta * settle(load<f32>(at - matrix), Call.threshold, Call.soft));
    }
  }
}

/** out_i += scale sum_j mask_ij values_j. */
function sumOverTokens(values: usize, scale: f32, out: usize): void {
  const tokens = Call.tokens;
  const padded = Call.padded;
  const maskWords = (tokens + 63) >> 6;
  const step = (<usize>padded) << 2;
  for (let i = 0; i < tokens; i++) {
    for (let j = 0; j < tokens; j++) {
      if (isAllowed(Call.mask, maskWords, i, j))
        addScaled(out + <usize>i * step, values + <usize>j * step, scale, padded);
    }
  }
}

/** out_j = sum_i mask_ij values_i. */
function sumOverReaders(values: usize, out: usize): void {
  const tokens = Call.tokens;
  const padded = Call.padded;
  const maskWords = (tokens + 63) >> 6;
  const step = (<usize>padded) << 2;
  memory.fill(out, 0, Call.matrix);
  for (let i = 0; i < tokens; i++) {
    for (let j = 0; j < tokens; j++) {
      if (isAllowed(Call.mask, maskWords, i, j)) addScaled(out + <usize>j * step, values + <usize>i * step, 1, padded);
    }
  }
}

function fill(out: usize, value: f32, length: i32): void {
  for (let c = 0; c < length; c++) store<f32>(out + ((<usize>c) << 2), value);
}

/** out = a b, over `bytes` of floats. */
function multiply(a: usize, b: usize, out: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 16) v128.store(out + at, f32x4.mul(v128.load(a + at), v128.load(b + at)));
}

/** Attention bits [T][B N][outWords]. Scratch: 4 T N ceil4(d) + N ceil4(d) + 16 words. */
export function gateAttention(
  qkv: usize,
  words: i32,
  steps: i32,
  prompts: i32,
  tokens: i32,
  width: i32,
  heads: i32,
  mask: usize,
  counted: i32,
  scale: f32,
  beta: f32,
  threshold: f32,
  soft: i32,
  out: usize,
  outWords: i32,
  scratch: usize,
): void {
  open(qkv, words, steps, prompts, tokens, width, heads, mask, scale, beta, threshold, soft);
  place(counted, scratch);
  const rows = Call.rows;
  memory.fill(out, 0, (<usize>(steps * rows * outWords)) << 2);
  for (let b = 0; b < prompts; b++) {
    for (let h = 0; h < heads; h++) {
      runHead(b, h);
      for (let t = 0; t < steps; t++) {
        const membranes = Gates.membranes + <usize>t * Call.matrix;
        const gated = gatedAt(t);
        for (let i = 0; i < tokens; i++) {
          const row = out + ((<usize>((t * rows + b * tokens + i) * outWords)) << 2);
          for (let c = 0; c < Call.d; c++) {
            const at = (<usize>(i * Call.padded + c)) << 2;
            if (load<f32>(membranes + at) >= threshold && load<f32>(gated + at) != 0) setBit(row, h, c);
          }
        }
      }
    }
  }
}

/** The vectors that the gates let through at step t: q, or k where q is counted. */
function gatedAt(t: i32): usize {
  const q = Gates.expanded + <usize>t * 3 * Call.matrix;
  return Gates.counted == COUNTS ? q : q + Call.matrix;
}

/** dQKV [T, B N, parts width] from dA [T, B N, width]. Scratch: 4 T N ceil4(d) + 7 N ceil4(d) + 16 words. */
export function gateAttentionBackward(
  dA: usize,
  qkv: usize,
  words: i32,
  steps: i32,
  prompts: i32,
  tokens: i32,
  width: i32,
  heads: i32,
  mask: usize,
  counted: i32,
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
  place(counted, scratch);
  const padded = Call.padded;
  const matrix = Call.matrix;
  const gradients = Gates.summands + matrix;
  const dOut = gradients + 3 * matrix;
  const dGate = dOut + matrix;
  const carry = dGate + matrix;
  for (let b = 0; b < prompts; b++) {
    for (let h = 0; h < heads; h++) {
      runHead(b, h);
      memory.fill(carry, 0, matrix);
      for (let t = steps - 1; t >= 0; t--) {
        const first = t * Call.rows + b * tokens;
        const q = Gates.expanded + <usize>t * 3 * matrix;
        const k = q + matrix;
        const membranes = Gates.membranes + <usize>t * matrix;
        memory.fill(gradients, 0, 4 * matrix);
        readGradient(dA, first, h, dOut);
        // Both factors of A: the gates, and what they let through.
        multiply(dOut, gatedAt(t), dGate, matrix);
        if (counted == TOKENS) gatherTokens(dGate);
        const dGated = counted == COUNTS ? gradients : gradients + matrix;
        for (let at: usize = 0; at < matrix; at += 4)
          store<f32>(dGated + at, load<f32>(membranes + at) >= threshold ? load<f32>(dOut + at) : 0);
        neuronBackward(dGate, membranes, carry, tokens * padded, scale, kind, parameter);
        if (counted == TOKENS) memory.copy(gradients, dGate, matrix);
        else if (counted == COUNTS) {
          sumOverReaders(dGate, dOut);
          multiply(dOut, q + 2 * matrix, gradients + matrix, matrix);
          multiply(dOut, k, gradients + 2 * matrix, matrix);
        } else sumOverReaders(dGate, gradients);
        storeHead(gradients, first, tokens, width, h, Call.d, padded, Gates.parts, dQKV);
      }
    }
  }
}

/** Rows [N, padded] become their sums, in every place: each stands for the one gate of its token. */
function gatherTokens(rows: usize): void {
  for (let i = 0; i < Call.tokens; i++) {
    const row = rows + ((<usize>(i * Call.padded)) << 2);
    let sum: f32 = 0;
    for (let c = 0; c < Call.d; c++) sum += load<f32>(row + ((<usize>c) << 2));
    fill(row, sum, Call.padded);
  }
}
