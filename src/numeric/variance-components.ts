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
 * An estimate below zero, possible in a small sample, is set to zero.
 *
 * The mean's own variance is estimated without bias by (with x_ck = mean_r x_crk, and E the mean square of the interaction)
 *
 *   V = A + max(0, B - E),   A = var_c(x_c) / C,   B = var_k(x_k) / K,   E = sum_ck (x_ck - x_c - x_k + x)^2 / ((C - 1) (K - 1) C K)
 *
 * since both A and B include the interaction. A few chips estimate A badly, so A needs Student's t of C - 1 degrees of freedom, and the
 * prompts' part that of K - 1. With r = A / V,
 *
 *   half width of 95 % = sqrt(V (w t(C - 1)^2 + (1 - w) t(K - 1)^2)),   w = 2 r^2 / (1 + r)
 *
 * which is Student's if only chips or only prompts differ. In between, w = r^2 would follow Satterthwaite's degrees of freedom, which is
 * too narrow for a few chips, and w = r is Cochran's weighting, too wide; this is their harmonic mean. On two chips with normal
 * deviates, they
 * cover 92.9, 95.0 and 93.7 % at least, and 96.5, 98.7 and 96.9 % at most. Errors of chips: `bench/interval-coverage.ts`.
 *
 * Source  S. R. Searle, G. Casella, C. E. McCulloch, "Variance Components" (1992), chapter 4, for estimates from mean squares;
 *         F. E. Satterthwaite, Biometrics Bulletin 2 (1946) 110-114, and W. G. Cochran, Biometrics 20 (1964) 191-195, for w
 */
import { ShapeError } from "../errors.ts";
import { deviation, mean, studentQuantile } from "./statistics.ts";

/** One value for each chip, read and prompt, `[chips][reads][prompts]`. */
export interface Sample {
  readonly chips: number;
  readonly reads: number;
  readonly prompts: number;
  readonly values: Uint8Array | Uint16Array | Float64Array;
  /** Set for a difference of rates: no mean is farther from 0. 1, or 2 for a difference of two differences. */
  readonly reach?: number;
  /** Set for errors without an upper limit, such as squared errors. */
  readonly isUnbounded?: true;
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
 * The mean with its interval. The mean of paired differences has the interval of `differenceInterval`, which ends at the reach of the
 * sample; any other sample has mean -+ half width, which is 0 if all values are equal. For rates see `sampleRate`.
 */
export function sampleMean(sample: Sample): SampleMean {
  const { reach } = sample;
  const { centre, half } = errorOf(sample);
  if (reach === undefined) return { mean: centre, low: centre - half, high: centre + half };
  const { low, high } = differenceInterval(sample, 1);
  return { mean: centre, low: Math.max(-reach, Math.min(low, centre)), high: Math.min(reach, Math.max(high, centre)) };
}

/**
 * The mean of rates between 0 and 1 (shares of wrong bits or answers), with its interval, which has a width and stays between 0 and 1.
 * Errors without an upper limit have the interval of `sampleMean`, from 0 on.
 *
 * Wilson's interval has the variance V in place of p (1 - p) / K. If n prompts went wrong, on any chip, V is as uncertain as n is small,
 * so one prompt more is counted as if it were all or nothing: V' = (n V + p (1 - p) / K) / (n + 1). What Student's t adds for chips is
 * added in squares to both sides. For p above 1/2, n counts the prompts that went right.
 *
 * If nothing went wrong, nothing varies: the upper end is 3 / K, at which K prompts pass with 5 % (rule of three). It is the same for
 * any number of chips, since they answer the same prompts. If everything went wrong, the lower end is 1 - 3 / K.
 *
 * Source  L. Kish, "Survey Sampling" (1965), section 8.1, for Wilson's interval with a design effect; G. Y. Zou, A. Donner, Statist. Med.
 *         27 (2008) 1693-1702, for sides that add in squares; J. A. Hanley, A. Lippman-Hand, JAMA 249 (1983) 1743-1745, for 3 / K
 */
export function sampleRate(sample: Sample): SampleMean {
  const { prompts, isUnbounded } = sample;
  if (isUnbounded) {
    const { mean, low, high } = sampleMean(sample);
    return { mean, low: Math.max(0, low), high };
  }
  const { centre: p, variance, ofPrompts, chipPart } = errorOf(sample);
  const rare = Math.min(1, 3 / prompts);
  // 49 times 1/49 is less than 1.
  const all = 1 - 1e-9;
  if (p <= 0) return { mean: p, low: 0, high: rare };
  if (p >= all) return { mean: p, low: 1 - rare, high: 1 };
  const n = promptsWith(sample, p <= 0.5 ? (value) => value > 0 : (value) => value < all);
  const q = (ofPrompts ** 2 * ((n * variance) / (p * (1 - p)) + 1 / prompts)) / (n + 1);
  const middle = (p + q / 2) / (1 + q);
  const half = Math.sqrt(q * p * (1 - p) + (q * q) / 4) / (1 + q);
  return {
    mean: p,
    low: Math.max(0, p - Math.hypot(p - middle + half, chipPart)),
    high: Math.min(1, p + Math.hypot(middle + half - p, chipPart)),
  };
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
 * which is a paired difference: what both have in common cancels. With h the half width of its interval, that of the ratio is r
 * exp(-h) .. r exp(h). The expansion is valid for relative standard errors up to about 0.3: ten errors or more in each.
 * Source: W. G. Cochran, "Sampling Techniques" (1977), section 6.3, for the variance of a ratio estimate.
 *
 * Throws  ShapeError when the samples differ in size
 */
export function ratioOfMeans(a: Sample, b: Sample): SampleMean | null {
  const [above, below] = [mean(a.values), mean(b.values)];
  if (!(above > 0 && below > 0)) return null;
  const difference = pairedDifference(scaled(a, 1 / above), scaled(b, 1 / below));
  const { low, high } = differenceInterval(difference, 1 / Math.min(above, below));
  const factor = Math.exp((high - low) / 2);
  const ratio = above / below;
  return { mean: ratio, low: ratio / factor, high: ratio * factor };
}

/** Value by value, `a - b`, of rates or of differences of rates. Throws ShapeError when the samples differ in size. */
export function pairedDifference(a: Sample, b: Sample): Sample {
  const { chips, reads, prompts } = a;
  if (chips !== b.chips || reads !== b.reads || prompts !== b.prompts) {
    throw new ShapeError(
      "sample",
      `${chips} x ${reads} x ${prompts} values have no pairs among ${b.chips} x ${b.reads} x ${b.prompts}.`,
    );
  }
  const values = new Float64Array(a.values.length);
  for (let i = 0; i < values.length; i++) values[i] = a.values[i] - b.values[i];
  if (a.isUnbounded || b.isUnbounded) return { chips, reads, prompts, values, isUnbounded: true };
  const reach = a.reach || b.reach ? (a.reach ?? 1) + (b.reach ?? 1) : 1;
  return { chips, reads, prompts, values, reach };
}

/** The sample with every value multiplied. */
export const scaled = (sample: Sample, factor: number): Sample => ({
  ...sample,
  values: Float64Array.from(sample.values, (value) => value * factor),
  ...(sample.reach && { reach: sample.reach * Math.abs(factor) }),
});

/**
 * The interval of a mean difference, which always has a width: that of the sample with half a pair added to each of the four outcomes
 * (neither wrong, either, both).
 *
 * So two prompts are added that differ by -+ s / sqrt(2) on every chip, where s^2 is the mean square of the n prompts that differ at all,
 * or what it would be if chips differed independently, if that is more. Their effect vanishes as n grows. If no prompt differs, the
 * interval is -+ 3 most / K, where `most` is the largest difference of a prompt (the rule of three, as in `sampleRate`).
 *
 * Source  A. Agresti, Y. Min, Statist. Med. 24 (2005) 729-740, for half a pair
 */
function differenceInterval(sample: Sample, most: number): { readonly low: number; readonly high: number } {
  const { chips, reads, prompts, values } = sample;
  const differing = promptsWith(sample, (value) => value !== 0);
  if (differing === 0) return { low: (-3 * most) / prompts, high: (3 * most) / prompts };
  const rows = chips * reads;
  let [common, independent] = [0, 0];
  for (let k = 0; k < prompts; k++) {
    let sum = 0;
    for (let i = k; i < values.length; i += prompts) {
      sum += values[i];
      independent += (values[i] / rows) ** 2;
    }
    common += (sum / rows) ** 2;
  }
  const square = Math.max(common, independent) / differing;
  const wider = new Float64Array(rows * (prompts + 2));
  for (let row = 0; row < rows; row++) {
    const start = row * (prompts + 2);
    wider.set(values.subarray(row * prompts, (row + 1) * prompts), start);
    wider[start + prompts] = Math.sqrt(square / 2);
    wider[start + prompts + 1] = -wider[start + prompts];
  }
  // At least what the added prompts contribute: B - E can be below zero in a small sample.
  const least = square / (prompts + 2) ** 2;
  const { centre, half } = errorOf({ chips, reads, prompts: prompts + 2, values: wider }, least);
  return { low: centre - half, high: centre + half };
}

/** The mean, the variance V, Student's t for prompts, what t adds for chips to `ofPrompts` sqrt(V) in squares, and the half width. */
function errorOf({ chips, reads, prompts, values }: Sample, least = 0) {
  // Means over reads, [chips][prompts].
  const byPair = new Float64Array(chips * prompts);
  const byChip = new Float64Array(chips);
  const byPrompt = new Float64Array(prompts);
  for (let c = 0, i = 0; c < chips; c++) {
    for (let r = 0; r < reads; r++) for (let k = 0; k < prompts; k++, i++) byPair[c * prompts + k] += values[i] / reads;
    for (let k = 0; k < prompts; k++) {
      byChip[c] += byPair[c * prompts + k];
      byPrompt[k] += byPair[c * prompts + k] / chips;
    }
    byChip[c] /= prompts;
  }
  const centre = mean(byChip);
  const ofChips = chips > 1 ? deviation(byChip) ** 2 / chips : 0;
  let ofOthers = prompts > 1 ? deviation(byPrompt) ** 2 / prompts : 0;
  if (chips > 1 && prompts > 1) {
    let sum = 0;
    for (let c = 0, i = 0; c < chips; c++) {
      for (let k = 0; k < prompts; k++, i++) sum += (byPair[i] - byChip[c] - byPrompt[k] + centre) ** 2;
    }
    ofOthers = Math.max(0, ofOthers - sum / ((chips - 1) * (prompts - 1) * chips * prompts));
  }
  const variance = Math.max(least, ofChips + ofOthers);
  const share = variance > 0 ? ofChips / variance : 0;
  const ofPrompts = prompts > 1 ? studentQuantile(prompts - 1) : 1.96;
  const t = chips > 1 ? studentQuantile(chips - 1) : ofPrompts;
  const weight = (2 * share * share) / (1 + share);
  const chipPart = Math.sqrt(weight * variance * Math.max(0, t * t - ofPrompts * ofPrompts));
  const half = Math.sqrt(variance) * Math.sqrt(weight * t * t + (1 - weight) * ofPrompts ** 2);
  return { centre, variance, ofPrompts, chipPart, half };
}

/** Prompts for which this is true on any chip and read. */
function promptsWith({ prompts, values }: Sample, is: (value: number) => boolean): number {
  const found = new Uint8Array(prompts);
  for (let row = 0; row < values.length; row += prompts) {
    for (let k = 0; k < prompts; k++) if (found[k] === 0 && is(values[row + k])) found[k] = 1;
  }
  let count = 0;
  for (const one of found) count += one;
  return count;
}

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
