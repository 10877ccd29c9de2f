/**
 * Converts signed weights to pairs of conductances and back.
 *
 * A weight is the difference of two devices, w = (g+ - g-) / scale; the device of the opposite sign stays at zero. The largest
 * conductance represents a quantile of |w| (1: the largest weight), taken over the whole crossbar or over each column. With
 * column scales, every column uses the full range of its devices, so errors are small relative to the column's own weights.
 * Larger weights are clipped. With b bits a device has 2^b - 1 equally spaced levels above zero, and a pair 2 (2^b - 1) + 1
 * signed levels: 31 for the 4 bits of Table II (Xpikeformer, arXiv 2408.08794v2), -15 .. +15.
 *
 * `pairs.ts` describes what happens to a pair after programming.
 */
import { quantileAboveZero } from "../numeric/quantile.ts";
import { roundHalfEven } from "../numeric/rounding.ts";

export interface ConversionSettings {
  /** Conductance of the largest weight, microsiemens. */
  readonly maxConductance: number;
  /** Bits of each device; null is continuous. */
  readonly bits: number | null;
  /** Quantile of |w| that is mapped to `maxConductance`. */
  readonly clippingQuantile: number;
  /** Which weights share a scale. */
  readonly scaling: "crossbar" | "column";
  /** The weight of the largest conductance by column, where crossbars share it; default from these weights. */
  readonly largest?: Float64Array;
}

export interface ConductancePairs {
  /** Target conductances of the two devices of each weight, `[rows, columns]`, microsiemens. */
  readonly plus: Float64Array;
  readonly minus: Float64Array;
  /** Microsiemens per unit of weight, by column. */
  readonly scales: Float64Array;
  /** Number of weights clipped because their magnitude exceeds `maxConductance / scale`. */
  readonly clipped: number;
}

/**
 * Lower bound on the largest weight, as in aihwkit: an all-zero block has no natural scale, and this one makes its noise
 * negligible in units of weights.
 */
const SMALLEST_WEIGHT = 1e-7;

/**
 * Target conductances of a weight matrix. Without `bits`, clipping and noise, `pairWeights` returns the same floats.
 *
 * Shapes   weights: [rows, columns]
 * State    the targets are the two halves of `targets`, which is overwritten; a new array is allocated if omitted
 */
export function convertWeights(
  weights: Float32Array,
  columns: number,
  settings: ConversionSettings,
  targets: Float64Array = new Float64Array(2 * weights.length),
): ConductancePairs {
  const { maxConductance, bits } = settings;
  const largest = settings.largest ?? largestWeights(weights, columns, settings);
  const scales = largest.map((size) => maxConductance / Math.max(size, SMALLEST_WEIGHT));
  const levels = bits === null ? null : 2 ** bits - 1;
  const plus = targets.subarray(0, weights.length).fill(0);
  const minus = targets.subarray(weights.length, 2 * weights.length).fill(0);
  let clipped = 0;
  for (let row = 0; row < weights.length; row += columns) {
    for (let c = 0; c < columns; c++) {
      const weight = weights[row + c];
      const size = Math.abs(weight);
      if (size > largest[c]) clipped++;
      const conductance = Math.min(size * scales[c], maxConductance);
      const target =
        levels === null
          ? conductance
          : (roundHalfEven((conductance / maxConductance) * levels) * maxConductance) / levels;
      (weight < 0 ? minus : plus)[row + c] = target;
    }
  }
  return { plus, minus, scales, clipped };
}

/** The weight magnitude that the largest conductance represents, by column. */
export function largestWeights(
  weights: Float32Array,
  columns: number,
  { scaling, clippingQuantile }: Pick<ConversionSettings, "scaling" | "clippingQuantile">,
): Float64Array {
  const largest = new Float64Array(columns);
  if (scaling === "crossbar") return largest.fill(quantileAboveZero(weights.map(Math.abs), clippingQuantile));
  const column = new Float32Array(weights.length / columns);
  for (let c = 0; c < columns; c++) {
    for (let r = 0, from = c; r < column.length; r++, from += columns) column[r] = Math.abs(weights[from]);
    largest[c] = quantileAboveZero(column, clippingQuantile);
  }
  return largest;
}

/** The weights that pairs of conductances represent. */
export function pairWeights(plus: Float64Array, minus: Float64Array, scales: Float64Array): Float32Array {
  const weights = new Float32Array(plus.length);
  const columns = scales.length;
  for (let row = 0; row < weights.length; row += columns) {
    for (let c = 0; c < columns; c++) weights[row + c] = (plus[row + c] - minus[row + c]) / scales[c];
  }
  return weights;
}
