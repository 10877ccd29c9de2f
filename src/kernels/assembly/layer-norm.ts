/**
 * Layer normalisation over the last axis (Ba, Kiros, Hinton, arXiv 1607.06450):
 *   z = (x - mean) r, r = 1 / sqrt(variance + epsilon), y = gain z + offset.
 */
import { sum4 } from "./math";

/** source, target [rows, width]; statistics [rows, 2] receives mean and r for the backward pass. */
export function layerNormForward(
  source: usize,
  rows: i32,
  width: i32,
  gain: usize,
  offset: usize,
  epsilon: f32,
  target: usize,
  statistics: usize,
): void {
  const bytes = <usize>width * 4;
  const whole = <usize>(width & ~3) * 4;
  for (let i = 0; i < rows; i++) {
    let four = f32x4.splat(0);
    for (let at: usize = 0; at < whole; at += 16) four = f32x4.add(four, v128.load(source + at));
    let sum = sum4(four);
    for (let at = whole; at < bytes; at += 4) sum += load<f32>(source + at);
    const mean = sum / <f32>width;

    const mean4 = f32x4.splat(mean);
    four = f32x4.splat(0);
    for (let at: usize = 0; at < whole; at += 16) {
      const d = f32x4.sub(v128.load(source + at), mean4);
      four = f32x4.add(four, f32x4.mul(d, d));
    }
    sum = sum4(four);
    for (let at = whole; at < bytes; at += 4) {
      const d = load<f32>(source + at) - mean;
      sum += d * d;
    }
    const r = <f32>1 / sqrt<f32>(sum / <f32>width + epsilon);

    const r4 = f32x4.splat(r);
    for (let at: usize = 0; at < whole; at += 16) {
      const z = f32x4.mul(f32x4.sub(v128.load(source + at), mean4), r4);
      v128.store(target + at, f32x4.add(f32x4.mul(v128.load(gain + at), z), v128.load(offset + at)));
    }
    for (let at = whole; at < bytes; at += 4) {
      const z = (load<f32>(source + at) - mean) * r;
      store<f32>(target + at, load<f32>(gain + at) * z + load<f32>(offset + at));
    }
    store<f32>(statistics, mean);
    store<f32>(statistics, r, 4);
    statistics += 8;
    source += bytes;
    target += bytes;
  }
}

/**
 * With g = gain dy: dx = r (g - mean(g) - z mean(g z)). dx is added to dSource (the residual stream already carries a
 * gradient), dGain and dOffset grow by their sums over the rows.
 */
export function layerNormBackward(
  source: usize,
  rows: i32,
  width: i32,
  gain: usize,
  statistics: usize,
  dTarget: usize,
  dSource: usize,
  dGain: usize,
  dOffset: usize,
): void {
  const bytes = <usize>width * 4;
  const whole = <usize>(width & ~3) * 4;
  for (let i = 0; i < rows; i++) {
    const mean = load<f32>(statistics);
    const r = load<f32>(statistics, 4);
    const mean4 = f32x4.splat(mean);
    const r4 = f32x4.splat(r);
    let g4 = f32x4.splat(0);
    let gz4 = f32x4.splat(0);
    for (let at: usize = 0; at < whole; at += 16) {
      const dy = v128.load(dTarget + at);
      const z = f32x4.mul(f32x4.sub(v128.load(source + at), mean4), r4);
      const g = f32x4.mul(dy, v128.load(gain + at));
      g4 = f32x4.add(g4, g);
      gz4 = f32x4.add(gz4, f32x4.mul(g, z));
      v128.store(dGain + at, f32x4.add(v128.load(dGain + at), f32x4.mul(dy, z)));
      v128.store(dOffset + at, f32x4.add(v128.load(dOffset + at), dy));
    }
    let gSum = sum4(g4);
    let gzSum = sum4(gz4);
    for (let at = whole; at < bytes; at += 4) {
      const dy = load<f32>(dTarget + at);
      const z = (load<f32>(source + at) - mean) * r;
      const g = dy * load<f32>(gain + at);
      gSum += g;
      gzSum += g * z;
      store<f32>(dGain + at, load<f32>(dGain + at) + dy * z);
      store<f32>(dOffset + at, load<f32>(dOffset + at) + dy);
    }
    const gMean = gSum / <f32>width;
    const gzMean = gzSum / <f32>width;
    g4 = f32x4.splat(gMean);
    gz4 = f32x4.splat(gzMean);
    for (let at: usize = 0; at < whole; at += 16) {
      const z = f32x4.mul(f32x4.sub(v128.load(source + at), mean4), r4);
      const g = f32x4.mul(v128.load(dTarget + at), v128.load(gain + at));
      const dx = f32x4.mul(r4, f32x4.sub(f32x4.sub(g, g4), f32x4.mul(z, gz4)));
      v128.store(dSource + at, f32x4.add(v128.load(dSource + at), dx));
    }
    for (let at = whole; at < bytes; at += 4) {
      const z = (load<f32>(source + at) - mean) * r;
      const g = load<f32>(dTarget + at) * load<f32>(gain + at);
      store<f32>(dSource + at, load<f32>(dSource + at) + r * (g - gMean - z * gzMean));
    }
    statistics += 8;
    source += bytes;
    dTarget += bytes;
    dSource += bytes;
  }
}
