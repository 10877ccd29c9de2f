/**
 * Are soft bits right, and what are they worth to a decoder?
 *
 * A soft bit is L = ln p(b = 0) - ln p(b = 1) (`bits.ts`). With x = +1 for a sent 0 and -1 for a sent 1, the **agreement** a = x L is
 * positive where the decision is right. 0 and 1 are sent equally often, so agreements say everything that this file needs:
 *
 *   claimed    p = 1 / (1 + e^-|L|) that the decision is right; bins of p compare this with the share that is right
 *   error      expected calibration error, sum over bins of n_i / n |mean claim - share right|
 *   GMI        1 - E[log2(1 + e^(-s a))] bits per coded bit: what a decoder gains that takes s L for the truth
 *
 * s = 1 takes soft bits at their word; max over s is the rate of a decoder that knows the best scale. No decoder of single bits exceeds
 * the capacity of bit-interleaved modulation, which exact soft bits of a known channel reach at s = 1. Not modelled: a code.
 *
 * Source  A. Martinez, A. Guillen i Fabregas, G. Caire, F. Willems, "Bit-Interleaved Coded Modulation Revisited: A Mismatched Decoding
 *         Perspective", IEEE Transactions on Information Theory 55 (6), 2009, for the GMI; C. Guo, G. Pleiss, Y. Sun, K. Weinberger,
 *         "On Calibration of Modern Neural Networks", ICML 2017, for the error and for one scale, there the temperature 1 / s
 */
import { ShapeError } from "../errors.ts";
import { exponential } from "../numeric/exponential.ts";
import { mean } from "../numeric/statistics.ts";
import { naturalLog } from "../numeric/stream.ts";
import { bitOf } from "./bits.ts";

/** One bin of claims: how many, their mean, and the share of them whose decision was right. */
export interface CalibrationBin {
  readonly count: number;
  readonly claimed: number;
  readonly right: number;
}

export interface Calibration {
  /** Bins of equal width from 1/2 to 1; empty ones have null instead of means. */
  readonly bins: readonly (CalibrationBin | null)[];
  readonly error: number;
}

/** Bins of a calibration curve. */
export const CALIBRATION_BINS = 10;

/** Scales between which the best is sought. A fit on prompts without any error would have none. */
const [LEAST_SCALE, LARGEST_SCALE] = [1 / 16, 16];

/**
 * Agreements of soft bits with what was sent: x L.
 *
 * Shapes   ratios: [rows, bits], labels: [rows] classes; returns [rows, bits]
 * Throws   ShapeError when the lengths do not match
 */
export function agreements(ratios: Float64Array, labels: ArrayLike<number>, bits: number): Float64Array {
  if (ratios.length !== labels.length * bits) {
    throw new ShapeError(
      "ratios",
      `${labels.length} labels of ${bits} bits need ${labels.length * bits} soft bits, not ${ratios.length}.`,
    );
  }
  return ratios.map((ratio, i) => (bitOf(labels[Math.floor(i / bits)], i % bits, bits) === 1 ? 0 - ratio : ratio));
}

/** For each row of agreements, `[rows, bits]`, the mean of 1 - log2(1 + e^(-s a)): the GMI is the mean over rows. */
export function informationByRow(agreed: Float64Array, bits: number, scale = 1): Float64Array {
  const rows = new Float64Array(agreed.length / bits).fill(1);
  for (let i = 0; i < agreed.length; i++) {
    rows[Math.floor(i / bits)] -= softplus(-scale * agreed[i]) / (Math.LN2 * bits);
  }
  return rows;
}

/** The generalised mutual information in bits per coded bit, for soft bits multiplied by `scale`; negative if they mislead. */
export const mutualInformation = (agreed: Float64Array, scale = 1): number => mean(informationByRow(agreed, 1, scale));

/**
 * The scale with the largest GMI, within 1/16 .. 16. The GMI is concave in s, so its slope, E[a / (1 + e^(s a))] over ln 2, has one
 * zero, which bisection finds to 1e-6.
 */
export function bestScale(agreed: Float64Array): number {
  let [low, high] = [LEAST_SCALE, LARGEST_SCALE];
  const rises = (scale: number) => agreed.reduce((sum, a) => sum + a * wrongProbability(scale * a), 0) > 0;
  if (!rises(low)) return low;
  if (rises(high)) return high;
  while (high - low > 1e-6) {
    const middle = (low + high) / 2;
    if (rises(middle)) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Claimed against actual shares of right decisions. A soft bit of 0 claims 1/2 and is half right. */
export function calibration(agreed: Float64Array, scale = 1, bins = CALIBRATION_BINS): Calibration {
  const sums = Array.from({ length: bins }, () => ({ count: 0, claimed: 0, right: 0 }));
  for (const a of agreed) {
    const claimed = 1 - wrongProbability(Math.abs(scale * a));
    const bin = sums[Math.min(bins - 1, Math.floor((2 * claimed - 1) * bins))];
    bin.count++;
    bin.claimed += claimed;
    bin.right += a > 0 ? 1 : a === 0 ? 0.5 : 0;
  }
  const error = sums.reduce((sum, { claimed, right }) => sum + Math.abs(claimed - right), 0) / agreed.length;
  return {
    bins: sums.map(({ count, claimed, right }) =>
      count === 0 ? null : { count, claimed: claimed / count, right: right / count },
    ),
    error,
  };
}

/** 1 / (1 + e^u), without overflow. */
const wrongProbability = (u: number): number => {
  const small = exponential(-Math.abs(u));
  return (u > 0 ? small : 1) / (1 + small);
};

/** ln(1 + e^u), without overflow. */
const softplus = (u: number): number => Math.max(u, 0) + naturalLog(1 + exponential(-Math.abs(u)));
