/**
 * Leaky integrate-and-fire over T steps, and back. Twin: `model/neuron/lif.ts`.
 *
 *   I = scale x + offset          per feature; identity when `scale` is 0
 *   V = beta V + I                fire where V >= threshold, then hard reset to 0 (or soft: V - threshold)
 *
 * x [T, rows, n] float32, n a multiple of 4; spikes are packed `[T][rows][words]`.
 */
import { surrogate } from "./surrogate";

export function lifForward(x: usize, steps: i32, rows: i32, n: i32, scale: usize, offset: usize, beta: f32, threshold: f32, soft: i32, bits: usize, words: i32): void {
  const leak = f32x4.splat(beta);
  const level = f32x4.splat(threshold);
  const stepFloats = <usize>rows * n << 2;
  const stepWords = <usize>rows * words << 2;
  for (let r = 0; r < rows; r++) {
    for (let word = 0; word < words; word++) {
      const target = bits + (<usize>(r * words + word) << 2);
      for (let t = 0; t < steps; t++) store<u32>(target + <usize>t * stepWords, 0);
      const groups = min(32, n - (word << 5)) >> 2;
      for (let g = 0; g < groups; g++) {
        const feature = (word << 5) + (g << 2);
        let source = x + ((<usize>r * n + feature) << 2);
        let out = target;
        let v = f32x4.splat(0);
        const a = scale ? v128.load(scale + (<usize>feature << 2)) : f32x4.splat(1);
        const c = scale ? v128.load(offset + (<usize>feature << 2)) : f32x4.splat(0);
        for (let t = 0; t < steps; t++) {
          const current = scale ? f32x4.add(f32x4.mul(v128.load(source), a), c) : v128.load(source);
          v = f32x4.add(f32x4.mul(v, leak), current);
          const fired = f32x4.ge(v, level);
          v = soft ? f32x4.sub(v, v128.and(fired, level)) : v128.andnot(v, fired);
          store<u32>(out, load<u32>(out) | (<u32>i32x4.bitmask(fired) << (g << 2)));
          source += stepFloats;
          out += stepWords;
        }
      }
    }
  }
}

/**
 * dI [T, rows, n] (+)= gradient of the input current; membranes are recomputed from x. The reset is held constant:
 *   dV_t = ds_t s'(V_t - threshold) + beta dV_(t+1) (1 - s_t)   (soft reset: without the last factor),  dI_t = dV_t.
 * `out` may be `ds`. Scratch: 4 T words.
 */
export function lifBackward(ds: usize, x: usize, steps: i32, rows: i32, n: i32, scale: usize, offset: usize, beta: f32, threshold: f32, soft: i32, kind: i32, parameter: f32, out: usize, accumulate: i32, scratch: usize): void {
  const leak = f32x4.splat(beta);
  const level = f32x4.splat(threshold);
  const shape = f32x4.splat(parameter);
  const inverse = f32x4.splat(1 / parameter);
  const stepFloats = <usize>rows * n << 2;
  for (let r = 0; r < rows; r++) {
    for (let feature = 0; feature < n; feature += 4) {
      const at = (<usize>r * n + feature) << 2;
      let source = x + at;
      let v = f32x4.splat(0);
      const a = scale ? v128.load(scale + (<usize>feature << 2)) : f32x4.splat(1);
      const c = scale ? v128.load(offset + (<usize>feature << 2)) : f32x4.splat(0);
      for (let t = 0; t < steps; t++) {
        const current = scale ? f32x4.add(f32x4.mul(v128.load(source), a), c) : v128.load(source);
        v = f32x4.add(f32x4.mul(v, leak), current);
        v128.store(scratch + (<usize>t << 4), v);
        const fired = f32x4.ge(v, level);
        v = soft ? f32x4.sub(v, v128.and(fired, level)) : v128.andnot(v, fired);
        source += stepFloats;
      }
      let carry = f32x4.splat(0);
      for (let t = steps - 1; t >= 0; t--) {
        const membrane = v128.load(scratch + (<usize>t << 4));
        const spot = <usize>t * stepFloats + at;
        const fired = f32x4.ge(membrane, level);
        const slope = surrogate(f32x4.sub(membrane, level), kind, shape, inverse);
        const kept = soft ? carry : v128.andnot(carry, fired);
        carry = f32x4.add(f32x4.mul(v128.load(ds + spot), slope), f32x4.mul(leak, kept));
        v128.store(out + spot, accumulate ? f32x4.add(v128.load(out + spot), carry) : carry);
      }
    }
  }
}
