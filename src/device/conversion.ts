/**
 * Signed weights on pairs of conductances and back.
 *
 * A weight is the difference of two devices, w = (g+ - g-) / scale; the device of the other sign is left at zero. The
 * largest conductance stands for a quantile of |w| (1: the largest weight) over the whole crossbar, or over each column: then
 * every column uses all of its devices' range, and errors are small beside its own weights. Larger weights are clipped. With b bits a
 * device takes 2^b - 1 equally spaced levels above zero, so that a pair has 2 (2^b - 1) + 1 signed levels: 31 for the 4 bits of Table II
 * (Xpikeformer, arXiv 2408.08794v2), -15 .. +15.
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
 * State    the targets are the two halves of `targets`, which is overwritten; a new array where none is given
 */
export function convertWeights(
  weights: Float32Array,
  columns: number,
  settings: ConversionSettings,
  targets: Float64Array = new Float64Array(2 * weights.length),
): ConductancePairs {
  const { maxConductance, bits } = settings;
  const largest = largestWeights(weights, columns, settings);
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

/** The size of weight that the largest conductance stands for, by column. */
export function largestWeights(
  weights: Float32Array,
  columns: number,
  { scaling, clippingQuantile }: Pick<ConversionSettings, "scaling" | "clippingQuantile">,
): Float64Array {
  const largest = new Float64Array(columns);
  if (scaling === "crossbar") return largest.fill(largestOf(weights.map(Math.abs), clippingQuantile));
  const column = new Float32Array(weights.length / columns);
  for (let c = 0; c < columns; c++) {
    for (let r = 0, from = c; r < column.length; r++, from += columns) column[r] = Math.abs(weights[from]);
    largest[c] = largestOf(column, clippingQuantile);
  }
  return largest;
}

const largestOf = (sizes: Float32Array, share: number): number => quantile(sizes, share) || quantile(sizes, 1);

/** The weights that pairs of conductances stand for. */
export function pairWeights(plus: Float64Array, minus: Float64Array, scales: Float64Array): Float32Array {
  const weights = new Float32Array(plus.length);
  const columns = scales.length;
  for (let row = 0; row < weights.length; row += columns) {
    for (let c = 0; c < columns; c++) weights[row + c] = (plus[row + c] - minus[row + c]) / scales[c];
  }
  return weights;
}
