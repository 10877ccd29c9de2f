/**
 * What attention with neurons shares: the parameters of a call, one step of a population of neurons backward, and output bits.
 *
 * Layouts as in `stochastic-attention.ts`; per head the membranes of all steps stay in scratch.
 */
import { surrogate } from "./surrogate";

/** Parameters that all heads of one call share. Every thread has its own instance of this module, and so its own values. */
export class Call {
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
  /** Current per unit of a sum. */
  static scale: f32 = 0;
  static beta: f32 = 0;
  static threshold: f32 = 0;
  static soft: i32 = 0;
  /** Bytes of floats [N, padded]. */
  static matrix: usize = 0;
}

/** Sets `Call`, once for all heads. */
export function open(
  qkv: usize,
  words: i32,
  steps: i32,
  prompts: i32,
  tokens: i32,
  width: i32,
  heads: i32,
  mask: usize,
  scale: f32,
  beta: f32,
  threshold: f32,
  soft: i32,
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
  Call.scale = scale;
  Call.beta = beta;
  Call.threshold = threshold;
  Call.soft = soft;
  Call.matrix = (<usize>(tokens * padded)) << 2;
}

/** Membrane after the reset. */
// @ts-ignore: decorator
@inline
export function settle(membrane: f32, threshold: f32, soft: i32): f32 {
  if (membrane < threshold) return membrane;
  return soft ? membrane - threshold : 0;
}

/** dA of one head at one step, as floats [N, padded]; the padding stays as it is. `first`: its first row. */
export function readGradient(dA: usize, first: i32, head: i32, out: usize): void {
  const d = Call.d;
  for (let i = 0; i < Call.tokens; i++) {
    memory.copy(
      out + ((<usize>(i * Call.padded)) << 2),
      dA + ((<usize>((first + i) * Call.width + head * d)) << 2),
      (<usize>d) << 2,
    );
  }
}

/** One step back through a population: carry = dV_t, and d becomes dV_t times the input scale. */
export function neuronBackward(
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

/** Sets the bit of feature `c` of a head in an all-zero packed row. */
// @ts-ignore: decorator
@inline
export function setBit(row: usize, head: i32, c: i32): void {
  const bit = head * Call.d + c;
  const at = row + ((<usize>(bit >> 5)) << 2);
  store<u32>(at, load<u32>(at) | ((<u32>1) << (bit & 31)));
}
