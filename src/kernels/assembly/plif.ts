/**
 * LIF neurons whose leak is learned: the backward pass of `lif.ts`, with the gradient of the leak. Twin: `model/neuron/plif.ts`.
 *
 *   beta = sigmoid(w);   dw += beta (1 - beta) sum over t and neurons of dV_t V'_(t-1)
 */
import { clear, gradientStep, membraneStep, SPAN } from "./lif";
import { surrogates } from "./surrogate";

/**
 * As `lifBackward`; also adds to the number at `leak`. The sum is single precision over 32 features and all steps, double precision
 * over these. Scratch: 96 T + 32 words.
 */
export function plifBackward(
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
  leak: usize,
): void {
  const rowBytes = (<usize>n) << 2;
  const stepBytes = <usize>rows * rowBytes;
  const distances = scratch + SPAN;
  const slopes = distances + <usize>steps * SPAN;
  const earlier = slopes + <usize>steps * SPAN;
  let total: f64 = 0;
  for (let r = 0; r < rows; r++) {
    for (let from: usize = 0; from < rowBytes; from += SPAN) {
      const width = min<usize>(SPAN, rowBytes - from);
      const first = <usize>r * rowBytes + from;
      clear(scratch);
      let at = first;
      for (let t = 0; t < steps; t++) {
        const place = <usize>t * SPAN;
        memory.copy(earlier + place, scratch, width);
        membraneStep(
          x + at,
          width,
          scale ? scale + from : 0,
          offset + from,
          beta,
          threshold,
          soft,
          scratch,
          distances + place,
        );
        at += stepBytes;
      }
      surrogates(distances, <usize>steps * SPAN, kind, parameter, slopes);
      clear(scratch);
      let sum = f32x4.splat(0);
      for (let t = steps - 1; t >= 0; t--) {
        at -= stepBytes;
        const place = <usize>t * SPAN;
        if (accumulate)
          gradientStep(ds + at, width, distances + place, slopes + place, beta, soft, scratch, out + at, true);
        else gradientStep(ds + at, width, distances + place, slopes + place, beta, soft, scratch, out + at, false);
        for (let v: usize = 0; v < width; v += 16)
          sum = f32x4.add(sum, f32x4.mul(v128.load(scratch + v), v128.load(earlier + place + v)));
      }
      total += f64(f32x4.extract_lane(sum, 0)) + f64(f32x4.extract_lane(sum, 1));
      total += f64(f32x4.extract_lane(sum, 2)) + f64(f32x4.extract_lane(sum, 3));
    }
  }
  const slope = f64(beta) * (1 - f64(beta));
  store<f32>(leak, load<f32>(leak) + f32(slope * total));
}
