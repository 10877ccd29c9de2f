/**
 * Early exit by confidence: a chip answers after the first time step at which its logits are confident enough, instead of the last.
 *
 *   confident after t steps:   z_first - z_second >= margin, for the mean logits z over steps 1 .. t; for a bit read-out, every
 *                              |z_bit| >= margin, which is the same margin over the class with that bit flipped
 *
 * Queries that all count run side by side and stop together, once each of them is confident.
 *
 * Step t depends only on inputs up to t, so a run of all steps shows what a chip that stops early would have answered. The
 * machine must have logits after each step, which requires step-by-step order (`hardware.order` `step-major`). Source: J. Chen,
 * S. Park, O. Simeone, "Knowing When to Stop: Delay-Adaptive Spiking Neural Network Classifiers with Reliability Guarantees",
 * arXiv 2305.11322, which also gives a guarantee; `experiments/early-exit` chooses a margin with a guarantee.
 */
import { SpecError } from "../errors.ts";
import type { Experiment } from "../experiment/experiment.ts";
import type { HardwareSpec } from "../experiment/hardware.ts";
import type { ReadOut } from "../experiment/model.ts";
import { meanLogits, type Trace } from "../simulation/trace.ts";
import { decide } from "../task/answers.ts";
import { bitsOf } from "../task/bits.ts";
import { kitOf } from "../task/catalogue.ts";

/** For each prompt and query, `[prompts, queries]`. */
export interface ExitAnswers {
  /** Time steps taken, 1 .. T. */
  readonly steps: Int32Array;
  readonly decisions: Int32Array;
}

/**
 * The margin that an experiment requests; null if chips take all steps. Throws SpecError when the machine has no logits before the end.
 */
export function exitMarginOf(
  { evaluation, task }: Pick<Experiment, "evaluation" | "task">,
  { order }: HardwareSpec,
): number | null {
  const { exitMargin = null } = evaluation;
  if (exitMargin === null) return null;
  if (kitOf(task).metric.isUnbounded) {
    throw new SpecError(
      "evaluation.exitMargin",
      "An exit by margin compares the logits of classes, but the logits of this task are numbers. Leave evaluation.exitMargin out.",
    );
  }
  if (order === "step-major") return exitMargin;
  throw new SpecError(
    "evaluation.exitMargin",
    `An exit before the last time step needs logits after each step, but with hardware.order ${order} each layer finishes all steps ` +
      "before the next layer begins. Set hardware.order to step-major, or leave evaluation.exitMargin out.",
  );
}

/**
 * The answers of a chip that stops early, from the logits of each step, `[steps, prompts, queries, C]` as in `Trace`. So many queries in a
 * row stop `together`.
 */
export function exitByMargin(
  { stepLogits, steps }: Pick<Trace, "stepLogits" | "steps">,
  classes: number,
  readOut: ReadOut | undefined,
  margin: number,
  together = 1,
): ExitAnswers {
  const size = readOut === "bits" ? bitsOf(classes) : classes;
  const marginOf = readOut === "bits" ? smallest : lead;
  const rows = stepLogits.length / (steps * size);
  const answers = { steps: new Int32Array(rows), decisions: new Int32Array(rows) };
  for (let t = 1; t <= steps; t++) {
    const logits = meanLogits(stepLogits, steps, t);
    const decisions = decide(logits, classes, readOut);
    const isUnsure = (row: number) => marginOf(logits.subarray(row * size, (row + 1) * size)) < margin;
    for (let first = 0; first < rows; first += together) {
      const group = Array.from({ length: together }, (_, i) => first + i);
      if (answers.steps[first] > 0 || (t < steps && group.some(isUnsure))) continue;
      for (const row of group) {
        answers.steps[row] = t;
        answers.decisions[row] = decisions[row];
      }
    }
  }
  return answers;
}

/** The largest minus the second largest. */
function lead(logits: Float32Array): number {
  let [first, second] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const logit of logits) {
    if (logit > first) [first, second] = [logit, first];
    else if (logit > second) second = logit;
  }
  return first - second;
}

const smallest = (logits: Float32Array): number =>
  logits.reduce((least, logit) => Math.min(least, Math.abs(logit)), Number.POSITIVE_INFINITY);
