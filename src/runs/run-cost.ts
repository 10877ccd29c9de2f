/** The cost section of a run's report; of a network that lists its operations, why it has none. */
import { isTransformer } from "../experiment/model.ts";
import { type CostSection, costSection, UNPRICED_GRAPH, unpricedSection } from "../report/cost-run.ts";
import { kitOf } from "../task/catalogue.ts";
import { type CostRun, priceRun } from "./price.ts";

/** Random, throws  as `priceRun` */
export function costOfRun(run: CostRun): CostSection {
  const { model, task } = run.experiment;
  return isTransformer(model) ? costSection(priceRun(run)) : unpricedSection(UNPRICED_GRAPH, kitOf(task).result(task));
}
