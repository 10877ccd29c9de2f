/**
 * Variance components: how much chips, reads of chips and prompts contribute to the spread of a sample, and how certain its mean is.
 *
 * Every chip c = 1 .. C is read R times, and every read answers the same prompts k = 1 .. K, so reads are nested in chips and prompts
 * are crossed with both:
 *
 *   x_crk = mean + chip_c + read_r(c) + prompt_k + (chip, prompt)_ck + rest_crk
 *
 * With mean squares of an analysis of variance, each over its degrees of freedom,
 *
 *   MS_chip  = R K sum_c (x_c - x)^2 / (C - 1)                            E = R K s_chip^2 + K s_read^2 + R s_cp^2 + s_rest^2
 *   MS_read  = K sum_cr (x_cr - x_c)^2 / (C (R - 1))                      E = K s_read^2 + s_rest^2
 *   MS_cp    = R sum_ck (x_ck - x_c - x_k + x)^2 / ((C - 1) (K - 1))      E = R s_cp^2 + s_rest^2
 *   MS_rest  = sum_crk (x_crk - x_cr - x_ck + x_c)^2 / (C (R - 1) (K - 1))  E = s_rest^2
 *
 * the spread of the true rates, which a sample of infinitely many prompts would show, is:
 *
 *   s_read^2 = (MS_read - MS_rest) / K,   s_chip^2 = (MS_chip - MS_read - MS_cp + MS_rest) / (R K)
 *
 * An estimate below zero, possible in a small sample, is set to zero. Source: S. R. Searle, G. Casella, C. E. McCulloch,
 * "Variance Components" (1992), chapter 4, for estimates from mean squares.
 */
import { ShapeError } from "../errors.ts";
import { deviation, mean, studentQuantile } from "./statistics.ts";

/** One value for each chip, read and prompt, `[chips][reads][prompts]`. */
export interface Sample {
  readonly chips: number;
  readonly reads: number;
  readonly prompts: number;
  readonly values: Uint8Array | Float64Array;
}

/** One read of each chip, from a row of values by prompt per chip. Throws ShapeError when rows differ in length. */
export function sampleOf(rows: readonly ArrayLike<number>[]): Sample {
  const prompts = rows[0]?.length ?? 0;
  const values = new Float64Array(rows.length * prompts);
  rows.forEach((row, chip) => {
    if (row.length !== prompts || prompts === 0) {
      throw new ShapeError(
        "rows",
        `Row ${chip} holds ${row.length} prompts and the first ${prompts}; give all the same.`,
      );
    }
    values.set(row, chip * prompts);
  });
  return { chips: rows.length, reads: 1, prompts, values };
}

/** A sample with as many chips as `sample`, all with this row, to compare chips with something that is not on a chip. */
export const sameOnAllChips = (row: ArrayLike<number>, { chips }: Sample): Sample =>
  sampleOf(Array.from({ length: chips }, () => row));

export interface SampleMean {
  readonly mean: number;
  /** 95 %, treating both chips and prompts as samples of a population. A single chip or prompt represents only itself. */
  readonly low: number;
  readonly high: number;
}

export interface Spread {
  /** Standard deviation between chips; with one read per chip, it includes reads. Null for a single chip. */
  readonly chips: number | null;
  /** Standard deviation between reads of one chip. Null with one read per chip. */
  readonly reads: number | null;
}

/**
 * The mean with its interval. Chip means are few and approximately normal; prompt means are many:
 *
 *   half width = hypot(t(0.975, C - 1) dev_c(x_c) / sqrt(C), 1.96 dev_k(x_k) / sqrt(K))
 *
 * Both deviations include the interaction of chips and prompts, so the interval tends to be too wide rather than too narrow.
 */
export function sampleMean(sample: Sample): SampleMean {
  const { chips, prompts } = sample;
  const byChip = meansOf(sample, chips, (c) => c);
  const byPrompt = meansOf(sample, prompts, (_c, _r, k) => k);
  const chipPart = chips > 1 ? (studentQuantile(chips - 1) * deviation(byChip)) / Math.sqrt(chips) : 0;
  const promptPart = prompts > 1 ? (1.96 * deviation(byPrompt)) / Math.sqrt(prompts) : 0;
  const centre = mean(byChip);
  const half = Math.hypot(chipPart, promptPart);
  return { mean: centre, low: centre - half, high: centre + half };
}

/** Throws ShapeError for a single prompt, from which the spread of chips cannot be estimated. */
export function sampleSpread(sample: Sample): Spread {
  const { chips: C, reads: R, prompts: K, values } = sample;
  if (K < 2) throw new ShapeError("prompts", "The spread of chips and reads takes at least two prompts to tell.");
  const all = mean(values);
  const byChip = meansOf(sample, C, (c) => c);
  const byRead = meansOf(sample, C * R, (c, r) => c * R + r);
  const byPrompt = meansOf(sample, K, (_c, _r, k) => k);
  const byPair = meansOf(sample, C * K, (c, _r, k) => c * K + k);
  let [read, pair, rest] = [0, 0, 0];
  for (let c = 0, i = 0; c < C; c++) {
    for (let r = 0; r < R; r++) {
      read += (byRead[c * R + r] - byChip[c]) ** 2;
      for (let k = 0; k < K; k++, i++) rest += (values[i] - byRead[c * R + r] - byPair[c * K + k] + byChip[c]) ** 2;
    }
    for (let k = 0; k < K; k++) pair += (byPair[c * K + k] - byChip[c] - byPrompt[k] + all) ** 2;
  }
  const several = R > 1;
  const meanRead = several ? (K * read) / (C * (R - 1)) : 0;
  const meanRest = several ? rest / (C * (R - 1) * (K - 1)) : 0;
  const root = (variance: number) => Math.sqrt(Math.max(0, variance));
  if (C === 1) return { chips: null, reads: several ? root((meanRead - meanRest) / K) : null };
  const meanChip = R * K * deviation(byChip) ** 2;
  const meanPair = (R * pair) / ((C - 1) * (K - 1));
  return {
    chips: root((meanChip - meanRead - meanPair + meanRest) / (R * K)),
    reads: several ? root((meanRead - meanRest) / K) : null,
  };
}

/**
 * The ratio of two means over the same chips, reads and prompts, with its interval; null if a mean is not above 0.
 *
 * To first order (Taylor), the logarithm of the ratio r varies as the mean of
 *
 *   d_crk = a_crk / mean(a) - b_crk / mean(b),
 *
 * which is a paired difference: what both have in common cancels. With h the half width of `sampleMean(d)`, the interval is r
 * exp(-h) .. r exp(h). The expansion is valid for relative standard errors up to about 0.3: ten errors or more in each.
 * Source: W. G. Cochran, "Sampling Techniques" (1977), section 6.3, for the variance of a ratio estimate.
 *
 * Throws  ShapeError when the samples differ in size
 */
export function ratioOfMeans(a: Sample, b: Sample): SampleMean | null {
  const [above, below] = [mean(a.values), mean(b.values)];
  if (!(above > 0 && below > 0)) return null;
  const { low, high } = sampleMean(pairedDifference(scaled(a, 1 / above), scaled(b, 1 / below)));
  const factor = Math.exp((high - low) / 2);
  const ratio = above / below;
  return { mean: ratio, low: ratio / factor, high: ratio * factor };
}

/** Value by value, `a - b`. Throws ShapeError when the samples differ in size. */
export function pairedDifference(a: Sample, b: Sample): Sample {
  const { chips, reads, prompts } = a;
  if (chips !== b.chips || reads !== b.reads || prompts !== b.prompts) {
    throw new ShapeError(
      "sample",
      `${chips} x ${reads} x ${prompts} values have no pairs among ${b.chips} x ${b.reads} x ${b.prompts}.`,
    );
  }
  return { chips, reads, prompts, values: Float64Array.from(a.values, (value, i) => value - b.values[i]) };
}

/** The sample with every value multiplied. */
export const scaled = (sample: Sample, factor: number): Sample => ({
  ...sample,
  values: Float64Array.from(sample.values, (value) => value * factor),
});

/** Means over all values that share a group. */
function meansOf(
  { chips, reads, prompts, values }: Sample,
  groups: number,
  groupOf: (chip: number, read: number, prompt: number) => number,
): Float64Array {
  const sums = new Float64Array(groups);
  for (let c = 0, i = 0; c < chips; c++) {
    for (let r = 0; r < reads; r++) for (let k = 0; k < prompts; k++, i++) sums[groupOf(c, r, k)] += values[i];
  }
  return sums.map((sum) => (sum * groups) / values.length);
}
