/**
 * WGSL of elementary functions: those of `../assembly/math.ts`, in the same order of the same operations, because those of WGSL itself are
 * less accurate and differ between GPUs.
 */

/** e^x with a relative error below 3e-7 for -87 <= x <= 88, whether it matters next to 1, and the logistic function. */
export const EXPONENTIAL = `
fn exponential(argument: f32) -> f32 {
  let x = clamp(argument, -87.0, 88.0);
  let n = round(x * 1.44269504088896341);
  let r = (x - n * 0.693359375) + n * 2.1219444e-4;
  var p = 1.98756915e-4;
  p = p * r + 1.3981999507e-3;
  p = p * r + 8.3334519073e-3;
  p = p * r + 4.1665795894e-2;
  p = p * r + 1.6666665459e-1;
  p = p * r + 5.0000001201e-1;
  p = (p * (r * r) + r) + 1.0;
  return p * bitcast<f32>((i32(n) + 127) << 23u);
}
fn matters(x: f32) -> bool { return x >= -60.0; }
fn sigmoid(x: f32) -> f32 { return 1.0 / (1.0 + exponential(-x)); }
`;

/** ln x of a positive normal number: x = 2^e m with m around 1, ln m = 2 artanh((m - 1) / (m + 1)); relative error below 3e-7. */
export const LOGARITHM = `
fn logarithm(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  var exponent = f32(i32(bits >> 23u) - 127);
  var m = bitcast<f32>((bits & 0x007fffffu) | 0x3f800000u);
  if (m > 1.41421356) {
    m *= 0.5;
    exponent += 1.0;
  }
  let s = (m - 1.0) / (m + 1.0);
  let z = s * s;
  var sum = 0.09090909;
  sum = sum * z + 0.11111111;
  sum = sum * z + 0.14285714;
  sum = sum * z + 0.2;
  sum = sum * z + 0.33333333;
  let tail = 2.0 * s * (z * sum);
  return exponent * 0.693359375 + (2.0 * s + (tail - exponent * 2.1219444e-4));
}
`;

/** Lanes of kernels that take a group per row. */
export const ROW_LANES = 64;
