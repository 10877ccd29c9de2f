/**
 * The loss of a bit read-out. A logit z is the log odds of its bit, and each bit has its own cross-entropy:
 *
 *   loss = 1/rows sum_r sum_b (ln(1 + e^z_rb) - target_rb z_rb),   p = 1 / (1 + e^-z)
 *   d logits = (p - target) / rows
 *
 * The losses of the bits are summed, not averaged, so the loss is in nats per answer, like the loss over classes. It is the
 * cross-entropy of the class with its bits taken as independent, so for the same knowledge it is never below the loss over classes.
 */
import type { LossCache } from "./cross-entropy.ts";
import { expectMultiple, expectShape } from "./shape.ts";

/** Shapes: logits, targets [rows, bits], targets the probability of a 1; rows are prompts x queries. */
export function bitCrossEntropyForward(
  logits: Float64Array,
  targets: ArrayLike<number>,
  bits: number,
): { loss: number; cache: LossCache } {
  const rows = expectMultiple("logits", logits.length, bits);
  expectShape("targets", targets.length, { rows, bits });
  let loss = 0;
  const probabilities = logits.map((z, i) => {
    // ln(1 + e^z), without an overflow.
    loss += (Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))) - targets[i] * z) / rows;
    return 1 / (1 + Math.exp(-z));
  });
  return { loss, cache: { answers: probabilities, targets } };
}

/** Gradient with respect to the logits, `[rows, bits]`. */
export function bitCrossEntropyBackward({ answers, targets }: LossCache, bits: number): Float64Array {
  const rows = answers.length / bits;
  return answers.map((p, i) => (p - targets[i]) / rows);
}
