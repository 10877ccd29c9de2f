/**
 * Bit and symbol error rates, and error rates over single decisions, with intervals that account for clustering.
 *
 * All bits of a prompt pass through one channel at one SNR, so they tend to fail together: n bits carry less information than n
 * independent trials, and the binomial interval would be too narrow. Each prompt is therefore one cluster. With e_k wrong bits of
 * the m bits of prompt k, and G prompts, the rate p is the mean of e_k / m and its squared standard error is
 *
 *   SE^2 = sum (e_k / m - p)^2 / (G (G - 1)),   design effect d = SE^2 / (p (1 - p) / (G m))
 *
 * The interval is Wilson's with z sqrt(d) instead of z, which is Wilson's for G m / d independent trials: it stays within [0, 1]
 * and is valid for few errors. d is limited to 1 .. m, its range for whole prompts. If the sample cannot determine it (no errors,
 * only errors, or a single prompt), d is m, as if the bits of a prompt always failed together. An image is a prompt with one
 * decision, so its interval is plain Wilson.
 * Source: L. Kish, "Survey Sampling" (1965), section 5.4 for the cluster variance and design effect.
 */
import { ShapeError, ValueError } from "../errors.ts";
import { bitsPerClass, type Sender } from "../experiment/modulation.ts";
import type { SymbolDetectionSpec } from "../experiment/task.ts";
import { deviation, type Interval, mean, studentQuantile, wilson } from "../numeric/statistics.ts";
import { popcount32 } from "../spike/train.ts";

/** An error rate over bits or symbols, with its 95 % interval. */
export interface ErrorRate extends Interval {
  readonly errors: number;
  readonly trials: number;
  readonly rate: number;
  /** Clustered by prompt. */
  readonly standardError: number;
  /** Variance relative to independent trials. */
  readonly designEffect: number;
}

/** The mean squared error of numbers, in units of the variance of the training part. */
export interface NumberErrors extends TaskErrors {
  readonly squares: ErrorRate;
  /** Mean squared error of each prompt. */
  readonly wrong: Float64Array;
}

/** What the errors of all kinds of task have in common. */
export interface TaskErrors {
  readonly prompts: number;
  /** Errors of each prompt, in prompt order, or its squared error: the input of paired comparisons. */
  readonly wrong: Uint16Array | Float64Array;
}

export interface DetectionErrors extends TaskErrors {
  readonly bits: ErrorRate;
  readonly symbols: ErrorRate;
  /** Wrong bits of each prompt. */
  readonly wrong: Uint16Array;
  /** Wrong symbols of each prompt. */
  readonly wrongSymbols: Uint16Array;
}

/** Wrong decisions of a task with one decision per prompt, such as an image. */
export interface ClassificationErrors extends TaskErrors {
  readonly answers: ErrorRate;
  /** Prompts by label (row) and decision (column). */
  readonly confusion: readonly (readonly number[])[];
  /** For each prompt: 1 if the decision is wrong. */
  readonly wrong: Uint16Array;
}

/**
 * Error rate and confusion matrix.
 *
 * Shapes   labels, decisions: [prompts] classes
 * Throws   ShapeError when the lengths differ, or there are none; ValueError when a label or decision is not a class
 */
export function classificationErrors(
  labels: ArrayLike<number>,
  decisions: ArrayLike<number>,
  classes: number,
): ClassificationErrors {
  if (labels.length !== decisions.length || labels.length === 0) {
    throw new ShapeError(
      "decisions",
      `${labels.length} labels have ${decisions.length} decisions. Give one decision per label, and at least one.`,
    );
  }
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  const wrong = Uint16Array.from({ length: labels.length }, (_, i) => {
    const label = requireClass(labels[i], classes, `labels[${i}]`);
    const decision = requireClass(decisions[i], classes, `decisions[${i}]`);
    confusion[label][decision]++;
    return label === decision ? 0 : 1;
  });
  return { prompts: labels.length, answers: clusteredRate(wrong, wrong.length, 1), confusion, wrong };
}

/**
 * Squared errors, averaged over the numbers of a prompt and then over prompts, with Student's interval over prompts.
 *
 * Shapes   labels, answers: [prompts, numbersPerPrompt]
 * Throws   ShapeError when the lengths differ or are not a whole number of prompts; ValueError for an answer that is not finite
 */
export function numberErrors(
  labels: ArrayLike<number>,
  answers: ArrayLike<number>,
  numbersPerPrompt = 1,
): NumberErrors {
  const prompts = labels.length / numbersPerPrompt;
  if (labels.length !== answers.length || !(Number.isInteger(prompts) && prompts >= 1)) {
    throw new ShapeError(
      "answers",
      `${labels.length} numbers were wanted and ${answers.length} answered; both must be whole prompts of ${numbersPerPrompt}.`,
    );
  }
  const wrong = new Float64Array(prompts);
  for (let i = 0; i < answers.length; i++) {
    if (!Number.isFinite(answers[i]))
      throw new ValueError(`answers[${i}]`, `The answer ${answers[i]} is not a number.`);
    wrong[Math.floor(i / numbersPerPrompt)] += (answers[i] - labels[i]) ** 2 / numbersPerPrompt;
  }
  const rate = mean(wrong);
  const standardError = prompts > 1 ? deviation(wrong) / Math.sqrt(prompts) : 0;
  const half = prompts > 1 ? studentQuantile(prompts - 1) * standardError : 0;
  const interval = { low: Math.max(0, rate - half), high: rate + half };
  return {
    prompts,
    wrong,
    squares: { errors: rate * prompts, trials: prompts, rate, standardError, designEffect: 1, ...interval },
  };
}

/**
 * Bit and symbol error rate over all decisions.
 *
 * Shapes   labels, decisions: [prompts, decisionsPerPrompt] classes
 * Throws   as `bitErrors`; ShapeError when the decisions are not a whole number of prompts
 */
export function detectionErrors(
  labels: ArrayLike<number>,
  decisions: ArrayLike<number>,
  spec: Sender,
  decisionsPerPrompt = 1,
): DetectionErrors {
  const prompts = labels.length / decisionsPerPrompt;
  if (!(Number.isInteger(prompts) && prompts >= 1)) {
    throw new ShapeError(
      "labels",
      `${labels.length} labels are not a whole number of prompts with ${decisionsPerPrompt} decisions each.`,
    );
  }
  const wrongBits = bitErrors(labels, decisions, spec);
  const bits = clusteredRate(wrongBits, prompts, bitsPerClass(spec));
  const wrongDecisions = wrongBits.map((wrong) => Math.min(wrong, 1));
  const symbols = clusteredRate(wrongDecisions, prompts, 1);
  const sums = (counts: Uint8Array) => {
    const byPrompt = new Uint16Array(prompts);
    for (let i = 0; i < counts.length; i++) byPrompt[Math.floor(i / decisionsPerPrompt)] += counts[i];
    return byPrompt;
  };
  return { prompts, bits, symbols, wrong: sums(wrongBits), wrongSymbols: sums(wrongDecisions) };
}

/** Errors at each query, by number of pilots before it. Shapes: labels, decisions [prompts, pilots + 1]. */
export function errorsByContext(
  labels: ArrayLike<number>,
  decisions: ArrayLike<number>,
  spec: SymbolDetectionSpec,
): DetectionErrors[] {
  const queries = spec.pilots + 1;
  if (labels.length % queries !== 0 || labels.length !== decisions.length) {
    throw new ShapeError(
      "decisions",
      `${labels.length} labels and ${decisions.length} decisions are not [prompts, ${queries}].`,
    );
  }
  const column = (classes: ArrayLike<number>, query: number) =>
    Int32Array.from({ length: classes.length / queries }, (_, k) => classes[k * queries + query]);
  return Array.from({ length: queries }, (_, query) =>
    detectionErrors(column(labels, query), column(decisions, query), spec),
  );
}

/**
 * Wrong bits of each decision: the ones of `label XOR decision` (see `link.ts`).
 *
 * Throws   ShapeError when the lengths differ; ValueError when a label or decision is not a class of the task
 */
export function bitErrors(labels: ArrayLike<number>, decisions: ArrayLike<number>, spec: Sender): Uint8Array {
  if (labels.length !== decisions.length) {
    throw new ShapeError(
      "decisions",
      `${labels.length} labels were sent, but ${decisions.length} decisions were made.`,
    );
  }
  const classes = 2 ** bitsPerClass(spec);
  const check = (value: number, path: string) => requireClass(value, classes, path);
  return Uint8Array.from({ length: labels.length }, (_, i) =>
    popcount32(check(labels[i], `labels[${i}]`) ^ check(decisions[i], `decisions[${i}]`)),
  );
}

function requireClass(value: number, classes: number, path: string): number {
  if (Number.isInteger(value) && value >= 0 && value < classes) return value;
  throw new ValueError(path, `${value} is not a class; this task has classes 0 .. ${classes - 1}.`);
}

/** Rate over decisions of `trialsPerDecision` trials each, in equal clusters, one per prompt. */
function clusteredRate(wrong: Uint8Array | Uint16Array, prompts: number, trialsPerDecision: number): ErrorRate {
  const perPrompt = wrong.length / prompts;
  const clusterSize = perPrompt * trialsPerDecision;
  const trials = prompts * clusterSize;
  const shares = new Float64Array(prompts);
  let errors = 0;
  for (let i = 0; i < wrong.length; i++) {
    errors += wrong[i];
    shares[Math.floor(i / perPrompt)] += wrong[i] / clusterSize;
  }
  const rate = errors / trials;
  const binomialVariance = (rate * (1 - rate)) / trials;
  let designEffect = clusterSize;
  if (prompts > 1 && binomialVariance > 0) {
    const clusteredVariance = deviation(shares) ** 2 / prompts;
    designEffect = Math.min(clusterSize, Math.max(1, clusteredVariance / binomialVariance));
  }
  return {
    errors,
    trials,
    rate,
    standardError: Math.sqrt(binomialVariance * designEffect),
    designEffect,
    ...wilson(errors, trials, 1.96 * Math.sqrt(designEffect)),
  };
}
