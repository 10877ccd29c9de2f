/**
 * Non-inferiority: what a sample shows of the claim that one error rate exceeds another by no more than a margin.
 *
 * With r the rival's rate, m the relative margin, and low .. high the 95 % interval of the difference, own rate minus r:
 *
 *   shown    high <= m r    the whole interval is within the margin
 *   worse    low > m r      the whole interval is beyond it
 *   open     otherwise      the sample decides neither
 *
 * A difference at the margin is taken for one within it in about 2.5 % of samples, the share in which an interval ends below its true
 * value.
 * The sampled r stands for the rival's true rate, which makes that share slightly larger: 2.8 % for a margin of 5 % and unpaired answers.
 *
 * An open sample does not tell how many prompts would decide. With n prompts and a half width h = high - d of the difference d, about
 * n (h / (m r - d))^2 prompts would show it if d stayed. But the interval of d holds m r, so that over this interval the number goes from
 * fewer than n to infinity.
 *
 * Source: G. Piaggio et al., "Reporting of Noninferiority and Equivalence Randomized Trials", JAMA 308 (2012) 2594-2604.
 */
import { ValueError } from "../errors.ts";
import type { SampleMean } from "./variance-components.ts";

/** Two error rates on the same prompts. */
export interface RatePair {
  /** The rival's error rate, 0 .. 1. */
  readonly rival: number;
  /** Own rate minus the rival's, in pairs, with its 95 % interval. */
  readonly difference: SampleMean;
  readonly prompts: number;
  /** Largest difference that counts as equal, as a share of the rival's rate. */
  readonly margin: number;
}

export interface NonInferiority {
  readonly verdict: "shown" | "worse" | "open";
  /** Largest absolute difference that counts as equal: margin times the rival's rate. */
  readonly allowed: number;
  readonly prompts: number;
}

/** Throws ValueError unless rate and margin are at least 0 and the interval holds its mean. */
export function nonInferiority({ rival, difference, prompts, margin }: RatePair): NonInferiority {
  const { mean, low, high } = difference;
  if (!(rival >= 0 && margin >= 0 && low <= mean && mean <= high)) {
    throw new ValueError(
      "difference",
      `A rival's rate of ${rival} with a margin of ${margin}, and a difference of ${mean} (${low} to ${high}), are no comparison.`,
    );
  }
  const allowed = margin * rival;
  const verdict = high <= allowed ? "shown" : low > allowed ? "worse" : "open";
  return { verdict, allowed, prompts };
}
