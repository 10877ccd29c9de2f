/**
 * From the log-likelihood ratios of the transmitted bits to those of the code word: the inverse of rate matching and interleaving.
 *
 * A log-likelihood ratio is ln P(bit = 0) - ln P(bit = 1), positive for a probable 0. Those of a bit that was sent several times add up, a
 * punctured bit has 0, and a filler bit is known to be 0.
 */
import { ShapeError, ValueError } from "../errors.ts";
import type { LdpcCode } from "./code.ts";

/** The largest magnitude that enters the decoder, so that sums stay far from infinity. Certain bits have it, too. */
export const CERTAIN = 10_000;

/**
 * Writes the log-likelihood ratios of the code word into `totals`, `[columns * lifting]`, and returns it.
 * Throws  ShapeError for another number of ratios; ValueError for one that is not a number
 */
export function recoverTotals<T extends Float32Array | Float64Array>(
  { codedBits, informationBits, fillerBits, places }: LdpcCode,
  llrs: ArrayLike<number>,
  totals: T,
): T {
  if (llrs.length !== codedBits) {
    throw new ShapeError(
      "llrs",
      `The block has ${codedBits} coded bits, but ${llrs.length} log-likelihood ratios were given. Give one for each transmitted bit.`,
    );
  }
  totals.fill(0);
  totals.fill(CERTAIN, informationBits, informationBits + fillerBits);
  for (let i = 0; i < codedBits; i++) {
    const llr = llrs[i];
    if (Number.isNaN(llr)) {
      throw new ValueError(
        "llrs",
        `The log-likelihood ratio of coded bit ${i} is not a number. Give ln P(0) - ln P(1), or 0 if nothing is known.`,
      );
    }
    totals[places[i]] += Math.min(CERTAIN, Math.max(-CERTAIN, llr));
  }
  return totals;
}
