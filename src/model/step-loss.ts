/**
 * The loss of a spiking network when a share of it is taken at every time step, before the mean over steps:
 *
 *   loss = (1 - share) CE(1/T sum_t o_t) + share 1/T sum_t CE(o_t)
 *
 * with o_t the logits of step t, CE the loss of the read-out, and the same targets at every step. Every loss is convex in the
 * logits, so the second term is never below the first; they are equal when all steps give the same logits.
 *
 * Source: temporal efficient training (Deng, Li, Zhang and Gu, ICLR 2022), which corresponds to share 1. Left out: their second
 * term, the mean squared distance between logits and a constant.
 */
import type { LossCache } from "./cross-entropy.ts";
import { type Loss, lossOf } from "./loss.ts";
import { expectShape } from "./shape.ts";

export interface StepLossCache {
  readonly share: number;
  readonly mean: LossCache;
  readonly steps: LossCache;
}

/** Shapes: logits and targets [rows, classes], stepLogits [T][rows, classes]; rows are prompts x queries. */
export function stepLossForward(
  { logits, stepLogits }: { readonly logits: Float64Array; readonly stepLogits: Float64Array },
  targets: ArrayLike<number>,
  classes: number,
  share: number,
  { forward }: Loss = lossOf(),
): { loss: number; cache: StepLossCache } {
  const steps = stepLogits.length / logits.length;
  expectShape("targets", targets.length, { rows: logits.length / classes, classes });
  const repeated = new Float64Array(stepLogits.length);
  for (let t = 0; t < steps; t++) repeated.set(targets, t * targets.length);
  const mean = forward(logits, targets, classes);
  // Averaged over T x rows: the mean over steps of each step's mean over rows.
  const each = forward(stepLogits, repeated, classes);
  const loss = (1 - share) * mean.loss + share * each.loss;
  return { loss, cache: { share, mean: mean.cache, steps: each.cache } };
}

/** Gradients with respect to the logits and to those of each step, in the shapes of `stepLossForward`. */
export function stepLossBackward(
  { share, mean, steps }: StepLossCache,
  classes: number,
  { backward }: Loss = lossOf(),
): { logits: Float64Array; stepLogits: Float64Array } {
  return {
    logits: backward(mean, classes).map((gradient) => (1 - share) * gradient),
    stepLogits: backward(steps, classes).map((gradient) => share * gradient),
  };
}
