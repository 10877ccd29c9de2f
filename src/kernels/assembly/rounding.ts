/**
 * Rounding of values to codes, and its straight-through gradient (`model/quantization.ts`). Matrices are blocks of columns: rows are
 * `stride` values apart. With v = (x - shift) / step and its code q = clamp(nearest(v), low, high):
 *
 *   target = step q + shift
 *   where low <= v <= high: dx = d, dstep += d (q - v); beyond: dx = 0, dstep += d q, dshift += d
 */
import { sum4 } from "./math";

/** step and shift are places of one number each; target may be source. */
export function roundToCodes(
  source: usize,
  rows: i32,
  columns: i32,
  stride: i32,
  step: usize,
  shift: usize,
  low: f32,
  high: f32,
  target: usize,
): void {
  const step4 = v128.load32_splat(step);
  const shift4 = v128.load32_splat(shift);
  const low4 = f32x4.splat(low);
  const high4 = f32x4.splat(high);
  const bytes = <usize>stride * 4;
  for (let i = 0; i < rows; i++) {
    let from = source + <usize>i * bytes;
    let to = target + <usize>i * bytes;
    const end = from + <usize>columns * 4;
    for (; from + 16 <= end; from += 16, to += 16) {
      const v = f32x4.div(f32x4.sub(v128.load(from), shift4), step4);
      v128.store(to, f32x4.add(f32x4.mul(step4, codes4(v, low4, high4)), shift4));
    }
    for (; from < end; from += 4, to += 4) {
      const v = f32x4.div(f32x4.sub(v128.load32_zero(from), shift4), step4);
      v128.store32_lane(to, f32x4.add(f32x4.mul(step4, codes4(v, low4, high4)), shift4), 0);
    }
  }
}

/** Replaces d, the gradient of the target, by that of the source; adds to dStep and dShift, one number each. */
export function roundToCodesBackward(
  source: usize,
  rows: i32,
  columns: i32,
  stride: i32,
  step: usize,
  shift: usize,
  low: f32,
  high: f32,
  d: usize,
  dStep: usize,
  dShift: usize,
): void {
  const step4 = v128.load32_splat(step);
  const shift4 = v128.load32_splat(shift);
  const low4 = f32x4.splat(low);
  const high4 = f32x4.splat(high);
  const bytes = <usize>stride * 4;
  let stepSum: f64 = 0;
  let shiftSum: f64 = 0;
  for (let i = 0; i < rows; i++) {
    let from = source + <usize>i * bytes;
    let to = d + <usize>i * bytes;
    const end = from + <usize>columns * 4;
    let steps = f32x4.splat(0);
    let shifts = f32x4.splat(0);
    for (; from + 16 <= end; from += 16, to += 16) {
      const v = f32x4.div(f32x4.sub(v128.load(from), shift4), step4);
      const g = v128.load(to);
      const within = v128.and(f32x4.ge(v, low4), f32x4.le(v, high4));
      const slope = f32x4.sub(codes4(v, low4, high4), v128.and(within, v));
      steps = f32x4.add(steps, f32x4.mul(g, slope));
      shifts = f32x4.add(shifts, v128.andnot(g, within));
      v128.store(to, v128.and(g, within));
    }
    for (; from < end; from += 4, to += 4) {
      const v = f32x4.div(f32x4.sub(v128.load32_zero(from), shift4), step4);
      // The other lanes of g are 0, and so are their terms.
      const g = v128.load32_zero(to);
      const within = v128.and(f32x4.ge(v, low4), f32x4.le(v, high4));
      const slope = f32x4.sub(codes4(v, low4, high4), v128.and(within, v));
      steps = f32x4.add(steps, f32x4.mul(g, slope));
      shifts = f32x4.add(shifts, v128.andnot(g, within));
      v128.store32_lane(to, v128.and(g, within), 0);
    }
    stepSum += <f64>sum4(steps);
    shiftSum += <f64>sum4(shifts);
  }
  store<f32>(dStep, load<f32>(dStep) + <f32>stepSum);
  store<f32>(dShift, load<f32>(dShift) + <f32>shiftSum);
}

// @ts-ignore: decorator
@inline
function codes4(v: v128, low: v128, high: v128): v128 {
  return f32x4.pmin(high, f32x4.pmax(low, f32x4.nearest(v)));
}
