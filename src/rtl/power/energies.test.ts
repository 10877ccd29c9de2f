/** Energies of a toggling and of a holding flip-flop with gates, added up by hand from the tables. */
import { describe, expect, test } from "vitest";
import { CLOCK, DATA, edgeOf, fallOf, knownLiberty, riseOf, STORED } from "../../../test/support/known-liberty.ts";
import { netEdges } from "./edges.ts";
import { cellEnergies } from "./energies.ts";
import { readLibrary } from "./library.ts";
import { flattenMapped, type JsonDesign } from "./mapped-netlist.ts";

const library = readLibrary(knownLiberty, "known.lib");
const pin = (direction: string, bit: number) => ({ direction, bits: [bit] });
const store = { type: "$_DFF_PN0_", connections: { C: [2], R: [3], D: [4], Q: [5] } };
const flop = {
  ports: { CK: pin("input", 2), RN: pin("input", 3), D: pin("input", 4), Q: pin("output", 5) },
  cells: { store },
  netnames: {},
};
/** As Yosys reads the library. */
const cells: JsonDesign["modules"] = {
  FLOP: flop,
  INV: {
    ports: { A: pin("input", 2), Y: pin("output", 3) },
    cells: { not: { type: "$_NOT_", connections: { A: [2], Y: [3] } } },
    netnames: {},
  },
  NAND2: {
    ports: { A: pin("input", 2), B: pin("input", 3), Y: pin("output", 4) },
    cells: { nand: { type: "$_NAND_", connections: { A: [2], B: [3], Y: [4] } } },
    netnames: {},
  },
};
const at = (type: string, connections: Readonly<Record<string, number>>) => ({
  type,
  connections: Object.fromEntries(Object.entries(connections).map(([name, bit]) => [name, [bit]])),
});
/** One flip-flop stores its inverse at every clock, the other holds; a gate reads both. */
const top = {
  ports: { clk_i: pin("input", 2), rst_ni: pin("input", 3), y_o: pin("output", 7) },
  cells: {
    toggles: at("FLOP", { CK: 2, RN: 3, D: 5, Q: 4 }),
    inverse: at("INV", { A: 4, Y: 5 }),
    holds: at("FLOP", { CK: 2, RN: 3, D: 6, Q: 6 }),
    both: at("NAND2", { A: 4, B: 6, Y: 7 }),
  },
  netnames: {},
};
const netlist = flattenMapped({
  top: "top",
  mapped: { modules: { top } },
  registers: { modules: { top } },
  library: { modules: cells },
});
const netOf = (cell: string, name: string) => new Map(netlist.cells.find(({ path }) => path === cell)!.pins).get(name)!;

const CLOCKS = 10;
const ofNets = new Float64Array(netlist.nets);
for (const net of [netOf("toggles", "Q"), netOf("inverse", "Y"), netOf("both", "Y")]) ofNets[net] = CLOCKS;
const nets = netEdges(netlist, library);
const energies = new Map(
  cellEnergies(netlist, { ofNets }, nets, library).map((energy, c) => [netlist.cells[c].path, energy]),
);
const femto = (value: number) => expect.closeTo(value * 1e-15, 22);
const sum = ({ rise, fall }: { readonly rise: number; readonly fall: number }) => rise + fall;
const mean = (base: number, edge: number, load: number) => (riseOf(base, edge, load) + fallOf(base, edge, load)) / 2;

describe("a toggling and a holding flip-flop", () => {
  // Pins of an inverter and of a NAND with the wire of two pins; one data pin with that of one.
  const loads = { stored: 2 + 2 + 2.5, inverse: 1.5 + 1 };
  const edges = { clock: 0.05, stored: edgeOf(0.05, loads.stored) };
  const still = (sum(CLOCK["!D & !Q"]) + sum(CLOCK["D & Q"])) / 2;
  const moving = (sum(CLOCK["D & !Q"]) + sum(CLOCK["!D & Q"])) / 2;

  test("has loads and edges of the tables", () => {
    expect(nets.loads[netOf("toggles", "Q")]).toEqual(femto(loads.stored));
    expect(nets.rise[netOf("toggles", "Q")] * 1e9).toBeCloseTo(edges.stored, 12);
    expect(nets.fall[netOf("inverse", "Y")] * 1e9).toBeCloseTo(edgeOf(edges.stored, loads.inverse), 12);
    expect([nets.driven, nets.outside]).toEqual([3, 0]);
  });

  test("one that holds takes the clock's edges only", () => {
    expect(energies.get("holds")).toEqual({
      clock: femto(still),
      internal: 0,
      switching: 0,
      leakage: expect.closeTo(7e-9, 20),
    });
  });

  test("one that toggles takes the edges of that state, its output's energy and its data pin's", () => {
    const edge = edgeOf(edges.stored, loads.inverse);
    // The table of the data pin at the inverter's edge; data change while the clock is 1.
    const data = (sum(DATA.CK) * (0.5 + 10 * edge)) / 2;
    const all = moving + mean(STORED, edges.clock, loads.stored) + data;
    expect(energies.get("toggles")).toMatchObject({
      clock: femto(still),
      internal: femto(CLOCKS * (all - still)),
      switching: femto((CLOCKS * loads.stored) / 2),
    });
  });

  test("a gate's energy is that of the input that moved", () => {
    expect(energies.get("both")).toEqual({
      clock: 0,
      internal: femto(CLOCKS * mean(1.2, edges.stored, 0)),
      switching: 0,
      leakage: expect.closeTo(2e-9, 20),
    });
    expect(energies.get("inverse")).toMatchObject({
      internal: femto(CLOCKS * mean(0.8, edges.stored, loads.inverse)),
      switching: femto((CLOCKS * loads.inverse) / 2),
    });
  });
});
