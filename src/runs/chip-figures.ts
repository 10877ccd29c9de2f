/** Figures of chips alone, without the networks and receivers that a run compares them with: for a page that shows them as they come. */
import type { ChipEvaluation } from "../evaluation/chips.ts";
import type { FigureDraft } from "../report/build-report.ts";
import { estimateFigures } from "../report/cost.ts";
import { chipsCost } from "../report/cost-run.ts";
import type { Experiment } from "../spec/experiment.ts";
import type { TaskSpec } from "../spec/task.ts";
import { type ErrorsOf, kitOf } from "../task/catalogue.ts";
import { chipRate } from "./catalogue.ts";

/** Figures of a cost estimate that are about the machine itself. */
const OWN = /^cost\.(xpikeformer|latency|area)\.(?!annDigital)/;

/**
 * How well chips do and what they cost: the figures that `runExperiment` reports of the same chips and prompts, under the same ids.
 * Beside them the energy of an ANN of the network's size on digital logic, which a run that evaluates an ANN of another size does not have.
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
