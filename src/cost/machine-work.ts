/** A machine and its work as they are priced: units at their widths, memories, and the actions of one inference. */
import type { HardwareSpec } from "../experiment/hardware.ts";
import { type ActionCounts, type ActionTally, emptyTally } from "../hardware/actions.ts";
import type { BufferUse } from "../machine/buffers.ts";
import type { LayerUnit, MachineUnits } from "../machine/machine.ts";
import type { MachineNetwork } from "../machine/network.ts";
import type { MappingTotals } from "../mapping/mapping.ts";
import type { SizedEngine } from "./attention-units.ts";
import type { Feet } from "./feet.ts";

/** A memory between units, as sized by the schedule: a bank holds the peak of one inference. */
export interface BufferSize extends BufferUse {
  /** Bits of all inferences in progress, each in its own bank, one of which is accessed; default those of one inference. */
  readonly total?: number;
}

/** Inputs of a price: counts and widths of a machine's units. */
export interface MachineSizes {
  readonly network: Pick<MachineNetwork, "graph" | "steps" | "reset" | "stateWords">;
  /** One entry per layer with its own units. */
  readonly layers: readonly Pick<
    LayerUnit,
    "name" | "inputs" | "outputs" | "takesCodes" | "clocks" | "tokens" | "everyStep"
  >[];
  readonly units: Omit<MachineUnits, "converters" | "comparators"> & {
    readonly comparators: Feet;
    readonly converters: Pick<MachineUnits["converters"], "count" | "bits">;
  };
  readonly engines: readonly SizedEngine[];
  readonly mapping: { readonly totals: Pick<MappingTotals, "cells" | "loads"> };
}

export interface MachineWork {
  readonly machine: MachineSizes;
  readonly hardware: HardwareSpec;
  /** Actions of one inference, operation by operation; those of a layer have its name, or else its wires are those of a large layer. */
  readonly operations: readonly {
    readonly name?: string;
    readonly kind: string;
    readonly actions: ActionCounts;
    readonly repeat?: number;
  }[];
  readonly buffers: readonly BufferSize[];
  /** Seconds that an inference occupies the chip: its latency, or the interval between two pipelined inferences. */
  readonly time: number;
}

/** A machine before it works. */
export type Idle = Omit<MachineWork, "operations" | "time">;

/** Actions of all operations together, or of the attention that one engine works on; the first one has attention without a name. */
export function actionsOf({ operations, machine: { engines } }: MachineWork, engine?: SizedEngine): ActionTally {
  const sum = emptyTally();
  const engineOf = (name = "") => engines.find(({ serves }) => serves.includes(name)) ?? engines[0];
  for (const { name, kind, actions, repeat = 1 } of operations) {
    if (engine && (kind !== "attention" || engineOf(name) !== engine)) continue;
    for (const action of Object.keys(actions) as (keyof ActionCounts)[]) sum[action] += repeat * actions[action];
  }
  return sum;
}
