/**
 * Leaky integrate-and-fire neurons over T steps, forward and backward. Twin: `model/neuron/lif.ts`.
 *
 *   I = scale x + offset          per feature; identity when `scale` is 0
 *   V = beta V + I                fire where V >= threshold, then hard reset to 0 (or soft: V - threshold)
 *
 * x [T, rows, n] float32, n a multiple of 4; spikes are packed `[T][rows][words]`.
 */
import { surrogates } from "./surrogate";

/**
 * `gate`, unless it is 0, receives (packed like the spikes) where |V - threshold| < reach: where a surrogate with compact support is
 * not 0.
 */
export function lifForward(
  x: usize,
  steps: i32,
  rows: i32,
  n: i32,
  scale: usize,
  offset: usize,
  beta: f32,
  threshold: f32,
  soft: i32,
  bits: usize,
  words: i32,
  reach: f32,
  gate: usize,
): void {
  if (gate) fire(x, steps, rows, n, scale, offset, beta, threshold, soft, bits, words, true, reach, gate);
  else fire(x, steps, rows, n, scale, offset, beta, threshold, soft, bits, words, false, 0, 0);
}

// @ts-ignore: decorator
@inline
function fire(
  x: usize,
  steps: i32,
  rows: i32,
  n: i32,
  scale: usize,
  offset: usize,
  beta: f32,
  threshold: f32,
  soft: i32,
  bits: usize,
  words: i32,
  gated: bool,
  reach: f32,
  gate: usize,
): void {
  const stepFloats = (<usize>rows * n) << 2;
  const stepWords = (<usize>rows * words) << 2;
  const leak = f32x4.splat(beta);
  const level = f32x4.splat(threshold);
  const near = f32x4.splat(reach);
  for (let r = 0; r < rows; r++) {
    for (let feature = 0; feature < n; feature += 16) {
      const at = (<usize>feature) << 2;
      const from = x + ((<usize>r * n) << 2) + at;
      const place = ((<usize>(r * words)) << 2) + (<usize>feature >> 3);
      const a = scale ? scale + at : 0;
      const c = offset + at;
      const to = bits + place;
      const open = gate + place;
      const width = min(16, n - feature);
      // The second half of the last word stays 0.
      if (n - feature <= 16 && !(feature & 16)) clearHalves(to + 2, gated ? open + 2 : 0, steps, stepWords);
      if (width < 16)
        fireFew(from, steps, stepFloats, width, a, c, leak, level, soft, to, stepWords, gated, near, open);
      else fireSixteen(from, steps, stepFloats, a, c, leak, level, soft, to, stepWords, gated, near, open);
    }
  }
}

// @ts-ignore: decorator
@inline
function clearHalves(bits: usize, gate: usize, steps: i32, stepWords: usize): void {
  for (let t = 0; t < steps; t++) {
    store<u16>(bits + <usize>t * stepWords, 0);
    if (gate) store<u16>(gate + <usize>t * stepWords, 0);
  }
}

/** Sixteen neurons over all steps: four vectors of membranes in parallel, so that none waits for its own previous step. */
// @ts-ignore: decorator
@inline
function fireSixteen(
  x: usize,
  steps: i32,
  stepFloats: usize,
  scale: usize,
  offset: usize,
  leak: v128,
  level: v128,
  soft: i32,
  bits: usize,
  stepWords: usize,
  gated: bool,
  reach: v128,
  gate: usize,
): void {
  let v0 = f32x4.splat(0);
  let v1 = f32x4.splat(0);
  let v2 = f32x4.splat(0);
  let v3 = f32x4.splat(0);
  for (let t = 0; t < steps; t++) {
    v0 = f32x4.add(f32x4.mul(v0, leak), current(x, scale, offset));
    v1 = f32x4.add(f32x4.mul(v1, leak), current(x + 16, scale ? scale + 16 : 0, offset + 16));
    v2 = f32x4.add(f32x4.mul(v2, leak), current(x + 32, scale ? scale + 32 : 0, offset + 32));
    v3 = f32x4.add(f32x4.mul(v3, leak), current(x + 48, scale ? scale + 48 : 0, offset + 48));
    if (gated)
      store<u16>(
        gate,
        <u16>(
          (isNear(v0, level, reach) |
            (isNear(v1, level, reach) << 4) |
            (isNear(v2, level, reach) << 8) |
            (isNear(v3, level, reach) << 12))
        ),
      );
    const f0 = f32x4.ge(v0, level);
    const f1 = f32x4.ge(v1, level);
    const f2 = f32x4.ge(v2, level);
    const f3 = f32x4.ge(v3, level);
    store<u16>(
      bits,
      <u16>(i32x4.bitmask(f0) | (i32x4.bitmask(f1) << 4) | (i32x4.bitmask(f2) << 8) | (i32x4.bitmask(f3) << 12)),
    );
    v0 = soft ? f32x4.sub(v0, v128.and(f0, level)) : v128.andnot(v0, f0);
    v1 = soft ? f32x4.sub(v1, v128.and(f1, level)) : v128.andnot(v1, f1);
    v2 = soft ? f32x4.sub(v2, v128.and(f2, level)) : v128.andnot(v2, f2);
    v3 = soft ? f32x4.sub(v3, v128.and(f3, level)) : v128.andnot(v3, f3);
    x += stepFloats;
    bits += stepWords;
    gate += stepWords;
  }
}

/** The same for 4, 8 or 12 neurons at the end of a row. */
// @ts-ignore: decorator
@inline
function fireFew(
  x: usize,
  steps: i32,
  stepFloats: usize,
  n: i32,
  scale: usize,
  offset: usize,
  leak: v128,
  level: v128,
  soft: i32,
  bits: usize,
  stepWords: usize,
  gated: bool,
  reach: v128,
  gate: usize,
): void {
  clearHalves(bits, gated ? gate : 0, steps, stepWords);
  for (let g = 0; g < n; g += 4) {
    const at = (<usize>g) << 2;
    let v = f32x4.splat(0);
    for (let t = 0; t < steps; t++) {
      const place = <usize>t * stepWords;
      v = f32x4.add(f32x4.mul(v, leak), current(x + at + <usize>t * stepFloats, scale ? scale + at : 0, offset + at));
      if (gated) store<u16>(gate + place, <u16>(load<u16>(gate + place) | (isNear(v, level, reach) << g)));
      const fired = f32x4.ge(v, level);
      store<u16>(bits + place, <u16>(load<u16>(bits + place) | (i32x4.bitmask(fired) << g)));
      v = soft ? f32x4.sub(v, v128.and(fired, level)) : v128.andnot(v, fired);
    }
  }
}

// @ts-ignore: decorator
@inline
export function current(x: usize, scale: usize, offset: usize): v128 {
  const value = v128.load(x);
  return scale ? f32x4.add(f32x4.mul(value, v128.load(scale)), v128.load(offset)) : value;
}

// @ts-ignore: decorator
@inline
export function isNear(v: v128, level: v128, reach: v128): i32 {
  return i32x4.bitmask(f32x4.lt(f32x4.abs(f32x4.sub(v, level)), reach));
}

/** Features whose membranes are processed at a time, in bytes: 32 floats. */
export const SPAN: usize = 128;

/**
 * dI [T, rows, n] (+)= gradient of the input current; membranes are recomputed from x. The reset is treated as a constant:
 *   dV_t = ds_t s'(V_t - threshold) + beta dV_(t+1) (1 - s_t)   (soft reset: without the last factor),  dI_t = dV_t.
 * Three sweeps over 32 features: membranes, slopes, gradients. `out` may be `ds`. Scratch: 64 T + 32 words.
 */
export function lifBackward(
  ds: usize,
  x: usize,
  steps: i32,
  rows: i32,
  n: i32,
  scale: usize,
  offset: usize,
  beta: f32,
  threshold: f32,
  soft: i32,
  kind: i32,
  parameter: f32,
  out: usize,
  accumulate: i32,
  scratch: usize,
): void {
  const rowBytes = (<usize>n) << 2;
  const stepBytes = <usize>rows * rowBytes;
  const distances = scratch + SPAN;
  const slopes = distances + <usize>steps * SPAN;
  for (let r = 0; r < rows; r++) {
    for (let from: usize = 0; from < rowBytes; from += SPAN) {
      const width = min<usize>(SPAN, rowBytes - from);
      const first = <usize>r * rowBytes + from;
      clear(scratch);
      let at = first;
      for (let t = 0; t < steps; t++) {
        const place = distances + <usize>t * SPAN;
        membraneStep(x + at, width, scale ? scale + from : 0, offset + from, beta, threshold, soft, scratch, place);
        at += stepBytes;
      }
      surrogates(distances, <usize>steps * SPAN, kind, parameter, slopes);
      clear(scratch);
      for (let t = steps - 1; t >= 0; t--) {
        at -= stepBytes;
        const place = <usize>t * SPAN;
        if (accumulate)
          gradientStep(ds + at, width, distances + place, slopes + place, beta, soft, scratch, out + at, true);
        else gradientStep(ds + at, width, distances + place, slopes + place, beta, soft, scratch, out + at, false);
      }
    }
  }
}

/** Zeroes SPAN bytes; a call of `memory.fill` takes longer than the step that follows. */
// @ts-ignore: decorator
@inline
export function clear(state: usize): void {
  for (let at: usize = 0; at < SPAN; at += 16) v128.store(state + at, f32x4.splat(0));
}

/** One step of `width` bytes of features from the membranes at `state`; writes V - threshold. */
// @ts-ignore: decorator
@inline
export function membraneStep(
  x: usize,
  width: usize,
  scale: usize,
  offset: usize,
  beta: f32,
  threshold: f32,
  soft: i32,
  state: usize,
  distances: usize,
): void {
  const leak = f32x4.splat(beta);
  const level = f32x4.splat(threshold);
  // The amount that a spike subtracts: all of V, or the threshold.
  const lowered = soft ? level : f32x4.splat(0);
  const cleared = soft ? i32x4.splat(0) : i32x4.splat(-1);
  for (let at: usize = 0; at < width; at += 16) {
    let current = v128.load(x + at);
    if (scale) current = f32x4.add(f32x4.mul(current, v128.load(scale + at)), v128.load(offset + at));
    const v = f32x4.add(f32x4.mul(v128.load(state + at), leak), current);
    const fired = f32x4.ge(v, level);
    v128.store(distances + at, f32x4.sub(v, level));
    v128.store(state + at, f32x4.sub(v128.andnot(v, v128.and(fired, cleared)), v128.and(fired, lowered)));
  }
}

/** One step back: replaces dV_(t+1) at `state` by dV_t. */
// @ts-ignore: decorator
@inline
export function gradientStep(
  ds: usize,
  width: usize,
  distances: usize,
  slopes: usize,
  beta: f32,
  soft: i32,
  state: usize,
  out: usize,
  accumulate: bool,
): void {
  const leak = f32x4.splat(beta);
  const cleared = soft ? i32x4.splat(0) : i32x4.splat(-1);
  for (let at: usize = 0; at < width; at += 16) {
    const fired = f32x4.ge(v128.load(distances + at), f32x4.splat(0));
    const carry = v128.andnot(v128.load(state + at), v128.and(fired, cleared));
    const gradient = f32x4.add(f32x4.mul(v128.load(ds + at), v128.load(slopes + at)), f32x4.mul(leak, carry));
    v128.store(state + at, gradient);
    v128.store(out + at, accumulate ? f32x4.add(v128.load(out + at), gradient) : gradient);
  }
}
