/** Figures of chips and of the ANN beside them, without other networks of a run, for a page that updates while chips are evaluated. */
import type { CostEstimate } from "../cost/cost.ts";
import { type Measurement, perInference } from "../cost/measured.ts";
import { energyRanges } from "../cost/ranges.ts";
import { chipsCost, pool } from "../cost/simulated.ts";
import type { ChipEvaluation } from "../evaluation/chips.ts";
import type { Experiment } from "../experiment/experiment.ts";
import type { AnnSpec } from "../experiment/model.ts";
import type { TaskSpec } from "../experiment/task.ts";
import type { FigureDraft } from "../report/build-report.ts";
import { estimateFigures } from "../report/cost.ts";
import { equalityOf } from "../report/equality.ts";
import type { ErrorsOf } from "../task/catalogue.ts";
import type { TaskErrors } from "../task/metrics.ts";
import { annRates, chipRate } from "./catalogue.ts";
import { guessOf, runDraws } from "./price.ts";
import { chipRate as rateOf } from "./steps.ts";

/** Figures of a cost estimate that concern the machine itself, and those of the ANN beside it on each engine. */
const OWN = /^cost\.(xpikeformer|latency|area)\.(?!annDigital)/;
const ANN = /^cost\.(annTrees|annDigital|latency\.annDigital)/;

/** Engines of the int8 ANN. */
const ENGINES = ["annTrees", "annDigital"] as const;

/** An ANN, and its errors on the prompts of the chips; null while they are unknown. */
export interface AnnBeside<T extends TaskSpec = TaskSpec> {
  readonly model: AnnSpec;
  readonly errors: ErrorsOf<T> | null;
}

/**
 * Error rates and costs of chips and of the ANN beside them: the figures that `runExperiment` reports for the same chips and prompts, under
 * the same ids. Without an ANN, the costs are those of an ANN of the network's size, as in a run that has none.
 *
 * Energy ratios and the test of equal accuracy, which `energyRatios` reads, come with the ANN's errors.
 *
 * @param chips as `evaluateChips` gives them
 * Random  draws of prices, as in a run
 * Throws  MappingError when the experiment's model is not spiking
 */
export function chipFigures<T extends TaskSpec>(
  experiment: Experiment<T>,
  chips: readonly ChipEvaluation<ErrorsOf<T>>[],
  ann?: AnnBeside<T>,
): FigureDraft[] {
  const estimate = chipsCost(experiment, chips, ann?.model);
  const costs = estimateFigures(estimate).filter(({ id }) => OWN.test(id) || ANN.test(id));
  const rate = chipRate({ experiment, chips });
  if (!ann?.errors) return [rate, ...costs];
  const tested = chips as readonly { readonly errors: TaskErrors }[];
  return [
    rate,
    ...annRates({ experiment, chips, ann: ann.errors }),
    ...equalityOf({ experiment, chips: tested, networks: { ann: ann.errors as TaskErrors } }),
    ...costs,
    ...(guessOf(experiment, estimate.workload, rateOf(experiment, chips)) ? [] : ratiosOf(experiment, estimate, chips)),
  ];
}

/** Ratios to the ANN's engines with the ranges of a run. */
function ratiosOf(experiment: Experiment, estimate: CostEstimate, chips: readonly Measurement[]): FigureDraft[] {
  const { workload, resolved } = estimate;
  const operations = perInference(pool(chips));
  const ranges = energyRanges(workload, resolved, { ...runDraws(experiment), ids: ENGINES, operations });
  const wanted = ENGINES.map((id) => `cost.ratio.${id}`);
  return estimateFigures(estimate, "cost", undefined, ranges).filter(({ id }) => wanted.includes(id));
}
