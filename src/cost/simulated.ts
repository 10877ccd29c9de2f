/** The cost of simulated chips from what they counted, at the prices and sizes of their own machine. */
import type { Experiment } from "../experiment/experiment.ts";
import { type AnnSpec, mostHeads } from "../experiment/model.ts";
import { machineNetwork } from "../machine/network.ts";
import { mean } from "../numeric/statistics.ts";
import { sumOperations } from "../simulation/trace.ts";
import { kitOf } from "../task/catalogue.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import { wholePrices } from "./architectures/xpikeformer.ts";
import { type CostEstimate, estimateCost, estimateMachine, type MachineEstimate } from "./cost.ts";
import { hardwareFor, hardwarePrices } from "./hardware.ts";
import type { MachinePrice } from "./machine-price.ts";
import { comparedWith, type Measurement, measuredWorkload, perInference } from "./measured.ts";
import type { Technology } from "./parameters.ts";
import { type PlannedMachine, planOn } from "./planned.ts";
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

/** A machine that chips were simulated of. */
export interface ChipsMachine {
  readonly estimate: MachineEstimate;
  /** Of each of its units. */
  readonly machine: MachinePrice;
}

/** The machine of a spiking experiment's chips at the prices of a technology, planned from the graph of its network. */
export function planChips(experiment: Experiment, technology: Technology): PlannedMachine {
  const { hardware: given, model } = experiment;
  const hardware = hardwareFor({ hardware: given, embedRows: given.crossbar.embedRows }, technology);
  const geometry = networkGeometry(experiment, createTask(experiment));
  return planOn(hardware, machineNetwork(model, geometry));
}

/**
 * Energy, time and area of the chips' machine alone, which may run any graph: rivals are priced from the sizes of a transformer.
 * For a transformer, these are the figures of `chipsCost`.
 *
 * @param chips the counts of each on the same prompts
 */
export function machineOfChips(experiment: Experiment, chips: readonly Measurement[]): ChipsMachine {
  const { task, model } = experiment;
  const { tokens, inputs } = createTask(experiment).geometry.real;
  const resolved = simulatedPrices(experiment);
  const planned = planChips(experiment, resolved.technology);
  const own = wholePrices(planned, { tokens, annInputs: inputs }, resolved.technology);
  const operations = perInference(pool(chips));
  const steps = model.kind === "ann" ? 1 : model.steps;
  const network = { steps, snnSteps: steps, result: kitOf(task).result(task) };
  return {
    estimate: estimateMachine(network, planned, own, operations, resolved),
    machine: own.price(operations),
  };
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
