/**
 * Adaptive LIF neurons over T steps, forward and backward. Twin: `model/neuron/alif.ts`.
 *
 *   I = scale x + offset          per feature; identity when `scale` is 0
 *   V = beta V + I                fire where V >= threshold + rise B, then hard reset to 0 (or soft: V - threshold)
 *   B = decay B + spike
 *
 * x [T, rows, n] float32, n a multiple of 4; spikes are packed `[T][rows][words]`.
 */
import { clear, current, isNear, SPAN } from "./lif";
import { surrogates } from "./surrogate";

/** `gate` as in `lifForward`. */
export function alifForward(
  x: usize,
  steps: i32,
  rows: i32,
  n: i32,
  scale: usize,
  offset: usize,
  beta: f32,
  threshold: f32,
  soft: i32,
  rise: f32,
  decay: f32,
  bits: usize,
  words: i32,
  reach: f32,
  gate: usize,
): void {
  const stepFloats = (<usize>rows * n) << 2;
  const stepWords = (<usize>rows * words) << 2;
  const leak = f32x4.splat(beta);
  const level = f32x4.splat(threshold);
  const lowered = soft ? level : f32x4.splat(0);
  const cleared = soft ? i32x4.splat(0) : i32x4.splat(-1);
  memory.fill(bits, 0, <usize>steps * stepWords);
  if (gate) memory.fill(gate, 0, <usize>steps * stepWords);
  for (let r = 0; r < rows; r++) {
    for (let feature = 0; feature < n; feature += 4) {
      const at = (<usize>feature) << 2;
      const shift = feature & 15;
      let from = x + ((<usize>r * n) << 2) + at;
      let place = ((<usize>(r * words)) << 2) + ((<usize>feature >> 4) << 1);
      let v = f32x4.splat(0);
      let b = f32x4.splat(0);
      for (let t = 0; t < steps; t++) {
        const raised = f32x4.add(level, f32x4.mul(f32x4.splat(rise), b));
        v = f32x4.add(f32x4.mul(v, leak), current(from, scale ? scale + at : 0, offset + at));
        if (gate)
          store<u16>(gate + place, <u16>(load<u16>(gate + place) | (isNear(v, raised, f32x4.splat(reach)) << shift)));
        const fired = f32x4.ge(v, raised);
        store<u16>(bits + place, <u16>(load<u16>(bits + place) | (i32x4.bitmask(fired) << shift)));
        v = f32x4.sub(v128.andnot(v, v128.and(fired, cleared)), v128.and(fired, lowered));
        b = f32x4.add(f32x4.mul(f32x4.splat(decay), b), v128.and(fired, f32x4.splat(1)));
        from += stepFloats;
        place += stepWords;
      }
    }
  }
}

/**
 * dI [T, rows, n] (+)= gradient of the input current; states are recomputed from x. The reset is treated as a constant, the
 * adaptation is not. Three sweeps over 32 features: states, slopes, gradients. `out` may be `ds`. Scratch: 64 T + 64 words.
 */
export function alifBackward(
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
  rise: f32,
  decay: f32,
  kind: i32,
  parameter: f32,
  out: usize,
  accumulate: i32,
  scratch: usize,
): void {
  const rowBytes = (<usize>n) << 2;
  const stepBytes = <usize>rows * rowBytes;
  const adaptations = scratch + SPAN;
  const distances = adaptations + SPAN;
  const slopes = distances + <usize>steps * SPAN;
  const leak = f32x4.splat(beta);
  const level = f32x4.splat(threshold);
  const raise = f32x4.splat(rise);
  const fade = f32x4.splat(decay);
  const lowered = soft ? level : f32x4.splat(0);
  const cleared = soft ? i32x4.splat(0) : i32x4.splat(-1);
  for (let r = 0; r < rows; r++) {
    for (let from: usize = 0; from < rowBytes; from += SPAN) {
      const width = min<usize>(SPAN, rowBytes - from);
      const first = <usize>r * rowBytes + from;
      clear(scratch);
      clear(adaptations);
      let at = first;
      for (let t = 0; t < steps; t++) {
        const place = distances + <usize>t * SPAN;
        for (let i: usize = 0; i < width; i += 16) {
          const b = v128.load(adaptations + i);
          const raised = f32x4.add(level, f32x4.mul(raise, b));
          const input = current(x + at + i, scale ? scale + from + i : 0, offset + from + i);
          const v = f32x4.add(f32x4.mul(v128.load(scratch + i), leak), input);
          const fired = f32x4.ge(v, raised);
          v128.store(place + i, f32x4.sub(v, raised));
          v128.store(scratch + i, f32x4.sub(v128.andnot(v, v128.and(fired, cleared)), v128.and(fired, lowered)));
          v128.store(adaptations + i, f32x4.add(f32x4.mul(fade, b), v128.and(fired, f32x4.splat(1))));
        }
        at += stepBytes;
      }
      surrogates(distances, <usize>steps * SPAN, kind, parameter, slopes);
      clear(scratch);
      clear(adaptations);
      for (let t = steps - 1; t >= 0; t--) {
        at -= stepBytes;
        const place = <usize>t * SPAN;
        for (let i: usize = 0; i < width; i += 16) {
          const db = v128.load(adaptations + i);
          const fired = f32x4.ge(v128.load(distances + place + i), f32x4.splat(0));
          const ofSpike = f32x4.mul(f32x4.add(v128.load(ds + at + i), db), v128.load(slopes + place + i));
          const carry = v128.andnot(v128.load(scratch + i), v128.and(fired, cleared));
          const gradient = f32x4.add(ofSpike, f32x4.mul(leak, carry));
          v128.store(scratch + i, gradient);
          v128.store(adaptations + i, f32x4.sub(f32x4.mul(fade, db), f32x4.mul(raise, ofSpike)));
          const to = out + at + i;
          v128.store(to, accumulate ? f32x4.add(v128.load(to), gradient) : gradient);
        }
      }
    }
  }
}
