/**
 * The price of a run: its machine, its estimate and all that its report shows of both, computed once from counted actions.
 *
 * Every baseline is priced from the network that was evaluated, whatever its size, the digital SNN at its own densities, and at three
 * numbers of time steps (`report/cost-run.ts`).
 */
import { ARCHITECTURE_IDS } from "../cost/architectures/catalogue.ts";
import { xpikeformer } from "../cost/architectures/xpikeformer.ts";
import { workloadsByStep } from "../cost/by-step.ts";
import { type CostEstimate, estimateCost, withRivalSteps } from "../cost/cost.ts";
import { exitEnergy } from "../cost/exit.ts";
import { hardwarePrices } from "../cost/hardware.ts";
import { chooseSteps, rivalSteps } from "../cost/iso-accuracy.ts";
import { comparedWith, type Measurement, measuredWorkload, perInference } from "../cost/measured.ts";
import { keptPlans } from "../cost/plans.ts";
import { findCostPreset } from "../cost/presets.ts";
import { priceInFull, priceReceivers, type Rivals } from "../cost/priced.ts";
import { energyRanges, RANGE_DRAWS } from "../cost/ranges.ts";
import { resolveTechnology } from "../cost/resolve.ts";
import { pool, simulatedPrices } from "../cost/simulated.ts";
import { type Workload, withSteps } from "../cost/workload.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { mostHeads } from "../experiment/model.ts";
import { stream } from "../numeric/stream.ts";
import type { Sample } from "../numeric/variance-components.ts";
import type { ClaimDraft } from "../report/build-report.ts";
import type { ComparedNetworks, PricedRun } from "../report/cost-run.ts";
import { testEquality } from "../report/equality.ts";
import type { SpikeTrain } from "../spike/train.ts";
import { guessingRate } from "../task/guessing.ts";

/** What was measured. */
export interface CostRun {
  readonly experiment: Experiment;
  /** What each chip counted on the same prompts. */
  readonly chips: readonly Measurement[];
  /** Spike trains of one prompt on the first chip, for costs by step. */
  readonly rasters: Readonly<Record<string, SpikeTrain>>;
  /** The error rate of the chips with the upper end of its interval, to tell it from guessing. Left out: better than guessing. */
  readonly chipRate?: { readonly value: number; readonly high: number };
  /** Mean error rate after each number of steps, ascending. */
  readonly curve: {
    readonly steps: readonly number[];
    readonly rates: readonly number[];
    /** The rates of chips and prompts, on the prompts of the compared networks. Left out: equal accuracy is not tested. */
    readonly samples?: readonly Sample[];
  };
  readonly compared: ComparedNetworks;
  /** Share of prompts that took 1 .. T steps, where chips stop when they are sure. Default: they take all. */
  readonly exit?: readonly number[] | null;
  /** How T was chosen, as a sentence, if it is not that of the training. */
  readonly stepsNote?: string | null;
  /** What the paper says of costs, for a task that it prices. */
  readonly claims?: (asRun: CostEstimate) => readonly ClaimDraft[];
}

/** Random: draws of prices, from `stream(experiment.seed)`. Throws MappingError when the machine cannot be built */
export function priceRun(run: CostRun): PricedRun {
  const { experiment, chips, chipRate, rasters, curve, compared, exit, claims, stepsNote = null } = run;
  const { ann, snn } = compared;
  const { equalityMargin: margin } = experiment.evaluation;
  const plan = keptPlans();
  const measurement = pool(chips);
  const measured = comparedWith(measuredWorkload(experiment, measurement), experiment, { ann: ann?.model, snn });
  const workload = withSteps(measured, measured.steps, snn?.model.steps ?? measured.steps);
  const simulated = simulatedPrices(experiment);
  const calibrated = resolveTechnology(findCostPreset("paper"), {
    set: hardwarePrices(experiment.hardware, { heads: mostHeads(experiment.model) }),
  });
  const beside = (steps: number, rival: ArrayLike<number> | undefined) => {
    const sample = curve.samples?.[curve.steps.indexOf(steps)];
    return sample && rival ? testEquality(sample, rival, margin) : undefined;
  };
  /** The chips after a number of steps beside the digital SNN after its own. */
  const besideSnn = (steps: number, own: number) => beside(steps, snn?.byPrompt?.[own - 1]);
  // The T that the chips run is tested first. Further steps are a curve of fewer chips, and no claim is made of them.
  const tested = (steps: number) => (steps <= workload.steps ? beside(steps, ann?.byPrompt) : undefined);
  const rateAt = (rate: number, i: number) => ({
    steps: curve.steps[i],
    errorRate: rate,
    test: tested(curve.steps[i]),
  });
  const choice = chooseSteps(curve.rates.map(rateAt), margin);
  const ownRates = snn?.rates.map((errorRate, t) => ({ steps: t + 1, errorRate }));
  const snnChoice = ownRates && rivalSteps(ownRates, choice.errorRate, margin);
  const guess = chipRate ? guessOf(experiment, workload, chipRate) : null;
  const rivals: Rivals = { ann: ann !== undefined && !guess, snn: snn !== undefined && !guess };
  // The digital SNN's answers after Xpikeformer's T steps are known only if it ran at least T steps.
  const sameSteps = snn !== undefined && workload.steps <= snn.rates.length;
  const operations = perInference(measurement);
  const ranges = runDraws(experiment);
  const asRun = estimateCost(workload, simulated, operations, plan);
  const equal = withRivalSteps(asRun, workload.steps);
  const asPaper = estimateCost(workload, calibrated, operations, plan);
  const fewest = withSteps(workload, choice.steps, snnChoice?.steps ?? choice.steps);
  return {
    experiment,
    choice,
    snnChoice,
    compared,
    asPaper,
    stepsNote,
    priced: priceInFull(asRun, { rivals, ranges, operations, plan }),
    equal: {
      estimate: equal,
      asPaper: withRivalSteps(asPaper, workload.steps),
      ranges: sameSteps
        ? energyRanges(equal.workload, simulated, { ...ranges, ids: ["snnDigital", "gpuSnn"], operations, plan })
        : null,
      test: besideSnn(workload.steps, workload.steps),
    },
    chosen: {
      estimate: estimateCost(fewest, simulated, undefined, plan),
      ranges: energyRanges(fewest, simulated, { ...ranges, ids: ARCHITECTURE_IDS, plan }),
    },
    test: tested(workload.steps),
    snnTest: snnChoice && besideSnn(choice.steps, snnChoice.steps),
    exit: exit ? exitEnergy(workload, simulated, exit, plan) : null,
    receivers: priceReceivers(experiment.task, simulated.technology),
    bySteps: workloadsByStep(experiment, rasters).map((step) =>
      xpikeformer(step, simulated.technology, undefined, plan),
    ),
    guess,
    claims: claims?.(asRun) ?? [],
  };
}

/** The draws of prices behind the ranges of a run. */
export const runDraws = ({ seed }: Experiment) => ({ draws: RANGE_DRAWS, random: stream(seed).fork("prices") });

/** The rate of chips with that of guessing, if they are not shown to do better: no energy ratio is given to such chips. */
export function guessOf(
  { task }: Experiment,
  { classes }: Pick<Workload, "classes">,
  { value, high }: NonNullable<CostRun["chipRate"]>,
): PricedRun["guess"] {
  const chance = guessingRate(task, classes);
  return high >= chance ? { rate: value, chance } : null;
}
