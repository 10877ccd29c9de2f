/**
 * Signed weights on pairs of conductances and back.
 *
 * A weight is the difference of two devices, w = (g+ - g-) / scale; the device of the other sign is left at zero. The
 * largest conductance stands for a quantile of |w| (1: the largest weight) over the whole crossbar, or over each column: then
 * every column uses all of its devices' range, and errors are small beside its own weights. Larger weights are clipped. With b bits a device takes 2^b - 1 equally spaced levels above zero, so that a pair has
 * 2 (2^b - 1) + 1 signed levels: 31 for the 4 bits of Table II (Xpikeformer, arXiv 2408.08794v2), -15 .. +15.
 *
 * What becomes of a pair after programming is told in `pairs.ts`.
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
  /** What shares a scale. */
  readonly scaling: "crossbar" | "column";
}

export interface ConductancePairs {
  /** Target conductances of the two devices of each weight, `[rows, columns]`, microsiemens. */
  readonly plus: Float64Array;
  readonly minus: Float64Array;
  /** Microsiemens per unit of weight, by column. */
  readonly scales: Float64Array;
  /** Weights that were clipped because their size exceeds `maxConductance / scale`. */
  readonly clipped: number;
}

/**
 * The largest weight is taken to be this at least, as in aihwkit: zeros have no natural scale, and with this one their noise
 * stands for next to no weight.
 */
const SMALLEST_WEIGHT = 1e-7;

/**
 * Target conductances of a matrix of weights. Without `bits`, no clipping and no noise, `pairWeights` returns the same floats.
 *
 * Shapes   weights: [rows, columns]
 */
export function convertWeights(weights: Float32Array, columns: number, settings: ConversionSettings): ConductancePairs {
  const { maxConductance, bits } = settings;
  const largest = largestWeights(weights.map(Math.abs), columns, settings);
  const scales = largest.map((size) => maxConductance / Math.max(size, SMALLEST_WEIGHT));
  const levels = bits === null ? null : 2 ** bits - 1;
  const plus = new Float64Array(weights.length);
  const minus = new Float64Array(weights.length);
  let clipped = 0;
  for (let i = 0; i < weights.length; i++) {
    const size = Math.abs(weights[i]);
    if (size > largest[i % columns]) clipped++;
    const conductance = Math.min(size * scales[i % columns], maxConductance);
    const target =
      levels === null
        ? conductance
        : (roundHalfEven((conductance / maxConductance) * levels) * maxConductance) / levels;
    (weights[i] < 0 ? minus : plus)[i] = target;
  }
  return { plus, minus, scales, clipped };
}

/** The size of weight that the largest conductance stands for, by column. */
function largestWeights(sizes: Float32Array, columns: number, settings: ConversionSettings): Float64Array {
  const largestOf = (values: Float32Array) => quantile(values, settings.clippingQuantile) || quantile(values, 1);
  if (settings.scaling === "crossbar") return new Float64Array(columns).fill(largestOf(sizes));
  const rows = sizes.length / columns;
  const column = (c: number) => Float32Array.from({ length: rows }, (_, r) => sizes[r * columns + c]);
  return Float64Array.from({ length: columns }, (_, c) => largestOf(column(c)));
}

/** The weights that pairs of conductances stand for. */
export function pairWeights(plus: Float64Array, minus: Float64Array, scales: Float64Array): Float32Array {
  const weights = new Float32Array(plus.length);
  for (let i = 0; i < weights.length; i++) weights[i] = (plus[i] - minus[i]) / scales[i % scales.length];
  return weights;
}
