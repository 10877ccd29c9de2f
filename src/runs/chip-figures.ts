/** Figures of chips and of the ANN beside them, without other networks of a run, for a page that updates while chips are evaluated. */
import { chipsCost } from "../cost/simulated.ts";
import type { ChipEvaluation } from "../evaluation/chips.ts";
import type { Experiment } from "../experiment/experiment.ts";
import type { AnnSpec } from "../experiment/model.ts";
import type { TaskSpec } from "../experiment/task.ts";
import type { FigureDraft } from "../report/build-report.ts";
import { estimateFigures } from "../report/cost.ts";
import type { ErrorsOf } from "../task/catalogue.ts";
import { annRates, chipRate } from "./catalogue.ts";

/** Figures of a cost estimate that concern the machine itself, and those of the ANN beside it. */
const OWN = /^cost\.(xpikeformer|latency|area)\.(?!annDigital)/;
const ANN = /^cost\.(annDigital|latency\.annDigital)/;

/** An ANN, and its errors on the prompts of the chips; null while they are unknown. */
export interface AnnBeside<T extends TaskSpec = TaskSpec> {
  readonly model: AnnSpec;
  readonly errors: ErrorsOf<T> | null;
}

/**
 * Error rates and costs of chips and of the ANN beside them: the figures that `runExperiment` reports for the same chips and prompts, under
 * the same ids. Without an ANN, the costs are those of an ANN of the network's size, as in a run that has none.
 *
 * @param chips as `evaluateChips` gives them
 * Throws  MappingError when the experiment's model is not spiking
 */
export function chipFigures<T extends TaskSpec>(
  experiment: Experiment<T>,
  chips: readonly ChipEvaluation<ErrorsOf<T>>[],
  ann?: AnnBeside<T>,
): FigureDraft[] {
  const costs = estimateFigures(chipsCost(experiment, chips, ann?.model));
  return [
    chipRate({ experiment, chips }),
    ...(ann?.errors ? annRates({ experiment, chips, ann: ann.errors }) : []),
    ...costs.filter(({ id }) => OWN.test(id) || ANN.test(id)),
  ];
}
