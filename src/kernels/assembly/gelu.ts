/**
 * GELU in the tanh approximation of GPT-2 (Hendrycks and Gimpel, arXiv 1606.08415):
 *   y = x (1 + tanh u) / 2 = x sigmoid(2 u), 2 u = a x (1 + b x^2), a = 2 sqrt(2 / pi), b = 0.044715.
 * The sigmoid form keeps its relative accuracy where tanh u is near -1; both y and its slope are 0 where 2 u < -60.
 */
import { matters4, sigmoid4 } from "./math";

const A: f32 = 1.5957691216057308;
const B: f32 = 0.044715;

/** target = GELU(source); target may be source. */
export function geluForward(source: usize, count: i32, target: usize): void {
  const end = source + <usize>count * 4;
  for (; source + 16 <= end; source += 16, target += 16) v128.store(target, gelu4(v128.load(source)));
  for (; source < end; source += 4, target += 4) v128.store32_lane(target, gelu4(v128.load32_zero(source)), 0);
}

/** dSource = dTarget GELU'(source); dSource may be dTarget. */
export function geluBackward(source: usize, count: i32, dTarget: usize, dSource: usize): void {
  const end = source + <usize>count * 4;
  for (; source + 16 <= end; source += 16, dTarget += 16, dSource += 16) {
    v128.store(dSource, f32x4.mul(v128.load(dTarget), slope4(v128.load(source))));
  }
  for (; source < end; source += 4, dTarget += 4, dSource += 4) {
    v128.store32_lane(dSource, f32x4.mul(v128.load32_zero(dTarget), slope4(v128.load32_zero(source))), 0);
  }
}

// @ts-ignore: decorator
@inline
function gelu4(x: v128): v128 {
  const curve = f32x4.add(f32x4.splat(1), f32x4.mul(f32x4.splat(B), f32x4.mul(x, x)));
  const u2 = f32x4.mul(f32x4.mul(f32x4.splat(A), x), curve);
  return v128.and(f32x4.mul(x, sigmoid4(u2)), matters4(u2));
}

/** s + x s (1 - s) a (1 + 3 b x^2) with s = sigmoid(2 u). */
// @ts-ignore: decorator
@inline
function slope4(x: v128): v128 {
  const one = f32x4.splat(1);
  const bxx = f32x4.mul(f32x4.splat(B), f32x4.mul(x, x));
  const ax = f32x4.mul(f32x4.splat(A), x);
  const u2 = f32x4.mul(ax, f32x4.add(one, bxx));
  const s = v128.and(sigmoid4(u2), matters4(u2));
  const inner = f32x4.mul(ax, f32x4.add(one, f32x4.mul(f32x4.splat(3), bxx)));
  return f32x4.add(s, f32x4.mul(f32x4.mul(s, f32x4.sub(one, s)), inner));
}
