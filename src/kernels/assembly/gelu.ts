/**
 * GELU (Hendrycks and Gimpel, arXiv 1606.08415), in the tanh approximation of GPT-2 and exact, and ReLU.
 *
 * tanh:   y = x (1 + tanh u) / 2 = x sigmoid(2 u), 2 u = a x (1 + b x^2), a = 2 sqrt(2 / pi), b = 0.044715.
 *         The sigmoid form keeps its relative accuracy where tanh u is near -1; both y and its slope are 0 where 2 u < -60.
 * exact:  y = x Phi(x). The tail Phi(-|x|) is e^(-x^2 / 2) t R(t) / 2 with t = 1 / (1 + 0.4 |x| / sqrt 2), and R a polynomial that was
 *         fitted to it for this file by weighted least squares, with a relative error below 5e-8; y and its slope have no tail
 *         where x^2 / 2 > 60. Errors: of y below 1e-7 + 1e-7 |x|, of the slope below 5e-7.
 */
import { exp4, matters4, sigmoid4 } from "./math";

const A: f32 = 1.5957691216057308;
const B: f32 = 0.044715;

/** target = tanh GELU(source); target may be source. */
export function tanhGeluForward(source: usize, count: i32, target: usize): void {
  const end = source + <usize>count * 4;
  for (; source + 16 <= end; source += 16, target += 16) v128.store(target, tanhGelu4(v128.load(source)));
  for (; source < end; source += 4, target += 4) v128.store32_lane(target, tanhGelu4(v128.load32_zero(source)), 0);
}

/** dSource = dTarget tanh GELU'(source); dSource may be dTarget. */
export function tanhGeluBackward(source: usize, count: i32, dTarget: usize, dSource: usize): void {
  const end = source + <usize>count * 4;
  for (; source + 16 <= end; source += 16, dTarget += 16, dSource += 16) {
    v128.store(dSource, f32x4.mul(v128.load(dTarget), tanhSlope4(v128.load(source))));
  }
  for (; source < end; source += 4, dTarget += 4, dSource += 4) {
    v128.store32_lane(dSource, f32x4.mul(v128.load32_zero(dTarget), tanhSlope4(v128.load32_zero(source))), 0);
  }
}

// @ts-ignore: decorator
@inline
function tanhGelu4(x: v128): v128 {
  const curve = f32x4.add(f32x4.splat(1), f32x4.mul(f32x4.splat(B), f32x4.mul(x, x)));
  const u2 = f32x4.mul(f32x4.mul(f32x4.splat(A), x), curve);
  return v128.and(f32x4.mul(x, sigmoid4(u2)), matters4(u2));
}

/** s + x s (1 - s) a (1 + 3 b x^2) with s = sigmoid(2 u). */
// @ts-ignore: decorator
@inline
function tanhSlope4(x: v128): v128 {
  const one = f32x4.splat(1);
  const bxx = f32x4.mul(f32x4.splat(B), f32x4.mul(x, x));
  const ax = f32x4.mul(f32x4.splat(A), x);
  const u2 = f32x4.mul(ax, f32x4.add(one, bxx));
  const s = v128.and(sigmoid4(u2), matters4(u2));
  const inner = f32x4.mul(ax, f32x4.add(one, f32x4.mul(f32x4.splat(3), bxx)));
  return f32x4.add(s, f32x4.mul(f32x4.mul(s, f32x4.sub(one, s)), inner));
}

/** target = GELU(source), exact; target may be source. */
export function geluForward(source: usize, count: i32, target: usize): void {
  const end = source + <usize>count * 4;
  for (; source + 16 <= end; source += 16, target += 16) v128.store(target, gelu4(v128.load(source)));
  for (; source < end; source += 4, target += 4) v128.store32_lane(target, gelu4(v128.load32_zero(source)), 0);
}

/** dSource = dTarget GELU'(source), exact; dSource may be dTarget. */
export function geluBackward(source: usize, count: i32, dTarget: usize, dSource: usize): void {
  const end = source + <usize>count * 4;
  for (; source + 16 <= end; source += 16, dTarget += 16, dSource += 16) {
    v128.store(dSource, f32x4.mul(v128.load(dTarget), slope4(v128.load(source))));
  }
  for (; source < end; source += 4, dTarget += 4, dSource += 4) {
    v128.store32_lane(dSource, f32x4.mul(v128.load32_zero(dTarget), slope4(v128.load32_zero(source))), 0);
  }
}

/** target = max(0, source); target may be source. */
export function reluForward(source: usize, count: i32, target: usize): void {
  for (let i = 0; i < count; i++, source += 4, target += 4) f32.store(target, max<f32>(0, f32.load(source)));
}

/** dSource = dTarget where source > 0, else 0; dSource may be dTarget. */
export function reluBackward(source: usize, count: i32, dTarget: usize, dSource: usize): void {
  for (let i = 0; i < count; i++, source += 4, dTarget += 4, dSource += 4) {
    f32.store(dSource, f32.load(source) > 0 ? f32.load(dTarget) : 0);
  }
}

/** e^(-x^2 / 2), or 0 where it does not matter. */
// @ts-ignore: decorator
@inline
function bell4(x: v128): v128 {
  const argument = f32x4.mul(f32x4.splat(-0.5), f32x4.mul(x, x));
  return v128.and(exp4(argument), matters4(argument));
}

/** Phi(x), given e^(-x^2 / 2). */
// @ts-ignore: decorator
@inline
function distribution4(x: v128, bell: v128): v128 {
  const one = f32x4.splat(1);
  // 0.4 / sqrt 2
  const t = f32x4.div(one, f32x4.add(one, f32x4.mul(f32x4.splat(0.28284271247461906), f32x4.abs(x))));
  let r = f32x4.splat(0.03551672026515007);
  r = f32x4.add(f32x4.mul(r, t), f32x4.splat(-0.11170511692762375));
  r = f32x4.add(f32x4.mul(r, t), f32x4.splat(0.023141972720623016));
  r = f32x4.add(f32x4.mul(r, t), f32x4.splat(0.15984757244586945));
  r = f32x4.add(f32x4.mul(r, t), f32x4.splat(0.028264015913009644));
  r = f32x4.add(f32x4.mul(r, t), f32x4.splat(0.21624548733234406));
  r = f32x4.add(f32x4.mul(r, t), f32x4.splat(0.19576404988765717));
  r = f32x4.add(f32x4.mul(r, t), f32x4.splat(0.22734737396240234));
  r = f32x4.add(f32x4.mul(r, t), f32x4.splat(0.2255779653787613));
  const tail = f32x4.mul(f32x4.mul(f32x4.splat(0.5), bell), f32x4.mul(t, r));
  return v128.bitselect(tail, f32x4.sub(one, tail), f32x4.lt(x, f32x4.splat(0)));
}

// @ts-ignore: decorator
@inline
function gelu4(x: v128): v128 {
  return f32x4.mul(x, distribution4(x, bell4(x)));
}

/** Phi(x) + x e^(-x^2 / 2) / sqrt(2 pi). */
// @ts-ignore: decorator
@inline
function slope4(x: v128): v128 {
  const bell = bell4(x);
  const density = f32x4.mul(f32x4.splat(0.3989422804014327), bell);
  return f32x4.add(distribution4(x, bell), f32x4.mul(x, density));
}
