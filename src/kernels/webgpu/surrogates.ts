/**
 * WGSL of surrogate gradients, in the numbering of `kernels/wasm/neuron-kernels.ts`. Twin: `model/neuron/surrogate.ts`.
 *
 *   0 sigmoid  alpha e / (1 + e)^2, e = exp(-alpha |x|)      1 triangular   max(0, 1 - |x| / width) / width
 *   3 atan     alpha / 2 / (1 + (pi / 2 alpha x)^2)          2 rectangular  1 / (2 width) where |x| < width
 */
export const SURROGATE_NUMBERS = { surrogate: "u32", parameter: "f32" } as const;

export const SURROGATE = `
/** The derivative of a spike at x = V - threshold. */
fn slopeAt(x: f32) -> f32 {
  let p = call.parameter;
  switch call.surrogate {
    case 0u: {
      // Below 2^-126, a GPU may flush the exponential to 0.
      let e = exp(max(-p * abs(x), -87.0));
      return p * e / ((1.0 + e) * (1.0 + e));
    }
    case 1u: { return max(0.0, 1.0 - abs(x) / p) / p; }
    case 2u: { return select(0.0, 0.5 / p, abs(x) < p); }
    default: {
      let y = 1.5707964 * p * x;
      return 0.5 * p / (1.0 + y * y);
    }
  }
}
`;
