/** The cost of simulated chips from what they counted, at the prices and sizes of their own machine. */
import type { Experiment } from "../experiment/experiment.ts";
import { type AnnSpec, mostHeads } from "../experiment/model.ts";
import { mean } from "../numeric/statistics.ts";
import { sumOperations } from "../simulation/trace.ts";
import { type CostEstimate, estimateCost } from "./cost.ts";
import { hardwarePrices } from "./hardware.ts";
import { comparedWith, type Measurement, measuredWorkload, perInference } from "./measured.ts";
import { findCostPreset } from "./presets.ts";
import { type ResolvedTechnology, resolveTechnology } from "./resolve.ts";

/** The prices of simulated chips, with the sizes of this machine. */
export const simulatedPrices = ({ hardware, model }: Experiment): ResolvedTechnology =>
  resolveTechnology(findCostPreset("simulated"), { set: hardwarePrices(hardware, { heads: mostHeads(model) }) });

/**
 * The cost of simulated chips from their counts, at the prices of a run's report, whose Xpikeformer figures come from this estimate.
 *
 * @param chips the counts of each on the same prompts
 * @param ann the ANN that the digital engine runs; left out: one of the network's size
 * Throws  MappingError when the experiment's model is not spiking
 */
export function chipsCost(experiment: Experiment, chips: readonly Measurement[], ann?: AnnSpec): CostEstimate {
  const measurement = pool(chips);
  const workload = comparedWith(measuredWorkload(experiment, measurement), experiment, { ann });
  return estimateCost(workload, simulatedPrices(experiment), perInference(measurement));
}

/** Pools chips that answered the same prompts into one measurement. */
export const pool = (chips: readonly Measurement[]): Measurement => ({
  prompts: chips.reduce((sum, { prompts }) => sum + prompts, 0),
  operations: sumOperations(chips.map(({ operations }) => operations)),
  densities: meanDensities(chips.map(({ densities }) => densities)),
});

/** The mean density over chips of each spike train. */
export const meanDensities = (chips: readonly Measurement["densities"][]): Measurement["densities"] =>
  Object.fromEntries(Object.keys(chips[0]).map((name) => [name, mean(chips.map((densities) => densities[name]))]));
