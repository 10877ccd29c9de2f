/** Surrogate gradients of the spike function, four lanes at a time. Twin: `model/neuron/surrogate.ts`. */

/** Adding and subtracting 1.5 2^23 rounds to an integer, which is in the low bits in between. */
const ROUND: f32 = 12582912;

/**
 * Derivative of the spike with respect to V - threshold. kind 0: sigmoid(alpha), 1: triangular(width), 2: rectangular(width),
 * 3: atan(alpha); `inverse` is 1 / parameter.
 */
// @ts-ignore: decorator
@inline
export function surrogate(distance: v128, kind: i32, parameter: v128, inverse: v128): v128 {
  if (kind == 0) return sigmoidSlope(distance, parameter);
  if (kind == 3) return arctangentSlope(distance, parameter);
  return kind == 1 ? triangularSlope(distance, inverse) : rectangularSlope(distance, parameter, inverse);
}

/**
 * The sigmoid's derivative is even in x: alpha e / (1 + e)^2 with e = 2^u, u = -alpha |x| / ln 2 (at least -126). A polynomial
 * gives 2^f on the fraction |f| <= 0.5 of u, with a relative error below 3e-6: exact enough for a derivative that is itself a
 * stand-in, and a third of the work of `exp4`.
 */
// @ts-ignore: decorator
@inline
function sigmoidSlope(distance: v128, alpha: v128): v128 {
  const u = f32x4.pmax(f32x4.mul(f32x4.mul(alpha, f32x4.splat(-1.44269504)), f32x4.abs(distance)), f32x4.splat(-126));
  const rounded = f32x4.add(u, f32x4.splat(ROUND));
  const f = f32x4.sub(u, f32x4.sub(rounded, f32x4.splat(ROUND)));
  let e = f32x4.splat(0.009570102);
  e = f32x4.add(f32x4.mul(e, f), f32x4.splat(0.05591786));
  e = f32x4.add(f32x4.mul(e, f), f32x4.splat(0.24024745));
  e = f32x4.add(f32x4.mul(e, f), f32x4.splat(0.69312181));
  e = f32x4.add(f32x4.mul(e, f), f32x4.splat(0.99999926));
  e = i32x4.add(e, i32x4.shl(rounded, 23));
  const sum = f32x4.add(f32x4.splat(1), e);
  return f32x4.div(f32x4.mul(alpha, e), f32x4.mul(sum, sum));
}

// @ts-ignore: decorator
@inline
function triangularSlope(distance: v128, inverse: v128): v128 {
  const height = f32x4.sub(f32x4.splat(1), f32x4.mul(f32x4.abs(distance), inverse));
  return f32x4.mul(inverse, f32x4.pmax(height, f32x4.splat(0)));
}

// @ts-ignore: decorator
@inline
function rectangularSlope(distance: v128, width: v128, inverse: v128): v128 {
  return v128.and(f32x4.lt(f32x4.abs(distance), width), f32x4.mul(f32x4.splat(0.5), inverse));
}

// @ts-ignore: decorator
@inline
function arctangentSlope(distance: v128, alpha: v128): v128 {
  const x = f32x4.mul(f32x4.mul(alpha, f32x4.splat(1.5707964)), distance);
  return f32x4.div(f32x4.mul(f32x4.splat(0.5), alpha), f32x4.add(f32x4.splat(1), f32x4.mul(x, x)));
}

/**
 * Derivatives at `width` bytes of V - threshold. The kind is chosen outside the loops; inside, V8 would rebuild every
 * constant for each vector.
 */
// @ts-ignore: decorator
@inline
export function surrogates(distances: usize, width: usize, kind: i32, parameter: f32, out: usize): void {
  const shape = f32x4.splat(parameter);
  const inverse = f32x4.splat(1 / parameter);
  if (kind == 0)
    for (let at: usize = 0; at < width; at += 16) v128.store(out + at, sigmoidSlope(v128.load(distances + at), shape));
  else if (kind == 1)
    for (let at: usize = 0; at < width; at += 16)
      v128.store(out + at, triangularSlope(v128.load(distances + at), inverse));
  else if (kind == 3)
    for (let at: usize = 0; at < width; at += 16)
      v128.store(out + at, arctangentSlope(v128.load(distances + at), shape));
  else
    for (let at: usize = 0; at < width; at += 16)
      v128.store(out + at, rectangularSlope(v128.load(distances + at), shape, inverse));
}
