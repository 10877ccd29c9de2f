/** Figures of chips without the comparison networks and receivers of a run, for a page that updates while chips are evaluated. */
import { chipsCost } from "../cost/simulated.ts";
import type { ChipEvaluation } from "../evaluation/chips.ts";
import type { Experiment } from "../experiment/experiment.ts";
import type { TaskSpec } from "../experiment/task.ts";
import type { FigureDraft } from "../report/build-report.ts";
import { estimateFigures } from "../report/cost.ts";
import { type ErrorsOf, kitOf } from "../task/catalogue.ts";
import { chipRate } from "./catalogue.ts";

/** Figures of a cost estimate that concern the machine itself. */
const OWN = /^cost\.(xpikeformer|latency|area)\.(?!annDigital)/;

/**
 * Error rates and costs of chips: the figures that `runExperiment` reports for the same chips and prompts, under the same ids. In
 * addition the energy of an ANN of the network's size on digital logic, which a run with an ANN of another size does not report.
 *
 * @param chips as `evaluateChips` gives them
 * Throws  MappingError when the experiment's model is not spiking
 */
export function chipFigures<T extends TaskSpec>(
  experiment: Experiment<T>,
  chips: readonly ChipEvaluation<ErrorsOf<T>>[],
): FigureDraft[] {
  const costs = estimateFigures(chipsCost(experiment, chips));
  const { name } = kitOf(experiment.task).result(experiment.task);
  const ann = ["cost.annDigital.energy", `cost.annDigital.${name}`];
  return [chipRate({ experiment, chips }), ...costs.filter(({ id }) => OWN.test(id) || ann.includes(id))];
}
