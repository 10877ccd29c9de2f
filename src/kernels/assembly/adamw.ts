/** AdamW: Adam with decoupled weight decay (Loshchilov and Hutter, ICLR 2019, algorithm 2). */

/**
 * first = beta1 first + (1 - beta1) g, second = beta2 second + (1 - beta2) g^2, and
 *   parameter -= learningRate ((first / correction1) / (sqrt(second / correction2) + epsilon) + decay parameter),
 * with correction = 1 - beta^t at step t = 1, 2, ...
 */
export function adamw(
  parameter: usize,
  gradient: usize,
  first: usize,
  second: usize,
  count: i32,
  learningRate: f32,
  beta1: f32,
  beta2: f32,
  epsilon: f32,
  decay: f32,
  correction1: f32,
  correction2: f32,
): void {
  const whole = <usize>(count & ~3) * 4;
  const bytes = <usize>count * 4;
  const inverse1 = f32x4.splat(<f32>1 / correction1);
  const inverse2 = f32x4.splat(<f32>1 / correction2);
  const b1 = f32x4.splat(beta1);
  const b2 = f32x4.splat(beta2);
  const c1 = f32x4.splat(1 - beta1);
  const c2 = f32x4.splat(1 - beta2);
  const e = f32x4.splat(epsilon);
  const rate = f32x4.splat(learningRate);
  const shrink = f32x4.splat(decay);
  for (let at: usize = 0; at < bytes; at += at < whole ? 16 : 4) {
    const four = at < whole;
    const g = four ? v128.load(gradient + at) : v128.load32_zero(gradient + at);
    const p = four ? v128.load(parameter + at) : v128.load32_zero(parameter + at);
    const m0 = four ? v128.load(first + at) : v128.load32_zero(first + at);
    const v0 = four ? v128.load(second + at) : v128.load32_zero(second + at);
    const m = f32x4.add(f32x4.mul(b1, m0), f32x4.mul(c1, g));
    const v = f32x4.add(f32x4.mul(b2, v0), f32x4.mul(c2, f32x4.mul(g, g)));
    const root = f32x4.add(f32x4.sqrt(f32x4.mul(v, inverse2)), e);
    const update = f32x4.add(f32x4.div(f32x4.mul(m, inverse1), root), f32x4.mul(shrink, p));
    const next = f32x4.sub(p, f32x4.mul(rate, update));
    if (four) {
      v128.store(parameter + at, next);
      v128.store(first + at, m);
      v128.store(second + at, v);
    } else {
      v128.store32_lane(parameter + at, next, 0);
      v128.store32_lane(first + at, m, 0);
      v128.store32_lane(second + at, v, 0);
    }
  }
}
