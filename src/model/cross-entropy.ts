/**
 * Cross-entropy loss between target distributions and the softmax of the logits, averaged over prompts and queries.
 *
 *   loss = - 1/rows sum_r sum_c target_rc ln p_rc,   p = softmax(logits)
 *   d logits = (p sum_c target_rc - target) / rows, which is (p - target) / rows for distributions.
 *
 * The paper averages the outputs over time steps and then takes "an ordinary ANN-style loss" (section V-A).
 */
import { ValueError } from "../errors.ts";
import { expectMultiple, expectShape } from "./shape.ts";

/** What the backward pass of a loss reads. */
export interface LossCache {
  /** What the logits say: probabilities, or the logits themselves where they are the answer. */
  readonly answers: Float64Array;
  readonly targets: ArrayLike<number>;
}

/** Shapes: logits, targets [rows, classes]; rows are prompts x queries. */
export function crossEntropyForward(
  logits: Float64Array,
  targets: ArrayLike<number>,
  classes: number,
): { loss: number; cache: LossCache } {
  const rows = expectMultiple("logits", logits.length, classes);
  expectShape("targets", targets.length, { rows, classes });
  const probabilities = new Float64Array(logits.length);
  let loss = 0;
  for (let r = 0; r < rows; r++) {
    const row = logits.subarray(r * classes, (r + 1) * classes);
    const largest = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    const logSum = largest + Math.log(row.reduce((sum, x) => sum + Math.exp(x - largest), 0));
    for (let c = 0; c < classes; c++) {
      probabilities[r * classes + c] = Math.exp(row[c] - logSum);
      loss += (targets[r * classes + c] * (logSum - row[c])) / rows;
    }
  }
  return { loss, cache: { answers: probabilities, targets } };
}

/** Gradient with respect to the logits, `[rows, classes]`. */
export function crossEntropyBackward({ answers: probabilities, targets }: LossCache, classes: number): Float64Array {
  const rows = probabilities.length / classes;
  const gradient = new Float64Array(probabilities.length);
  for (let r = 0; r < rows; r++) {
    let mass = 0;
    for (let c = 0; c < classes; c++) mass += targets[r * classes + c];
    for (let i = r * classes; i < (r + 1) * classes; i++) gradient[i] = (probabilities[i] * mass - targets[i]) / rows;
  }
  return gradient;
}

/** Labels as distributions, `[rows, classes]`. Throws ValueError on a label outside 0 .. classes - 1. */
export function oneHot(labels: ArrayLike<number>, classes: number): Float64Array {
  const targets = new Float64Array(labels.length * classes);
  for (let r = 0; r < labels.length; r++) {
    if (!Number.isInteger(labels[r]) || labels[r] < 0 || labels[r] >= classes) {
      throw new ValueError(
        `labels[${r}]`,
        `Label ${labels[r]} is not one of the ${classes} classes 0 .. ${classes - 1}.`,
      );
    }
    targets[r * classes + labels[r]] = 1;
  }
  return targets;
}
