/** The cost section of a run's report. A network that no sizes describe has a machine, and no rivals. */
import { machineOfChips } from "../cost/simulated.ts";
import { isSized } from "../experiment/model.ts";
import { type CostSection, costSection, machineSection } from "../report/cost-run.ts";
import { type CostRun, priceRun } from "./price.ts";

/** Random, throws  as `priceRun` */
export const costOfRun = (run: CostRun): CostSection =>
  isSized(run.experiment.model)
    ? costSection(priceRun(run))
    : machineSection(machineOfChips(run.experiment, run.chips));
