/**
 * The loss of a read-out that answers with numbers: the squared error, summed over the numbers of an answer and averaged over answers.
 *
 *   loss = 1/rows sum_r sum_k (z_rk - target_rk)^2
 *   d logits = 2 (z - target) / rows
 *
 * The logits z are the answer, in the unit of the targets. Tasks give targets in standard deviations of their training part, so that
 * always answering with its mean costs 1 for each number.
 */
import type { LossCache } from "./cross-entropy.ts";
import { expectMultiple, expectShape } from "./shape.ts";

/** Shapes: logits, targets [rows, outputs]; rows are prompts x queries. */
export function squaredErrorForward(
  logits: Float64Array,
  targets: ArrayLike<number>,
  outputs: number,
): { loss: number; cache: LossCache } {
  const rows = expectMultiple("logits", logits.length, outputs);
  expectShape("targets", targets.length, { rows, outputs });
  const loss = logits.reduce((sum, z, i) => sum + (z - targets[i]) ** 2 / rows, 0);
  return { loss, cache: { answers: logits, targets } };
}

/** Gradient with respect to the logits, `[rows, outputs]`. */
export function squaredErrorBackward({ answers, targets }: LossCache, outputs: number): Float64Array {
  const rows = answers.length / outputs;
  return answers.map((z, i) => (2 * (z - targets[i])) / rows);
}
