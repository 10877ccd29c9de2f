/** Wires of a machine: of local sums within a layer, and of spikes between layers and to the attention units. */
import type { HardwareSpec } from "../experiment/hardware.ts";
import type { MachineWork } from "./machine-work.ts";
import type { Technology } from "./parameters.ts";
import { layerWires, wire } from "./prices/floorplan.ts";
import { adder } from "./prices/logic.ts";

/** Joules of moving every local sum from its crossbar to the outputs of its layer. */
export function wiresInLayers(
  { operations, machine: { layers } }: MachineWork,
  { crossbar: { area } }: { readonly crossbar: { readonly area: number } },
  technology: Technology,
): number {
  const prices = new Map(layers.map((layer) => [layer.name, layerWires({ ...layer, area }, technology).energy]));
  let joules = 0;
  for (const { name, actions, repeat = 1 } of operations) {
    const sums = actions.conversions - actions.subtractions;
    joules += repeat * sums * (prices.get(name ?? "") ?? technology.interconnect);
  }
  return joules;
}

/**
 * Joules of wires between units, in metres from a layer to the next and to the attention units. A code of spikes takes, per spike or
 * silence, a full adder that counts, and a gate at either end.
 */
export function wiresBetween(
  bits: Traffic,
  { transport }: HardwareSpec,
  toNext: number,
  toEngine: number,
  technology: Technology,
): number {
  const offered = bits.engineRead + bits.engineWritten;
  const coded = transport.code !== "bits";
  const coding = coded
    ? (bits.linearWritten + offered) * (adder({ bits: 1 }, technology).energy + 2 * technology.gate)
    : 0;
  return (
    coding +
    (wire({ metres: toNext, bits: coded ? bits.linearSent : bits.linearWritten }, technology).energy +
      wire({ metres: toEngine, bits: coded ? bits.engineSent : offered }, technology).energy)
  );
}

export type Traffic = Readonly<Record<`${"linear" | "engine"}${"Read" | "Written" | "Sent"}`, number>>;

/** Spikes and silences that layers and the SSA engine read and write. */
export function trafficOf({ operations }: MachineWork): Traffic {
  const bits = { linearRead: 0, linearWritten: 0, linearSent: 0, engineRead: 0, engineWritten: 0, engineSent: 0 };
  for (const { kind, actions, repeat = 1 } of operations) {
    const side = kind === "attention" ? "engine" : "linear";
    bits[`${side}Read`] += repeat * actions.bitsRead;
    bits[`${side}Written`] += repeat * actions.bitsWritten;
    bits[`${side}Sent`] += repeat * actions.bitsSent;
  }
  return bits;
}
