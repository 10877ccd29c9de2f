/**
 * A workload's machine with its pace and full cost: prices of every action, unit and clock, one inference after another.
 */
import type { HardwareSpec } from "../experiment/hardware.ts";
import { type Machine, machineOf, placementOf } from "../machine/machine.ts";
import { type Pace, paceOf } from "../machine/schedule.ts";
import type { NetworkShape } from "../machine/shape.ts";
import type { Mapping } from "../mapping/mapping.ts";
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
  const sizes = sizesOf(shape);
  return PLANS.of([hardware, sizes], () => {
    const { timing: _, ...untimed } = hardware;
    const machine = machineOf(
      hardware,
      shape,
      PLACEMENTS.of([untimed, sizes], () => placementOf(hardware, shape)),
    );
    return { hardware, machine, pace: paceOf(machine) };
  });
}

/**
 * Caches, because draws, maps and searches request the same few hundred machines thousands of times. They differ in time steps and
 * clocks, and share a few placements, which take most of the memory. A value follows from its key, so no result depends on what is kept.
 */
const PLANS = cacheOf<PlannedMachine>(512);
const PLACEMENTS = cacheOf<Mapping>(32);

/** The last `kept` values, by the text of what they follow from. */
function cacheOf<Value>(kept: number) {
  const values = new Map<string, Value>();
  return {
    of(parts: unknown, compute: () => Value): Value {
      const key = JSON.stringify(parts);
      const found = values.get(key) ?? compute();
      values.delete(key);
      values.set(key, found);
      const [oldest] = values.keys();
      if (values.size > kept) values.delete(oldest);
      return found;
    },
  };
}

/** What a machine depends on besides the hardware: the workload's shape, without its other fields. */
function sizesOf(shape: NetworkShape): Readonly<Record<keyof NetworkShape, unknown>> {
  const { depth, width, heads, expansion, reset, draws, tokens, inputs, stem, classes, queries, meanReadOut } = shape;
  const { embedding, residualInputBits, outputProjection, residuals, positions, scores, steps } = shape;
  const [tokensRead, mask] = [shape.tokensRead?.join(), shape.mask?.join("")];
  return {
    depth,
    width,
    heads,
    expansion,
    reset,
    draws,
    tokens,
    inputs,
    stem,
    classes,
    queries,
    meanReadOut,
    embedding,
    residualInputBits,
    outputProjection,
    residuals,
    positions,
    scores,
    steps,
    tokensRead,
    mask,
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
