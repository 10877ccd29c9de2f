/**
 * Leaky integrate-and-fire over T steps, and back. Twin: `model/neuron/lif.ts`.
 *
 *   I = scale x + offset          per feature; identity when `scale` is 0
 *   V = beta V + I                fire where V >= threshold, then hard reset to 0 (or soft: V - threshold)
 *
 * x [T, rows, n] float32, n a multiple of 4; spikes are packed `[T][rows][words]`.
 */
import { surrogates } from "./surrogate";

export function lifForward(x: usize, steps: i32, rows: i32, n: i32, scale: usize, offset: usize, beta: f32, threshold: f32, soft: i32, bits: usize, words: i32): void {
  fire(x, steps, rows, n, scale, offset, beta, threshold, soft, bits, words, false, 0, 0);
}

/** The same, and to `gate` (packed like the spikes) where |V - threshold| < reach: where a surrogate of compact support is not 0. */
export function lifForwardGated(x: usize, steps: i32, rows: i32, n: i32, scale: usize, offset: usize, beta: f32, threshold: f32, soft: i32, bits: usize, words: i32, reach: f32, gate: usize): void {
  fire(x, steps, rows, n, scale, offset, beta, threshold, soft, bits, words, true, reach, gate);
}

// @ts-ignore: decorator
@inline
function fire(x: usize, steps: i32, rows: i32, n: i32, scale: usize, offset: usize, beta: f32, threshold: f32, soft: i32, bits: usize, words: i32, gated: bool, reach: f32, gate: usize): void {
  const leak = f32x4.splat(beta);
  const level = f32x4.splat(threshold);
  const width = f32x4.splat(reach);
  const stepFloats = <usize>rows * n << 2;
  const stepWords = <usize>rows * words << 2;
  for (let r = 0; r < rows; r++) {
    for (let word = 0; word < words; word++) {
      const place = <usize>(r * words + word) << 2;
      for (let t = 0; t < steps; t++) {
        store<u32>(bits + place + <usize>t * stepWords, 0);
        if (gated) store<u32>(gate + place + <usize>t * stepWords, 0);
      }
      const groups = min(32, n - (word << 5)) >> 2;
      for (let g = 0; g < groups; g++) {
        const feature = (word << 5) + (g << 2);
        let source = x + ((<usize>r * n + feature) << 2);
        let at = place;
        let v = f32x4.splat(0);
        const a = scale ? v128.load(scale + (<usize>feature << 2)) : f32x4.splat(1);
        const c = scale ? v128.load(offset + (<usize>feature << 2)) : f32x4.splat(0);
        for (let t = 0; t < steps; t++) {
          const current = scale ? f32x4.add(f32x4.mul(v128.load(source), a), c) : v128.load(source);
          v = f32x4.add(f32x4.mul(v, leak), current);
          const fired = f32x4.ge(v, level);
          store<u32>(bits + at, load<u32>(bits + at) | (<u32>i32x4.bitmask(fired) << (g << 2)));
          if (gated) {
            const near = f32x4.lt(f32x4.abs(f32x4.sub(v, level)), width);
            store<u32>(gate + at, load<u32>(gate + at) | (<u32>i32x4.bitmask(near) << (g << 2)));
          }
          v = soft ? f32x4.sub(v, v128.and(fired, level)) : v128.andnot(v, fired);
          source += stepFloats;
          at += stepWords;
        }
      }
    }
  }
}

/** Features whose membranes are followed at a time, in bytes: 32 floats. */
const SPAN: usize = 128;

/**
 * dI [T, rows, n] (+)= gradient of the input current; membranes are recomputed from x. The reset is held constant:
 *   dV_t = ds_t s'(V_t - threshold) + beta dV_(t+1) (1 - s_t)   (soft reset: without the last factor),  dI_t = dV_t.
 * Three sweeps over 32 features: membranes, slopes, gradients. `out` may be `ds`. Scratch: 64 T + 32 words.
 */
export function lifBackward(ds: usize, x: usize, steps: i32, rows: i32, n: i32, scale: usize, offset: usize, beta: f32, threshold: f32, soft: i32, kind: i32, parameter: f32, out: usize, accumulate: i32, scratch: usize): void {
  const rowBytes = <usize>n << 2;
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
        if (accumulate) gradientStep(ds + at, width, distances + place, slopes + place, beta, soft, scratch, out + at, true);
        else gradientStep(ds + at, width, distances + place, slopes + place, beta, soft, scratch, out + at, false);
      }
    }
  }
}

/** Zeros to SPAN bytes; a call of `memory.fill` takes longer than the step that follows. */
// @ts-ignore: decorator
@inline
function clear(state: usize): void {
  for (let at: usize = 0; at < SPAN; at += 16) v128.store(state + at, f32x4.splat(0));
}

/** One step of `width` bytes of features from the membranes at `state`; writes V - threshold. */
// @ts-ignore: decorator
@inline
function membraneStep(x: usize, width: usize, scale: usize, offset: usize, beta: f32, threshold: f32, soft: i32, state: usize, distances: usize): void {
  const leak = f32x4.splat(beta);
  const level = f32x4.splat(threshold);
  // What a spike takes away: all of V, or the threshold.
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

/** One step back: dV_(t+1) is at `state`, and is replaced by dV_t. */
// @ts-ignore: decorator
@inline
function gradientStep(ds: usize, width: usize, distances: usize, slopes: usize, beta: f32, soft: i32, state: usize, out: usize, accumulate: bool): void {
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
