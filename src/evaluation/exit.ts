/**
 * An exit by confidence: a chip answers after the first time step at which its logits are sure enough, in place of the last.
 *
 *   sure after t steps:   z_first - z_second >= margin, of the mean logits z over steps 1 .. t; where a network reads out bits, every
 *                         |z_bit| >= margin, which is the same margin of the class with that bit turned
 *
 * Step t depends on inputs up to t only, so a run of all steps says what a chip that stops would have answered. The machine must know
 * logits after each step, which it does step by step (`hardware.order` `step-major`). Source: J. Chen, S. Park, O. Simeone, "Knowing When
 * to Stop: Delay-Adaptive Spiking Neural Network Classifiers with Reliability Guarantees", arXiv 2305.11322, which has a guarantee besides;
 * `experiments/early-exit` chooses a margin with one.
 */
import { SpecError } from "../errors.ts";
import { meanLogits, type Trace } from "../simulation/trace.ts";
import type { Experiment } from "../spec/experiment.ts";
import type { HardwareSpec } from "../spec/hardware.ts";
import type { ReadOut } from "../spec/model.ts";
import { decide } from "../task/answers.ts";
import { bitsOf } from "../task/bits.ts";

/** Of each prompt and query, `[prompts, queries]`. */
export interface ExitAnswers {
  /** Time steps taken, 1 .. T. */
  readonly steps: Int32Array;
  readonly decisions: Int32Array;
}

/**
 * The margin that an experiment asks for; null where chips take all steps. Throws SpecError when the machine knows no logits before the
 * end.
 */
export function exitMarginOf({ evaluation }: Pick<Experiment, "evaluation">, { order }: HardwareSpec): number | null {
  const { exitMargin = null } = evaluation;
  if (exitMargin === null || order === "step-major") return exitMargin;
  throw new SpecError(
    "evaluation.exitMargin",
    `An exit before the last time step needs logits after each step, but with hardware.order ${order} each layer finishes all steps ` +
      "before the next layer begins. Set hardware.order to step-major, or leave evaluation.exitMargin out.",
  );
}

/** What a chip that stops would have answered, from the logits of each step, `[steps, prompts, queries, C]` as in `Trace`. */
export function exitByMargin(
  { stepLogits, steps }: Pick<Trace, "stepLogits" | "steps">,
  classes: number,
  readOut: ReadOut | undefined,
  margin: number,
): ExitAnswers {
  const size = readOut === "bits" ? bitsOf(classes) : classes;
  const marginOf = readOut === "bits" ? smallest : lead;
  const rows = stepLogits.length / (steps * size);
  const answers = { steps: new Int32Array(rows), decisions: new Int32Array(rows) };
  for (let t = 1; t <= steps; t++) {
    const logits = meanLogits(stepLogits, steps, t);
    const decisions = decide(logits, classes, readOut);
    for (let row = 0; row < rows; row++) {
      if (answers.steps[row] > 0) continue;
      if (t < steps && marginOf(logits.subarray(row * size, (row + 1) * size)) < margin) continue;
      answers.steps[row] = t;
      answers.decisions[row] = decisions[row];
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
