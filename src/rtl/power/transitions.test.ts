/** Transitions from a dump, 32 clocks at a time, against a loop over clocks that evaluates every net of a small design. */
import { describe, expect, test } from "vitest";
import { stream } from "../../numeric/stream.ts";
import { dumpReader } from "./dump.ts";
import { flattenMapped, type JsonDesign, type MappedDesign } from "./mapped-netlist.ts";
import { transitionCounter } from "./transitions.ts";

type Cells = JsonDesign["modules"][string]["cells"];
type Ports = JsonDesign["modules"][string]["ports"];
const input = (...bits: number[]) => ({ direction: "input", bits });
const output = (...bits: number[]) => ({ direction: "output", bits });
const module = (
  ports: Ports,
  cells: Cells,
  names: Readonly<Record<string, readonly number[]>> = {},
  blackbox = false,
) => ({
  ...{ attributes: blackbox ? { blackbox: "1" } : {}, ports, cells },
  netnames: Object.fromEntries(Object.entries(names).map(([name, bits]) => [name, { hide_name: 0, bits }])),
});
const cell = (type: string, connections: Readonly<Record<string, number | readonly (number | string)[]>>) => ({
  type,
  connections: Object.fromEntries(Object.entries(connections).map(([pin, bits]) => [pin, [bits].flat()])),
});

/** A flip-flop with a reset and a second, inverted output, and a NAND. */
const library: JsonDesign = {
  modules: {
    FLOP: module(
      { CK: input(2), RN: input(3), D: input(4), Q: output(5), QN: output(6) },
      {
        store: cell("$_DFF_PN0_", { C: 2, R: 3, D: 4, Q: 5 }),
        inverse: cell("$_NOT_", { A: 5, Y: 6 }),
      },
    ),
    NAND2: module(
      { A: input(2), B: input(3), Y: output(4) },
      { and: cell("$_AND_", { A: 2, B: 3, Y: 5 }), not: cell("$_NOT_", { A: 5, Y: 4 }) },
    ),
  },
};

/**
 * Two bits go into registers of a block, in the block twice; the second of them is held inverted. A memory follows from the first of the
 * first block.
 */
const block = {
  ports: { clk_i: input(2), rst_ni: input(3), pair_i: input(4, 5), both_o: output(6) },
  names: { clk_i: [2], rst_ni: [3], pair_i: [4, 5], both_o: [6] },
};
const design: MappedDesign = {
  top: "top",
  library,
  mapped: {
    modules: {
      block: module(
        block.ports,
        {
          _r0_: cell("FLOP", { CK: 2, RN: 3, D: 4, Q: 7 }),
          _r1_: cell("FLOP", { CK: 2, RN: 3, D: 8, Q: 9, QN: 12 }),
          _1_: cell("NAND2", { A: 5, B: [5], Y: 8 }),
          _2_: cell("NAND2", { A: 7, B: 12, Y: 6 }),
        },
        // The inverted register is not named after mapping.
        { ...block.names, first_q: [7] },
      ),
      memory: module({ address_i: input(2), data_o: output(3, 4) }, {}, {}, true),
      top: module(
        { clk_i: input(2), rst_ni: input(3), in_i: input(4, 5), busy_o: output(6) },
        {
          "gen[0].u_block": cell("block", { clk_i: 2, rst_ni: 3, pair_i: [4, 5], both_o: 7 }),
          u_second: cell("block", { clk_i: 2, rst_ni: 3, pair_i: [8, 9], both_o: 10 }),
          u_memory: cell("memory", { address_i: 7, data_o: [8, 9] }),
          _1_: cell("NAND2", { A: 10, B: ["1"], Y: 11 }),
        },
        { clk_i: [2], rst_ni: [3], in_i: [4, 5], busy_o: [6], read: [8, 9] },
      ),
    },
  },
  registers: {
    modules: {
      block: module(
        block.ports,
        {
          _r0_: cell("FLOP", { CK: 2, RN: 3, D: 4, Q: 7 }),
          _r1_: cell("FLOP", { CK: 2, RN: 3, D: 8, Q: 9 }),
          back: cell("$_NOT_", { A: 9, Y: 10 }),
        },
        { ...block.names, first_q: [7], second_q: [10] },
      ),
      top: module({}, {}),
    },
  },
};

/** Variables of the dump, with codes from !0 on. */
const declarations = [
  "$scope module tb $end",
  ...["clk_i", "rst_ni", "in_i [1:0]", "busy_o", "read [1:0]"].map(
    (name, n) => ` $var wire ${name.endsWith("]") ? 2 : 1} !${n} ${name} $end`,
  ),
  " $scope module gen[0] $end",
  "  $scope module u_block $end",
  "   $var wire 1 !5 first_q $end",
  "   $var wire 1 !6 second_q $end",
  "  $upscope $end",
  " $upscope $end",
  " $scope module u_second $end",
  "  $var wire 1 !7 first_q $end",
  "  $var wire 1 !8 second_q $end",
  " $upscope $end",
  "$upscope $end",
];
const IDLE = 3;
/** A dump with the given number of busy clocks between idle ones, and the transitions of cells by path, counted while it is written. */
function simulated(busyClocks: number, planted: (clock: number, second: number) => number = (_, second) => second) {
  const random = stream(busyClocks);
  const bit = () => random.word() & 1;
  const lines = [...declarations, "$enddefinitions $end", "#0", "1!1", "0!0"];
  const transitions = new Map<string, number>();
  let last: Readonly<Record<string, number>> = {};
  const registers = { first: 0, second: 0, third: 0, fourth: 0 };
  for (let clock = 0; clock < busyClocks + 2 * IDLE; clock++) {
    const busy = clock >= IDLE && clock < busyClocks + IDLE ? 1 : 0;
    const [low, high, readLow, readHigh] = [bit(), bit(), bit(), bit()];
    const { first, second, third, fourth } = registers;
    const nets = {
      ...{
        "gen[0].u_block/_r0_": first,
        "gen[0].u_block/_r1_": second,
        "u_second/_r0_": third,
        "u_second/_r1_": fourth,
      },
      ...{ "gen[0].u_block/_1_": 1 - high, "u_second/_1_": 1 - readHigh },
      // Registers hold the inverse of what is named, and their second outputs what is named.
      ...{ "gen[0].u_block/_2_": 1 - (first & second), "u_second/_2_": 1 - (third & fourth), _1_: third & fourth },
    };
    if (busy) {
      for (const [path, value] of Object.entries(nets)) {
        transitions.set(path, (transitions.get(path) ?? 0) + (value === last[path as keyof typeof nets] ? 0 : 1));
      }
    }
    last = nets;
    // Inputs change at the falling edge; what follows the rising one comes with it.
    lines.push(`#${10 * clock + 5}`, "0!0", `b${high}${low} !2`, `${busy}!3`, `b${readHigh}${readLow} !4`);
    Object.assign(registers, { first: low, second: planted(clock, high), third: readLow, fourth: readHigh });
    const held = [registers.first, registers.second, registers.third, registers.fourth];
    lines.push(`#${10 * clock + 10}`, ...held.map((value, n) => `${value}!${n + 5}`), "1!0");
  }
  return { text: `${lines.join("\n")}\n`, transitions };
}

function counted(text: string, piece = text.length) {
  const netlist = flattenMapped(design);
  const counter = transitionCounter(netlist, "tb");
  const reader = dumpReader(counter);
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += piece) reader.push(bytes.subarray(at, at + piece));
  reader.end();
  const result = counter.result();
  return { result, byPath: new Map(netlist.cells.map(({ path, outputs }) => [path, result.ofNets[outputs[0]]])) };
}

describe("transitions of a prompt", () => {
  test.each([1, 31, 32, 33, 200])("in %d clocks are those of a loop over clocks", (clocks) => {
    const { text, transitions } = simulated(clocks);
    const { result, byPath } = counted(text);
    expect(result).toMatchObject({ clocks, unequal: 0, compared: 4 * clocks });
    expect(result.sources).toEqual({
      register: { all: 4, unnamed: 0 },
      blackBox: { all: 2, unnamed: 0 },
      port: { all: 4, unnamed: 0 },
    });
    expect(byPath).toEqual(transitions);
  });

  test("do not depend on the pieces in which the dump arrives", () => {
    const { text } = simulated(40);
    expect(counted(text, 7).byPath).toEqual(counted(text).byPath);
  });

  test("a register that differs from the value computed by its gates is reported", () => {
    const { text } = simulated(64, (clock, second) => (clock === 40 ? 1 - second : second));
    expect(counted(text).result).toMatchObject({ unequal: 1 });
  });

  test("a bit that the dump does not name counts as constant", () => {
    const text = simulated(50).text.replace(" read [1:0]", " other [1:0]");
    const { result, byPath } = counted(text);
    expect(result.sources.blackBox).toEqual({ all: 2, unnamed: 2 });
    expect(byPath.get("u_second/_1_")).toBe(0);
  });

  test("a dump without its machine, or in which it never works, is refused", () => {
    expect(() => counted("$enddefinitions $end\n#0\n")).toThrow("The dump has no clk_i or busy_o in tb.");
    expect(() => counted("$scope module tb $end")).toThrow("The definitions of the dump do not end.");
    expect(() => counted(simulated(0).text)).toThrow("The machine was never busy in the dump.");
  });
});
