/**
 * Loads and edges of the nets of a mapped netlist: what each drives, and how slowly it rises and falls by the tables of a library. The
 * slowest edge counts where several inputs cause one, as in static timing.
 */
import type { CellLibrary, LibraryCell, PinEdges } from "./library.ts";
import { lookUp } from "./library.ts";
import type { MappedNetlist } from "./mapped-netlist.ts";

/** Seconds: edges of the clock, of ports, and of macros and memories, which have no table. A hundredth of a clock of 5 ns. */
export const IDEAL_EDGE = 50e-12;

export interface NetEdges {
  /** By net: farads of the pins and of the wire behind it. */
  readonly loads: Float64Array;
  /** By net, seconds. */
  readonly rise: Float64Array;
  readonly fall: Float64Array;
  /** Nets that a cell drives, and those among them with a load or an edge outside the tables of the driver. */
  readonly driven: number;
  readonly outside: number;
}

export function netEdges({ nets, cells }: MappedNetlist, library: CellLibrary): NetEdges {
  const types = cells.map(({ type }) => library.cells.get(type)!);
  const [loads, pins] = [new Float64Array(nets), new Int32Array(nets)];
  const driver = new Int32Array(nets).fill(-1);
  for (const [c, { pins: own }] of cells.entries()) {
    for (const [pin, net] of own) {
      const { isOutput, capacitance } = types[c].pins.get(pin)!;
      if (isOutput) driver[net] = c;
      else {
        loads[net] += capacitance;
        pins[net]++;
      }
    }
  }
  for (let net = 0; net < nets; net++) loads[net] += library.wire(pins[net]);
  const [rise, fall] = [new Float64Array(nets).fill(IDEAL_EDGE), new Float64Array(nets).fill(IDEAL_EDGE)];
  let [driven, outside] = [0, 0];
  for (const c of inOrder(cells, types, driver)) {
    const netOf = new Map(cells[c].pins);
    for (const [pin, net] of cells[c].pins) {
      const { isOutput, edges } = types[c].pins.get(pin)!;
      if (!isOutput || pins[net] === 0) continue;
      driven++;
      let [slowRise, slowFall, isOutside] = [0, 0, false];
      for (const arc of edges) {
        const from = netOf.get(arc.related);
        if (from === undefined) continue;
        const [up, down] = causes(arc, rise[from], fall[from]);
        slowRise = Math.max(slowRise, lookUp(arc.rise, up, loads[net]));
        slowFall = Math.max(slowFall, lookUp(arc.fall, down, loads[net]));
        isOutside ||= isBeyond(arc, Math.max(up, down), loads[net]);
      }
      if (isOutside) outside++;
      if (slowRise > 0) rise[net] = slowRise;
      if (slowFall > 0) fall[net] = slowFall;
    }
  }
  return { loads, rise, fall, driven, outside };
}

/** Edges of an input that cause a rising and a falling output. */
export const causes = ({ sense }: Pick<PinEdges, "sense">, rise: number, fall: number): readonly [number, number] =>
  sense === "positive"
    ? [rise, fall]
    : sense === "negative"
      ? [fall, rise]
      : [Math.max(rise, fall), Math.max(rise, fall)];

const isBeyond = ({ rise: { edges, loads } }: PinEdges, edge: number, load: number) =>
  (edges.length > 0 && edge > edges[edges.length - 1]) || (loads.length > 0 && load > loads[loads.length - 1]);

/** Registers first, then each cell after those that it reads. */
function inOrder(cells: MappedNetlist["cells"], types: readonly LibraryCell[], driver: Int32Array): number[] {
  const readers = new Map<number, number[]>();
  const waiting = new Int32Array(cells.length);
  for (const [c, { pins, isRegister }] of cells.entries()) {
    if (isRegister) continue;
    for (const [pin, net] of pins) {
      if (types[c].pins.get(pin)!.isOutput || driver[net] < 0) continue;
      waiting[c]++;
      const own = readers.get(driver[net]);
      if (own) own.push(c);
      else readers.set(driver[net], [c]);
    }
  }
  const order = [...cells.keys()].filter((c) => waiting[c] === 0);
  for (let next = 0; next < order.length; next++) {
    for (const reader of readers.get(order[next]) ?? []) if (--waiting[reader] === 0) order.push(reader);
  }
  return order;
}
