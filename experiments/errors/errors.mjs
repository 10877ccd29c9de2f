// Reads the errors that `measure.mjs` keeps, and compares them in pairs.
import { existsSync, readFileSync } from "node:fs";
import { mean, nonInferiority, pairedDifference, sampleMean } from "xpikeformer/internal";
import { GROUP } from "./list.mjs";

const file = new URL("result.json", import.meta.url);

/** Results by key; none before the first measurement. */
export const measured = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).networks : {};

/** Error rates as a sample of chips and groups of prompts. `column` is T, or the ANN's bits. */
export function ratesOf({ wrong, trials }, column) {
  const rows = wrong[column];
  const groups = rows[0].length;
  const values = Float64Array.from(rows.flat(), (count) => count / (trials * GROUP));
  return { chips: rows.length, reads: 1, prompts: groups, values };
}

export const rateOf = (record, column) => mean(ratesOf(record, column).values);

/** The first groups of a sample. */
function first({ chips, reads, prompts, values }, groups) {
  const rows = Array.from({ length: chips }, (_, c) => [...values.subarray(c * prompts, c * prompts + groups)]);
  return { chips, reads, prompts: groups, values: Float64Array.from(rows.flat()) };
}

/** The same row for every chip of another sample. */
const repeated = ({ prompts, values }, { chips }) => ({
  ...{ chips, reads: 1, prompts },
  values: Float64Array.from({ length: chips * prompts }, (_, i) => values[i % prompts]),
});

/**
 * Own error rate minus a rival's with its interval, and what it shows of equal accuracy. A rival has one row, as it is on no chip.
 * Throws if the two did not answer the same prompts.
 */
export function beside(own, column, rival, rivalColumn, margin) {
  if (own.labels !== rival.labels) throw new Error("Only answers to the same prompts can be compared in pairs.");
  const [all, theirs] = [ratesOf(own, column), ratesOf(rival, rivalColumn)];
  const groups = Math.min(all.prompts, theirs.prompts);
  const [rates, row] = [first(all, groups), first(theirs, groups)];
  const difference = sampleMean(pairedDifference(rates, repeated(row, rates)));
  const prompts = groups * GROUP;
  return { difference, ...nonInferiority({ rival: mean(row.values), difference, prompts, margin }) };
}
