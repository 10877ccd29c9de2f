/** The cost of a workload on the machine that would run it: energy, time and area as in the estimate, and the price of each unit. */
import { xpikeformerPerformance } from "./architectures/performance.ts";
import { ownPrices, type PricedOperation, workloadActions } from "./architectures/xpikeformer.ts";
import type { MachinePrice } from "./machine-price.ts";
import type { Technology } from "./parameters.ts";
import type { Planner } from "./planned.ts";
import { keptPlans } from "./plans.ts";
import { totalOf } from "./unit-energies.ts";
import type { Workload } from "./workload.ts";

export interface MachineCost {
  /** For every unit, whether or not the technology's comparisons count it. */
  readonly price: MachinePrice;
  /** Joules per inference, with the pipeline full. */
  readonly energy: number;
  /** Seconds of a single inference, and from one to the next with the pipeline full. */
  readonly latency: number;
  readonly interval: number;
  /** Square metres. */
  readonly area: number;
}

/**
 * @param operations counted operations of one inference, such as a trace's; default from the workload's densities
 *
 * Throws MappingError for a machine that cannot hold a layer or its buffers
 */
export function machineCost(
  workload: Workload,
  technology: Technology,
  operations: readonly PricedOperation[] = workloadActions(workload, technology),
  plan: Planner = keptPlans(),
): MachineCost {
  const own = ownPrices(workload, technology, plan);
  const { latency, interval, area } = xpikeformerPerformance(workload, technology, plan, own);
  return { price: own.price(operations), energy: totalOf(own.energy(operations)), latency, interval, area: area! };
}
