/**
 * Attention with LIF neurons on scores and outputs (Spikformer-type digital baseline, Xpikeformer Table I), forward and
 * backward through time. Twin: `model/lif-attention.ts`.
 *
 *   S = LIF(scoreGain |Q_i and K_j| / d) masked,  A = LIF(valueGain |S_i and V_c| / N)
 *
 * Layouts as in `stochastic-attention.ts`; per head the membranes of all steps stay in scratch.
 */
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

/** Parameters that all heads of one call share. Every thread has its own instance of this module, and so its own values. */
class Call {
  static qkv: usize = 0;
  static words: i32 = 0;
  static steps: i32 = 0;
  static rows: i32 = 0;
  static tokens: i32 = 0;
  static width: i32 = 0;
  /** Features of a head, without and with padding. */
  static d: i32 = 0;
  static padded: i32 = 0;
  static mask: usize = 0;
  static scoreScale: f32 = 0;
  static valueScale: f32 = 0;
  static beta: f32 = 0;
  static threshold: f32 = 0;
  static soft: i32 = 0;
  /** Bytes of floats [N, padded] and [N, N]. */
  static matrix: usize = 0;
  static square: usize = 0;
  /** q, k, v of every step [T, 3, N, padded]; membranes after integration of scores [T, N, N] and outputs [T, N, padded]. */
  static expanded: usize = 0;
  static scoreMembranes: usize = 0;
  static scoreSpikes: usize = 0;
  static outputMembranes: usize = 0;
}

/** Sets `Call`, once for all heads. */
function open(
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
  beta: f32,
  threshold: f32,
  soft: i32,
  scratch: usize,
): void {
  Call.qkv = qkv;
  Call.words = words;
  Call.steps = steps;
  Call.rows = prompts * tokens;
  Call.tokens = tokens;
  Call.width = width;
  const d = width / heads;
  const padded = (d + 3) & ~3;
  Call.d = d;
  Call.padded = padded;
  Call.mask = mask;
  Call.scoreScale = scoreGain / <f32>d;
  Call.valueScale = valueGain / <f32>tokens;
  Call.beta = beta;
  Call.threshold = threshold;
  Call.soft = soft;
  Call.matrix = (<usize>(tokens * padded)) << 2;
  Call.square = (<usize>(tokens * tokens)) << 2;
  Call.expanded = scratch;
  Call.scoreMembranes = scratch + <usize>steps * 3 * Call.matrix;
  Call.scoreSpikes = Call.scoreMembranes + <usize>steps * Call.square;
  Call.outputMembranes = Call.scoreSpikes + <usize>steps * Call.square;
}

/** Membranes and score spikes of one head of one prompt, at all steps. */
function runHead(prompt: i32, head: i32): void {
  // Local copies stay in registers: the loops below store, and any store might change a global.
  const tokens = Call.tokens;
  const padded = Call.padded;
  const mask = Call.mask;
  const matrix = Call.matrix;
  const square = Call.square;
  const scoreScale = Call.scoreScale;
  const valueScale = Call.valueScale;
  const beta = Call.beta;
  const threshold = Call.threshold;
  const soft = Call.soft;
  const maskWords = (tokens + 63) >> 6;
  const step = (<usize>padded) << 2;
  for (let t = 0; t < Call.steps; t++) {
    const q = Call.expanded + <usize>t * 3 * matrix;
    const k = q + matrix;
    const v = k + matrix;
    expandHead(Call.qkv, Call.words, t * Call.rows + prompt * tokens, tokens, Call.width, head, Call.d, padded, q);
    const u = Call.scoreMembranes + <usize>t * square;
    const s = Call.scoreSpikes + <usize>t * square;
    const out = Call.outputMembranes + <usize>t * matrix;
    memory.fill(out, 0, matrix);
    for (let i = 0; i < tokens; i++) {
      for (let j = 0; j < tokens; j++) {
        const at = (<usize>(i * tokens + j)) << 2;
        if (!isAllowed(mask, maskWords, i, j)) {
          store<f32>(u + at, 0);
          store<f32>(s + at, 0);
          continue;
        }
        const rest = t ? settle(load<f32>(u - square + at), threshold, soft) : 0;
        const membrane = beta * rest + scoreScale * dot(q + <usize>i * step, k + <usize>j * step, padded);
        store<f32>(u + at, membrane);
        const fired = membrane >= threshold;
        store<f32>(s + at, fired ? 1 : 0);
        if (fired) addScaled(out + <usize>i * step, v + <usize>j * step, valueScale, padded);
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

/** Membrane after the reset. */
// @ts-ignore: decorator
@inline
function settle(membrane: f32, threshold: f32, soft: i32): f32 {
  if (membrane < threshold) return membrane;
  return soft ? membrane - threshold : 0;
}

/** Attention bits [T][B N][outWords]. Scratch: T (4 N ceil4(d) + 2 N^2) + 16 words. */
export function lifAttention(
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
  beta: f32,
  threshold: f32,
  soft: i32,
  out: usize,
  outWords: i32,
  scratch: usize,
): void {
  open(qkv, words, steps, prompts, tokens, width, heads, mask, scoreGain, valueGain, beta, threshold, soft, scratch);
  const d = Call.d;
  const padded = Call.padded;
  const rows = Call.rows;
  const matrix = Call.matrix;
  const outputMembranes = Call.outputMembranes;
  memory.fill(out, 0, (<usize>(steps * rows * outWords)) << 2);
  for (let b = 0; b < prompts; b++) {
    for (let h = 0; h < heads; h++) {
      runHead(b, h);
      for (let t = 0; t < steps; t++) {
        for (let i = 0; i < tokens; i++) {
          const row = out + ((<usize>((t * rows + b * tokens + i) * outWords)) << 2);
          for (let c = 0; c < d; c++) {
            if (load<f32>(outputMembranes + <usize>t * matrix + ((<usize>(i * padded + c)) << 2)) < threshold) continue;
            const bit = h * d + c;
            const at = row + ((<usize>(bit >> 5)) << 2);
            store<u32>(at, load<u32>(at) | ((<u32>1) << (bit & 31)));
          }
        }
      }
    }
  }
}

/** dQKV [T, B N, 3 width] from dA [T, B N, width]. Scratch: T (4 N ceil4(d) + 2 N^2) + 5 N ceil4(d) + 2 N^2 + 66 ceil4(N) + 16 words. */
export function lifAttentionBackward(
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
  beta: f32,
  threshold: f32,
  soft: i32,
  kind: i32,
  parameter: f32,
  dQKV: usize,
  scratch: usize,
): void {
  open(qkv, words, steps, prompts, tokens, width, heads, mask, scoreGain, valueGain, beta, threshold, soft, scratch);
  const d = Call.d;
  const padded = Call.padded;
  const rows = Call.rows;
  const maskWords = (tokens + 63) >> 6;
  const matrix = Call.matrix;
  const square = Call.square;
  const scoreSpikes = Call.scoreSpikes;
  const outputMembranes = Call.outputMembranes;
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
        const first = t * rows + b * tokens;
        const q = scratch + <usize>t * 3 * matrix;
        memory.fill(gradients, 0, 4 * matrix);
        for (let i = 0; i < tokens; i++) {
          memory.copy(
            dc + ((<usize>(i * padded)) << 2),
            dA + ((<usize>((first + i) * width + h * d)) << 2),
            (<usize>d) << 2,
          );
        }
        neuronBackward(
          dc,
          outputMembranes + <usize>t * matrix,
          outputCarry,
          tokens * padded,
          Call.valueScale,
          kind,
          parameter,
        );
        transposeHead(q + 2 * matrix, tokens, d, padded, stride, vT);
        for (let i = 0; i < tokens; i++) {
          const last = lastKey(mask, maskWords, i);
          const row = dS + ((<usize>(i * tokens)) << 2);
          memory.fill(row, 0, (<usize>tokens) << 2);
          valueBackward(vT, dc + <usize>((i * padded) << 2), d, stride, last, e);
          for (let j = 0; j < last; j++) {
            if (!isAllowed(mask, maskWords, i, j)) continue;
            store<f32>(row + ((<usize>j) << 2), load<f32>(e + ((<usize>j) << 2)));
            const spike = load<f32>(scoreSpikes + <usize>t * square + ((<usize>(i * tokens + j)) << 2));
            if (spike != 0)
              addScaled(
                gradients + 2 * matrix + <usize>((j * padded) << 2),
                dc + <usize>((i * padded) << 2),
                1,
                padded,
              );
          }
        }
        neuronBackward(
          dS,
          Call.scoreMembranes + <usize>t * square,
          scoreCarry,
          tokens * tokens,
          Call.scoreScale,
          kind,
          parameter,
        );
        for (let i = 0; i < tokens; i++) {
          const at = (<usize>(i * padded)) << 2;
          scoreBackward(
            dS + ((<usize>(i * tokens)) << 2),
            q + at,
            q + matrix,
            lastKey(mask, maskWords, i),
            padded,
            gradients + at,
            gradients + matrix,
          );
        }
        storeHead(gradients, first, tokens, width, h, d, padded, dQKV);
      }
    }
  }
}

/** One step back through a population: carry = dV_t, and d becomes dV_t times the input scale. */
function neuronBackward(
  d: usize,
  membranes: usize,
  carry: usize,
  count: i32,
  scale: f32,
  kind: i32,
  parameter: f32,
): void {
  const beta = Call.beta;
  const threshold = Call.threshold;
  const soft = Call.soft;
  const level = f32x4.splat(threshold);
  const bytes = (<usize>count) << 2;
  const whole = bytes & ~15;
  for (let at: usize = 0; at < bytes; at += 16) {
    // The last group may overlap the next block; it is merged so that only this population changes.
    const membrane = v128.load(membranes + at);
    const kept = soft ? v128.load(carry + at) : v128.andnot(v128.load(carry + at), f32x4.ge(membrane, level));
    const slope = surrogate(f32x4.sub(membrane, level), kind, f32x4.splat(parameter), f32x4.splat(1 / parameter));
    const next = f32x4.add(f32x4.mul(v128.load(d + at), slope), f32x4.mul(f32x4.splat(beta), kept));
    if (at < whole) {
      v128.store(carry + at, next);
      v128.store(d + at, f32x4.mul(next, f32x4.splat(scale)));
    } else {
      const rest = (bytes - at) >> 2;
      storeLanes(carry + at, next, rest);
      storeLanes(d + at, f32x4.mul(next, f32x4.splat(scale)), rest);
    }
  }
}

function storeLanes(target: usize, value: v128, lanes: usize): void {
  store<f32>(target, f32x4.extract_lane(value, 0));
  if (lanes > 1) store<f32>(target, f32x4.extract_lane(value, 1), 4);
  if (lanes > 2) store<f32>(target, f32x4.extract_lane(value, 2), 8);
}
