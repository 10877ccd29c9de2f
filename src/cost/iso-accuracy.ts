/**
 * Time steps of an energy comparison: energies may be compared only if the answers are equally good, which takes a test.
 *
 * A spiking network gets the fewest steps at which its error rate is shown not to exceed the conventional network's by more than a margin
 * (`numeric/non-inferiority.ts`). The same prompts choose T and test it. Steps are therefore tested in a fixed order, from the most down,
 * until one is not shown: a chance of 2.5 % of a false claim then holds for the whole sequence. Source: P. H. Westfall, A. Krishen,
 * "Optimally weighted, fixed sequence and gatekeeper multiple testing procedures", J. Stat. Plan. Inference 99 (2001) 25-40, section 2.
 *
 * If the most steps do not show it, no claim is made. The network then gets the fewest steps whose error rate, as measured, is within the
 * margin of its lowest. This is the paper's rule, "each at its converged T".
 *
 * The digital spiking network gets the fewest steps whose error rate, as measured, exceeds that of Xpikeformer by no more than the margin.
 * The margin is thus in the rival's favour; Xpikeformer is then tested against it.
 */
import type { NonInferiority } from "../numeric/non-inferiority.ts";

/** An error rate after a number of time steps. */
export interface StepRate {
  readonly steps: number;
  readonly errorRate: number;
  /** The rate against a rival's. Left out: not tested. */
  readonly test?: NonInferiority | undefined;
}

export interface StepChoice {
  readonly steps: number;
  readonly errorRate: number;
  /** Whether equality is shown at these steps. */
  readonly shown: boolean;
  /** The test at these steps if it is shown, otherwise the one that failed first, at its steps; null without any. */
  readonly test: (NonInferiority & { readonly steps: number }) | null;
}

/**
 * Xpikeformer's steps.
 *
 * @param rates  by ascending number of steps
 * @param margin `evaluation.equalityMargin`
 */
export function chooseSteps(rates: readonly StepRate[], margin: number): StepChoice {
  const tested = rates.flatMap(({ test, ...rate }) => (test ? [{ ...rate, test }] : []));
  const most = tested.at(-1);
  const failed = tested.findLastIndex(({ test }) => test.verdict !== "shown");
  if (most && failed < tested.length - 1) {
    const { test, ...chosen } = tested[failed + 1];
    return { ...chosen, shown: true, test: { ...test, steps: chosen.steps } };
  }
  const lowest = Math.min(...rates.map(({ errorRate }) => errorRate));
  const { steps, errorRate } = fewestWithin(rates, lowest, margin)!;
  return { steps, errorRate, shown: false, test: most ? { ...most.test, steps: most.steps } : null };
}

/**
 * The digital spiking network's steps beside Xpikeformer's rate; those nearest to its own lowest rate if it does not come within the
 * margin.
 *
 * @param rates by ascending number of steps
 */
export function rivalSteps(
  rates: readonly StepRate[],
  ownRate: number,
  margin: number,
): Pick<StepRate, "steps" | "errorRate"> & { readonly reached: boolean } {
  const lowest = Math.min(...rates.map(({ errorRate }) => errorRate));
  const reached = fewestWithin(rates, ownRate, margin);
  const { steps, errorRate } = reached ?? fewestWithin(rates, lowest, margin)!;
  return { steps, errorRate, reached: reached !== undefined };
}

const fewestWithin = (rates: readonly StepRate[], rate: number, margin: number): StepRate | undefined =>
  rates.find(({ errorRate }) => errorRate <= (1 + margin) * rate);
