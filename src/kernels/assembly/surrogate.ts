/** Surrogate gradients of the spike function, four lanes at a time. Twin: `model/neuron/surrogate.ts`. */
import { sigmoid4 } from "./math";

/** Derivative of the spike with respect to V - threshold. kind 0: sigmoid(alpha), 1: triangular(width), 2: rectangular(width). */
// @ts-ignore: decorator
@inline export function surrogate(distance: v128, kind: i32, parameter: v128, inverse: v128): v128 {
  if (kind == 0) {
    const s = sigmoid4(f32x4.mul(parameter, distance));
    return f32x4.mul(parameter, f32x4.mul(s, f32x4.sub(f32x4.splat(1), s)));
  }
  if (kind == 1) {
    const height = f32x4.sub(f32x4.splat(1), f32x4.mul(f32x4.abs(distance), inverse));
    return f32x4.mul(inverse, f32x4.max(height, f32x4.splat(0)));
  }
  return v128.and(f32x4.lt(f32x4.abs(distance), parameter), f32x4.mul(f32x4.splat(0.5), inverse));
}
