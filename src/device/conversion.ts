/**
 * Signed weights on pairs of conductances and back.
 *
 * A weight is the difference of two devices, w = (g+ - g-) / scale; the device of the other sign is left at zero. One
 * scale serves a whole crossbar: the largest conductance stands for a quantile of |w| (1: the largest weight), larger
 * weights are clipped. With b bits a device takes 2^b - 1 equally spaced levels above zero, so that a pair has
 * 2 (2^b - 1) + 1 signed levels: 31 for the 4 bits of Table II (Xpikeformer, arXiv 2408.08794v2), -15 .. +15.
 *
 * Pairs are handled physically: both devices keep their own error, drift and read noise, also the one at zero.
 */
import { quantile } from "../numeric/quantile.ts";
import { roundHalfEven } from "../numeric/rounding.ts";

export interface ConversionSettings {
  /** Conductance of the largest weight, microsiemens. */
  readonly maxConductance: number;
  /** Bits of each device; null is continuous. */
  readonly bits: number | null;
  /** Quantile of |w| that maps to `maxConductance`. */
  readonly clippingQuantile: number;
}

export interface ConductancePairs {
  /** Target conductances of the two devices of each weight, microsiemens, in the order of the weights. */
  readonly plus: Float64Array;
  readonly minus: Float64Array;
  /** Microsiemens per unit of weight. */
  readonly scale: number;
  /** Weights that were clipped because their size exceeds `maxConductance / scale`. */
  readonly clipped: number;
}

/** Target conductances of a matrix of weights. Without `bits`, no clipping and no noise, `pairWeights` returns the same floats. */
export function convertWeights(weights: Float32Array, settings: ConversionSettings): ConductancePairs {
  const { maxConductance, bits, clippingQuantile } = settings;
  const sizes = weights.map(Math.abs);
  const largest = quantile(sizes, clippingQuantile) || quantile(sizes, 1);
  // A crossbar of zeros has no natural scale; any positive one represents it.
  const scale = maxConductance / (largest || 1);
  const levels = bits === null ? null : 2 ** bits - 1;
  const plus = new Float64Array(weights.length);
  const minus = new Float64Array(weights.length);
  let clipped = 0;
  for (let i = 0; i < weights.length; i++) {
    const size = sizes[i];
    if (size > largest) clipped++;
    const conductance = Math.min(size * scale, maxConductance);
    const target =
      levels === null
        ? conductance
        : (roundHalfEven((conductance / maxConductance) * levels) * maxConductance) / levels;
    (weights[i] < 0 ? minus : plus)[i] = target;
  }
  return { plus, minus, scale, clipped };
}

/** The weights that pairs of conductances stand for. */
export function pairWeights(plus: Float64Array, minus: Float64Array, scale: number): Float32Array {
  const weights = new Float32Array(plus.length);
  for (let i = 0; i < weights.length; i++) weights[i] = (plus[i] - minus[i]) / scale;
  return weights;
}
