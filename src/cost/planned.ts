/**
 * A workload's machine with its pace and full cost: prices of every action, unit and clock, one inference after another.
 */

import type { HardwareSpec } from "../experiment/hardware.ts";
import { type Machine, machineOf } from "../machine/machine.ts";
import { type Pace, paceOf } from "../machine/schedule.ts";
import type { NetworkShape } from "../machine/shape.ts";
import { hardwareFor, shapeFor } from "./hardware.ts";
import { type MachinePrice, type MachineWork, priceMachine } from "./machine-price.ts";
import type { Technology } from "./parameters.ts";
import { periodOf } from "./times.ts";
import type { Workload } from "./workload.ts";

export interface PlannedMachine {
  readonly hardware: HardwareSpec;
  readonly machine: Machine;
  readonly pace: Pace;
}

/** Throws MappingError when the chip cannot hold a layer, or a prompt. */
export function planMachine(workload: Workload, technology: Technology): PlannedMachine {
  const hardware = hardwareFor(workload, technology);
  const shape = shapeFor(workload, technology);
  const key = JSON.stringify([hardware, sizesOf(shape)]);
  const kept = PLANS.get(key);
  if (kept) return kept;
  const machine = machineOf(hardware, shape);
  const plan = { hardware, machine, pace: paceOf(machine) };
  const [oldest] = PLANS.keys();
  if (PLANS.size >= KEPT) PLANS.delete(oldest);
  PLANS.set(key, plan);
  return plan;
}

/**
 * A cache, because draws, maps and searches request the same few machines thousands of times. A plan follows from its key, so
 * no result depends on which plans are cached.
 */
const PLANS = new Map<string, PlannedMachine>();
const KEPT = 64;

/** What a machine depends on besides the hardware: the workload's shape, without its other fields. */
function sizesOf(shape: NetworkShape): Readonly<Record<keyof NetworkShape, unknown>> {
  const { depth, width, heads, expansion, reset, draws, tokens, inputs, stem, classes, queries, meanReadOut } = shape;
  const { embedding, residualInputBits, outputProjection, residuals, positions, scores, steps } = shape;
  const [tokensRead, mask] = [shape.tokensRead?.join(), shape.mask?.join("")];
  return {
    ...{ depth, width, heads, expansion, reset, draws, tokens, inputs, stem, classes, queries, meanReadOut },
    ...{ embedding, residualInputBits, outputProjection, residuals, positions, scores, steps, tokensRead, mask },
  };
}

/**
 * One inference of a machine: leakage and control last from one inference to the next (`inferenceRate`; by default the pipeline is full),
 * and each inference in progress has its own memory.
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
  const time = periodOf(interval / technology.ssaClock, technology);
  return priceMachine({ machine, hardware, operations, buffers, time }, technology);
}
