/** The machine of a workload with its pace, and what all of it costs: prices of every action, unit and clock, one inference after another. */
import { type Machine, machineOf } from "../machine/machine.ts";
import { type Pace, paceOf } from "../machine/schedule.ts";
import type { NetworkShape } from "../machine/shape.ts";
import type { HardwareSpec } from "../spec/hardware.ts";
import { hardwareFor, shapeFor, timingOf } from "./hardware.ts";
import { type MachinePrice, type MachineWork, priceMachine } from "./machine-price.ts";
import type { Technology } from "./parameters.ts";
import type { Workload } from "./workload.ts";

export interface PlannedMachine {
  readonly hardware: HardwareSpec;
  readonly machine: Machine;
  readonly pace: Pace;
}

/** Throws MappingError when the chip cannot hold a layer, or a prompt. */
export function planMachine(workload: Workload, technology: Technology): PlannedMachine {
  const hardware = hardwareFor(workload, technology);
  const timing = timingOf(hardware, technology);
  const shape = shapeFor(workload, technology);
  const machine = machineOf(hardware, shape, timing);
  const key = JSON.stringify([hardware, sizesOf(shape), timing]);
  const pace = PACES.get(key) ?? paceOf(machine);
  const [oldest] = PACES.keys();
  if (PACES.size >= KEPT) PACES.delete(oldest);
  PACES.set(key, pace);
  return { hardware, machine, pace };
}

/** Draws and maps ask for the same few schedules thousands of times. A pace follows from its key, so no result depends on which are kept. */
const PACES = new Map<string, Pace>();
const KEPT = 1024;

/** What a machine and its schedule depend on beside the hardware. */
function sizesOf({ mask, tokensRead, stem, ...shape }: NetworkShape): readonly unknown[] {
  const { depth, width, heads, expansion, tokens, inputs, classes, queries, meanReadOut } = shape;
  const { embedding, outputProjection, residuals, residualInputBits, positions, scores, steps } = shape;
  const sizes = [depth, width, heads, expansion, tokens, inputs, classes, queries, meanReadOut, steps, scores];
  const kinds = [embedding, outputProjection, residuals, residualInputBits, positions];
  return [...sizes, ...kinds, tokensRead?.join(), mask?.join(""), stem];
}

/**
 * One inference of a machine that is kept busy: leakage and control last from one inference to the next, and each inference that is under
 * way has memory of its own.
 *
 * @param operations actions of one inference
 */
export function priceWorkload(
  workload: Workload,
  technology: Technology,
  operations: MachineWork["operations"],
): MachinePrice {
  const { hardware, machine, pace } = planMachine(workload, technology);
  const { clocks, interval } = pace;
  const buffers = pace.buffers.map((buffer) => ({ ...buffer, total: Math.ceil(clocks / interval) * buffer.bits }));
  return priceMachine({ machine, hardware, operations, buffers, time: interval / technology.ssaClock }, technology);
}
