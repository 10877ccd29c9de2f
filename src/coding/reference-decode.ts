/**
 * Belief propagation on the Tanner graph, one bit and one check at a time, in double precision. `decode.ts` is fast; this is for reading,
 * for tests, and for results of the flooding schedule, which most published curves have.
 *
 *   from check to bit   2 artanh(prod tanh(q_j / 2))  over the other bits j of the check        (belief propagation)
 *                       scale * sign * min |q_j|                                                (scaled min-sum)
 *   from bit to check   q = total - what the check said last
 *
 * With the flooding schedule all checks read the totals of the previous iteration, with the layered one the latest.
 *
 * Source  R. G. Gallager, Low-Density Parity-Check Codes (1963), chapter 4; for min-sum, J. Chen et al., "Reduced-complexity decoding of
 *         LDPC codes", IEEE Trans. Commun. 53 (2005) 1288-1299
 */
import { exponential } from "../numeric/exponential.ts";
import { naturalLog } from "../numeric/stream.ts";
import type { LdpcCode } from "./code.ts";
import { recoverTotals } from "./rate-recovery.ts";

/** How a check answers: belief propagation, or its approximation by the smallest magnitude. */
export type CheckRule = "belief-propagation" | "min-sum";

/** Which totals a check reads: those of the previous iteration, or the latest. */
export type Schedule = "flooding" | "layered";

export interface ReferenceOptions {
  readonly rule: CheckRule;
  readonly schedule: Schedule;
  readonly iterations: number;
  /** Factor on the answers of min-sum. */
  readonly scale: number;
}

/** The bits of each check. Takes lists, so that tests can decode codes that are not of 5G NR. */
export function checksOf({ rows, lifting, firstEntry, entryColumn, entryShift }: LdpcCode): number[][] {
  return Array.from({ length: rows * lifting }, (_, check) => {
    const [row, i] = [Math.floor(check / lifting), check % lifting];
    const entries = Array.from({ length: firstEntry[row + 1] - firstEntry[row] }, (_, k) => firstEntry[row] + k);
    return entries.map((entry) => entryColumn[entry] * lifting + ((i + entryShift[entry]) % lifting));
  });
}

/** Whether every check has an even number of ones among the signs of the totals. */
export const satisfies = (checks: readonly (readonly number[])[], totals: ArrayLike<number>): boolean =>
  checks.every(
    (bits) => bits.every((bit) => totals[bit] !== 0) && bits.filter((bit) => totals[bit] < 0).length % 2 === 0,
  );

/** Totals of all bits of the code word after decoding, and the iterations that it took. */
export function referenceDecode(code: LdpcCode, llrs: ArrayLike<number>, options: ReferenceOptions) {
  const received = recoverTotals(code, llrs, new Float64Array(code.columns * code.lifting));
  return decodeGraph(checksOf(code), received, options);
}

/** The same for a code given by the bits of its checks, from the log-likelihood ratios of all its bits. */
export function decodeGraph(
  checks: readonly (readonly number[])[],
  received: ArrayLike<number>,
  { rule, schedule, iterations, scale }: ReferenceOptions,
): { totals: Float64Array; iterations: number; satisfied: boolean } {
  const totals = Float64Array.from(received);
  const said = checks.map((bits) => bits.map(() => 0));
  let done = 0;
  while (done < iterations && !satisfies(checks, totals)) {
    const read = schedule === "layered" ? totals : totals.slice();
    checks.forEach((bits, check) => {
      const heard = bits.map((bit, k) => read[bit] - said[check][k]);
      bits.forEach((bit, k) => {
        const others = heard.filter((_, j) => j !== k);
        const answer = RULES[rule](others, scale);
        totals[bit] += answer - said[check][k];
        said[check][k] = answer;
      });
    });
    done++;
  }
  return { totals, iterations: done, satisfied: satisfies(checks, totals) };
}

const RULES: Readonly<Record<CheckRule, (others: readonly number[], scale: number) => number>> = {
  "belief-propagation": (others) => {
    // Magnitudes stay below 36, where a double cannot tell the tangent from 1.
    const product = others.reduce((product, q) => product * tanh(Math.min(35, Math.max(-35, q)) / 2), 1);
    return naturalLog((1 + product) / (1 - product));
  },
  "min-sum": (others, scale) => {
    const sign = others.reduce((sign, q) => (q < 0 ? -sign : sign), 1);
    return scale * sign * others.reduce((least, q) => Math.min(least, Math.abs(q)), Number.POSITIVE_INFINITY);
  },
};

function tanh(x: number): number {
  const e = exponential(-2 * Math.abs(x));
  return (Math.sign(x) * (1 - e)) / (1 + e);
}
