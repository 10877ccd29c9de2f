/**
 * Time steps at equal accuracy: energies may be compared only if the answers are equally good.
 *
 * A spiking network gets the fewest steps with an error rate within a tolerance of the conventional network's. If no number of
 * steps achieves that, it gets the fewest within the same tolerance of its own best. This is the paper's rule, "each at its
 * converged T"; it is not equal accuracy and is reported as such.
 *
 * The digital spiking network has the same target: the conventional network's error rate if Xpikeformer reaches it, otherwise
 * Xpikeformer's best. Both are then equally good wherever the digital network can match it.
 */

export interface StepChoice {
  readonly steps: number;
  readonly errorRate: number;
  /** True if the target is reached; false if the curve has only converged. */
  readonly reached: boolean;
}

/** Relative tolerance: 5 % of an error rate is below what some thousand prompts resolve. */
export const RATE_TOLERANCE = 0.05;

/**
 * @param steps  ascending numbers of steps at which `errorRates` were measured
 * @param target error rate to reach, or undefined without a network to compare with
 */
export function chooseSteps(
  steps: readonly number[],
  errorRates: readonly number[],
  target: number | undefined,
  tolerance = RATE_TOLERANCE,
): StepChoice {
  const within = (rate: number) => errorRates.findIndex((found) => found <= (1 + tolerance) * rate);
  const reached = target === undefined ? -1 : within(target);
  const at = reached >= 0 ? reached : within(Math.min(...errorRates));
  return { steps: steps[at], errorRate: errorRates[at], reached: reached >= 0 };
}

/** The error rate for which time steps are chosen. */
export interface StepTarget {
  readonly of: "ann" | "xpikeformer";
  readonly rate: number;
}

/**
 * The target of the digital spiking network compared with Xpikeformer.
 *
 * @param errorRates Xpikeformer's, for all measured numbers of steps
 * @param ann        error rate of the conventional network
 */
export const snnTarget = (choice: StepChoice, errorRates: readonly number[], ann: number | undefined): StepTarget =>
  choice.reached && ann !== undefined ? { of: "ann", rate: ann } : { of: "xpikeformer", rate: Math.min(...errorRates) };
