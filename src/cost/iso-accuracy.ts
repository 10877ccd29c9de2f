/**
 * Time steps at equal accuracy: energies may be compared only where the answers are equally good.
 *
 * A spiking network is given the fewest steps at which its error rate is within a tolerance of the conventional network's.
 * Where no number of steps gets there, it is given the fewest at which it is within the same tolerance of its own best:
 * the paper's rule, "each at its converged T", which is not equal accuracy and is reported as such.
 *
 * The digital spiking network has the same target: the conventional network's rate where Xpikeformer reaches that, else the best that
 * Xpikeformer reaches, so that both are equally good wherever the digital one can be.
 */

export interface StepChoice {
  readonly steps: number;
  readonly errorRate: number;
  /** True where the target is reached; false where the curve has only converged. */
  readonly reached: boolean;
}

/** Relative tolerance: 5 % of an error rate is below what some thousand prompts resolve. */
export const RATE_TOLERANCE = 0.05;

/**
 * @param steps  ascending numbers of steps at which `errorRates` were measured
 * @param target error rate to reach, or undefined when there is none to compare with
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

/** The error rate that time steps are chosen for. */
export interface StepTarget {
  readonly of: "ann" | "xpikeformer";
  readonly rate: number;
}

/**
 * The target of the digital spiking network beside Xpikeformer.
 *
 * @param errorRates Xpikeformer's, at all numbers of steps that were measured
 * @param ann        error rate of the conventional network
 */
export const snnTarget = (choice: StepChoice, errorRates: readonly number[], ann: number | undefined): StepTarget =>
  choice.reached && ann !== undefined ? { of: "ann", rate: ann } : { of: "xpikeformer", rate: Math.min(...errorRates) };
