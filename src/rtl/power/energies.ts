/**
 * Energy of each cell of a mapped netlist, from the tables of its library and the transitions of its nets:
 *
 *   clock      per clock:      both edges of a flip-flop's clock pin, while it holds its value
 *   internal   per transition: of outputs, the mean of rising and falling; of inputs with energies of their own, that too; and of a
 *                              flip-flop, what both clock edges take more while its data differ from its state
 *   switching  per transition: C V^2 / 2 of the pins and the wire behind an output
 *
 * A transition of an output is caused by its inputs in proportion to their transitions. States that a table tells apart count equally,
 * except those of a flip-flop: data change after the clock's edge, so they differ from the state at one edge of each kind per
 * transition, and clear and preset are idle.
 */

import type { Values } from "./conditions.ts";
import { causes, IDEAL_EDGE, type NetEdges } from "./edges.ts";
import { type CellLibrary, type Clocked, type LibraryCell, lookUp, type PinEnergy } from "./library.ts";
import type { MappedCell, MappedNetlist } from "./mapped-netlist.ts";

/** Joules, but for leakage. */
export interface CellEnergy {
  /** In every clock. */
  readonly clock: number;
  /** For all transitions. */
  readonly internal: number;
  readonly switching: number;
  /** Watts. */
  readonly leakage: number;
}

/** By cell, in the order of the netlist. */
export function cellEnergies(
  { cells }: Pick<MappedNetlist, "cells">,
  { ofNets }: { readonly ofNets: Float64Array },
  nets: NetEdges,
  library: CellLibrary,
): CellEnergy[] {
  const clocks = new Map<string, ClockEnergy>();
  return cells.map((cell) => {
    const type = library.cells.get(cell.type)!;
    const clock = clocks.get(type.name) ?? clockEnergy(type);
    clocks.set(type.name, clock);
    return energyOf(cell, type, clock, ofNets, nets, library.voltage);
  });
}

function energyOf(
  { pins, outputs }: MappedCell,
  type: LibraryCell,
  { still, moving }: ClockEnergy,
  ofNets: Float64Array,
  { loads, rise, fall }: NetEdges,
  voltage: number,
): CellEnergy {
  const netOf = new Map(pins);
  const { clocked, leakage } = type;
  let [internal, switching] = [0, 0];
  for (const [name, pin] of type.pins) {
    const net = netOf.get(name);
    if (!pin.isOutput) {
      if (net === undefined || isOfTree(clocked, name)) continue;
      const own = { rise: rise[net], fall: fall[net] };
      internal += ofNets[net] * (clocked ? dataEnergy(type, clocked, name, own) : mean(pin.energies, own, 0));
      continue;
    }
    // An output that drives nothing still moves with the others.
    const moved = ofNets[net ?? outputs[0]] ?? 0;
    const load = net === undefined ? 0 : loads[net];
    if (net !== undefined) switching += (moved * load * voltage ** 2) / 2;
    if (moved === 0) continue;
    const causing = clocked ? [clocked.clock] : [...new Set(pin.energies.map(({ related }) => related))];
    const weight = (from: string | null) => (clocked ? 1 : (ofNets[netOf.get(from ?? "") ?? -1] ?? 0));
    const all = causing.reduce((sum, from) => sum + weight(from), 0);
    for (const from of causing) {
      const groups = pin.energies.filter(({ related }) => related === from);
      const source = netOf.get(from ?? "");
      const senses = new Set(pin.edges.flatMap(({ related, sense }) => (related === from ? [sense] : [])));
      const sense = senses.size === 1 ? [...senses][0] : "any";
      const isIdeal = clocked !== null || source === undefined;
      const edge = isIdeal ? { rise: IDEAL_EDGE, fall: IDEAL_EDGE } : { rise: rise[source], fall: fall[source] };
      const [up, down] = causes({ sense }, edge.rise, edge.fall);
      const share = all === 0 ? 1 / causing.length : weight(from) / all;
      internal += moved * share * mean(groups, { rise: up, fall: down }, load);
    }
  }
  if (clocked) internal += (ofNets[outputs[0]] ?? 0) * (moving - still);
  return { clock: still, internal, switching, leakage };
}

const isOfTree = (clocked: Clocked | null, pin: string) =>
  clocked !== null && (pin === clocked.clock || Object.hasOwn(clocked.asynchronous, pin));

interface Edge {
  readonly rise: number;
  readonly fall: number;
}
const both = ({ rise, fall }: PinEnergy, edge: Edge, load: number) =>
  lookUp(rise, edge.rise, load) + lookUp(fall, edge.fall, load);

/** Of one transition, over all states that have an entry. */
function mean(energies: readonly PinEnergy[], edge: Edge, load: number): number {
  const told = energies.filter(({ when }) => when !== null);
  const counted = told.length > 0 ? told : energies;
  return counted.reduce((sum, energy) => sum + both(energy, edge, load), 0) / 2 / Math.max(counted.length, 1);
}

/** Entries that hold in a state; those without a condition where no other does. */
function holding(energies: readonly PinEnergy[], values: Values): readonly PinEnergy[] {
  const told = energies.filter(({ when }) => when?.(values));
  return told.length > 0 ? told : energies.filter(({ when }) => when === null);
}

/** States of a flip-flop with a clock level: values of all pins, and whether the next state differs. */
function statesOf({ pins, functions }: LibraryCell, clocked: Clocked, level: boolean) {
  const { clock, asynchronous, next, state } = clocked;
  const data = [...pins].flatMap(([name, { isOutput }]) => (isOutput || isOfTree(clocked, name) ? [] : [name]));
  return Array.from({ length: 2 ** (data.length + 1) }, (_, bits) => {
    const stored = (bits & 1) === 1;
    const inputs = Object.fromEntries(data.map((name, n) => [name, ((bits >> (n + 1)) & 1) === 1]));
    const inner = { ...inputs, [state[0]]: stored, [state[1]]: !stored };
    const outputs = Object.fromEntries([...functions].map(([pin, of]) => [pin, of(inner)]));
    const values: Values = { ...inner, ...outputs, ...asynchronous, [clock]: level };
    return { values, differs: next(inner) !== stored };
  });
}

/** Of both clock edges in a flip-flop, where the next state is its own, and where it is another. */
interface ClockEnergy {
  readonly still: number;
  readonly moving: number;
}
function clockEnergy(type: LibraryCell): ClockEnergy {
  const { clocked, pins } = type;
  if (clocked === null) return { still: 0, moving: 0 };
  const { energies } = pins.get(clocked.clock)!;
  const edge = { rise: IDEAL_EDGE, fall: IDEAL_EDGE };
  const of = (differs: boolean) => {
    const states = statesOf(type, clocked, false).filter((state) => state.differs === differs);
    const all = states.flatMap(({ values }) => holding(energies, values).map((energy) => both(energy, edge, 0)));
    return all.reduce((sum, energy) => sum + energy, 0) / Math.max(states.length, 1);
  };
  return { still: of(false), moving: of(true) };
}

/** Of one transition of a data input, after the clock's edge. */
function dataEnergy(type: LibraryCell, clocked: Clocked, pin: string, edge: Edge): number {
  const { energies } = type.pins.get(pin)!;
  const states = statesOf(type, clocked, clocked.after);
  const all = states.map(({ values }) => holding(energies, values).reduce((sum, of) => sum + both(of, edge, 0), 0) / 2);
  return all.reduce((sum, energy) => sum + energy, 0) / all.length;
}
