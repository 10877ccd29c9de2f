/** The cost of a workload on the machine that would run it: energy, time and area as in the estimate, and the price of each unit. */
import { workloadActions, xpikeformer } from "./architectures/xpikeformer.ts";
import { estimateArea } from "./area.ts";
import type { MachinePrice } from "./machine-price.ts";
import type { Technology } from "./parameters.ts";
import { planMachine, priceWorkload } from "./planned.ts";
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

/** Throws MappingError for a machine that cannot hold a layer or its buffers. */
export function machineCost(workload: Workload, technology: Technology): MachineCost {
  const { pace } = planMachine(workload, technology);
  return {
    price: priceWorkload(workload, technology, workloadActions(workload, technology)),
    energy: totalOf(xpikeformer(workload, technology)),
    latency: pace.clocks / technology.ssaClock,
    interval: pace.interval / technology.ssaClock,
    area: totalOf(estimateArea(workload, technology).xpikeformer),
  };
}
