/** Cross-entropy of classes against target distributions, and of bits against their probabilities. */
import { exp4, naturalLog, sum4 } from "./math";

/**
 * Returns the sum over rows of -sum_c target_c ln softmax(logits)_c, in nats, accumulated in float64, and writes
 * dLogits = scale (softmax(logits) - targets). logits, targets, dLogits [rows, classes]; each target row sums to 1.
 */
export function crossEntropy(logits: usize, targets: usize, rows: i32, classes: i32, dLogits: usize, scale: f32): f64 {
  const bytes = <usize>classes * 4;
  const whole = <usize>(classes & ~3) * 4;
  let loss: f64 = 0;
  for (let i = 0; i < rows; i++) {
    let most = load<f32>(logits);
    for (let at: usize = 4; at < bytes; at += 4) most = max(most, load<f32>(logits + at));
    const most4 = f32x4.splat(most);
    let four = f32x4.splat(0);
    for (let at: usize = 0; at < whole; at += 16) {
      const e = exp4(f32x4.sub(v128.load(logits + at), most4));
      four = f32x4.add(four, e);
      v128.store(dLogits + at, e);
    }
    let sum = sum4(four);
    for (let at = whole; at < bytes; at += 4) {
      const e = f32x4.extract_lane(exp4(f32x4.sub(v128.load32_zero(logits + at), most4)), 0);
      sum += e;
      store<f32>(dLogits + at, e);
    }
    const logSum = naturalLog(<f64>sum);
    const inverse = <f32>1 / sum;
    for (let at: usize = 0; at < bytes; at += 4) {
      const target = load<f32>(targets + at);
      loss += <f64>target * (logSum + <f64>most - <f64>load<f32>(logits + at));
      store<f32>(dLogits + at, scale * (load<f32>(dLogits + at) * inverse - target));
    }
    logits += bytes;
    targets += bytes;
    dLogits += bytes;
  }
  return loss;
}

/**
 * Returns the sum of ln(1 + e^z) - target z over the logits z, in nats, accumulated in float64, and writes
 * dLogits = scale (1 / (1 + e^-z) - targets). logits, targets, dLogits [count].
 */
export function bitCrossEntropy(logits: usize, targets: usize, count: i32, dLogits: usize, scale: f32): f64 {
  const bytes = <usize>count * 4;
  let loss: f64 = 0;
  for (let at: usize = 0; at < bytes; at += 4) {
    const z = load<f32>(logits + at);
    const target = load<f32>(targets + at);
    // e^-|z|, so that nothing overflows: ln(1 + e^z) = max(z, 0) + ln(1 + e^-|z|).
    const e = f32x4.extract_lane(exp4(f32x4.splat(-abs(z))), 0);
    const p = (z < 0 ? e : <f32>1) / (<f32>1 + e);
    loss += <f64>max(z, <f32>0) + naturalLog(1 + <f64>e) - <f64>target * <f64>z;
    store<f32>(dLogits + at, scale * (p - target));
  }
  return loss;
}
