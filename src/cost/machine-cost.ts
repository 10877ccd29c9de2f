/**
 * What a workload costs on the machine that would run it: counted actions, time, memories, area and leakage of one and the same machine,
 * with both lines of a pair, scaled sums, FIFOs and the stored stream as they are built.
 */
import { countActions } from "../machine/counts.ts";
import type { Machine } from "../machine/machine.ts";
import { type Schedule, scheduleOf } from "../machine/schedule.ts";
import { totalOf } from "./architectures/energy.ts";
import { hardwareFor, machineFor } from "./hardware.ts";
import { type MachinePrice, priceMachine } from "./machine-price.ts";
import type { Technology } from "./parameters.ts";
import { timesOf } from "./times.ts";
import type { Workload } from "./workload.ts";

export interface MachineCost {
  readonly machine: Machine;
  readonly schedule: Schedule;
  readonly price: MachinePrice;
  /** Joules per inference, while the machine is kept busy. */
  readonly energy: number;
  /** Seconds of an inference by itself, and from one to the next while the machine is kept busy. */
  readonly latency: number;
  readonly interval: number;
  /** Square metres. */
  readonly area: number;
}

/** Throws MappingError for a machine that cannot hold a layer or its buffers. */
export function machineCost(workload: Workload, technology: Technology): MachineCost {
  const hardware = hardwareFor(workload, technology);
  const machine = machineFor(workload, technology);
  const schedule = scheduleOf(machine);
  const { buffers } = schedule.inFlight ?? schedule.alone;
  const { residualInputBits, skipSilentBlocks } = technology;
  const rules = { residualInputBits, skipSilentBlocks: skipSilentBlocks === 1 };
  const stages = countActions(machine, workload, rules);
  const { alone, interval } = timesOf(schedule, technology);
  const price = priceMachine({ machine, hardware, stages, buffers, time: interval }, technology);
  return {
    ...{ machine, schedule, price, interval },
    energy: totalOf(price.energy),
    latency: alone,
    area: totalOf(price.area),
  };
}
