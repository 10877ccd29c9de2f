/**
 * A workload's machine with its pace, and its price: every action, unit and clock, one inference after another.
 *
 * `planMachine` costs far more than a price. Whoever asks several questions asks them of one plan (`keptPlans`).
 */
import type { HardwareSpec } from "../experiment/hardware.ts";
import { type Machine, machineOf, placementOf } from "../machine/machine.ts";
import type { Runnable } from "../machine/network.ts";
import { type Pace, paceOf } from "../machine/schedule.ts";
import type { NetworkShape } from "../machine/shape.ts";
import type { Mapping } from "../mapping/mapping.ts";
import { hardwareFor, shapeFor } from "./hardware.ts";
import { type EnergyItem, energyItems, energyOf } from "./machine-energy.ts";
import { type MachinePrice, priceUnits } from "./machine-price.ts";
import type { MachineWork } from "./machine-work.ts";
import type { Technology } from "./parameters.ts";
import { periodOf } from "./times.ts";
import type { Workload } from "./workload.ts";

export interface PlannedMachine {
  readonly hardware: HardwareSpec;
  readonly machine: Machine;
  readonly pace: Pace;
}

/** `planMachine`, or one that keeps what it planned. */
export type Planner = (workload: Workload, technology: Technology) => PlannedMachine;

/**
 * @param place where the layers go; default `placementOf`
 *
 * Throws MappingError when the chip cannot hold a layer, or a prompt
 */
export function planMachine(
  workload: Workload,
  technology: Technology,
  place: (hardware: HardwareSpec, shape: NetworkShape) => Mapping = placementOf,
): PlannedMachine {
  const hardware = hardwareFor(workload, technology);
  const shape = shapeFor(workload, technology);
  return planOn(hardware, shape, place(hardware, shape));
}

/** The plan of any network on this hardware. Throws as `planMachine`. */
export function planOn(hardware: HardwareSpec, network: Runnable, mapping?: Mapping): PlannedMachine {
  const machine = machineOf(hardware, network, mapping);
  return { hardware, machine, pace: paceOf(machine) };
}

/** The price of any work on a machine whose units were priced once. */
export interface PricedMachine extends Pick<MachinePrice, "area"> {
  /** Number of crossbars. */
  readonly crossbars: number;
  /**
   * Joules by part.
   *
   * @param operations actions of one inference
   * @param at         how often one is asked for; default as often as the technology says
   */
  readonly energy: (
    operations: MachineWork["operations"],
    at?: Pick<Technology, "inferenceRate">,
  ) => MachinePrice["energy"];
  readonly price: (operations: MachineWork["operations"]) => MachinePrice;
  /** The items of `energy`. */
  readonly items: (operations: MachineWork["operations"]) => EnergyItem[];
}

/**
 * One inference of a machine: leakage and control last from one inference to the next (`inferenceRate`; by default the pipeline is full),
 * and each inference in progress has its own memory.
 */
export function priceUnitsOf({ hardware, machine, pace }: PlannedMachine, technology: Technology): PricedMachine {
  const { clocks, interval } = pace;
  const buffers = pace.buffers.map((buffer) => ({ ...buffer, total: Math.ceil(clocks / interval) * buffer.bits }));
  const units = priceUnits({ machine, hardware, buffers }, technology);
  const { area, leakage, dies } = units;
  const work = (operations: MachineWork["operations"], { inferenceRate }: Pick<Technology, "inferenceRate">) => {
    const time = periodOf(interval / technology.ssaClock, { inferenceRate });
    return { machine, hardware, buffers, operations, time };
  };
  const energy: PricedMachine["energy"] = (operations, at = technology) =>
    energyOf(work(operations, at), units, technology);
  return {
    crossbars: machine.units.crossbars.count,
    area,
    energy,
    price: (operations) => ({ energy: energy(operations), area, leakage, dies }),
    items: (operations) => energyItems(work(operations, technology), units, technology),
  };
}
