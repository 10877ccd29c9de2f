import { describe, expect, test } from "vitest";
import { isXpikeError } from "../../errors.ts";
import { stream } from "../../numeric/stream.ts";
import { flipFlopType, GATES, type GateType } from "./cells.ts";
import { readNetlist } from "./netlist.ts";
import { simulateGates } from "./simulate.ts";

type Cell = { type: string; connections: Record<string, unknown[]> };

/** A module `m` with inputs a (nets 2 to 9), clock c (10) and reset r (11), and output y (20 on). */
const module = (cells: Record<string, Cell>, outputs: unknown[] = [20], more: object = {}) =>
  JSON.stringify({
    modules: {
      m: {
        ports: {
          a: { direction: "input", bits: [2, 3, 4, 5, 6, 7, 8, 9] },
          c: { direction: "input", bits: [10] },
          r: { direction: "input", bits: [11] },
          y: { direction: "output", bits: outputs },
        },
        cells,
        ...more,
      },
    },
  });

const gate = (type: string, y: number, inputs: Record<string, unknown>): Cell => ({
  type,
  connections: { ...Object.fromEntries(Object.entries(inputs).map(([pin, net]) => [pin, [net]])), Y: [y] },
});
const register = (type: string, q: number, pins: Record<string, unknown>): Cell => ({
  type,
  connections: { ...Object.fromEntries(Object.entries({ C: 10, ...pins }).map(([pin, net]) => [pin, [net]])), Q: [q] },
});

describe("gates", () => {
  // The cell reference of Yosys's manual, one run at a time.
  const truth: Record<GateType, (a: number, b: number, c: number, d: number) => number> = {
    BUF: (a) => a,
    NOT: (a) => 1 - a,
    AND: (a, b) => a * b,
    NAND: (a, b) => 1 - a * b,
    OR: (a, b) => Math.max(a, b),
    NOR: (a, b) => 1 - Math.max(a, b),
    XOR: (a, b) => (a + b) % 2,
    XNOR: (a, b) => (a + b + 1) % 2,
    ANDNOT: (a, b) => a * (1 - b),
    ORNOT: (a, b) => Math.max(a, 1 - b),
    MUX: (a, b, s) => (s === 1 ? b : a),
    NMUX: (a, b, s) => 1 - (s === 1 ? b : a),
    AOI3: (a, b, c) => 1 - Math.max(a * b, c),
    OAI3: (a, b, c) => 1 - Math.max(a, b) * c,
    AOI4: (a, b, c, d) => 1 - Math.max(a * b, c * d),
    OAI4: (a, b, c, d) => 1 - Math.max(a, b) * Math.max(c, d),
  };

  test.each(Object.keys(GATES) as GateType[])("%s, all inputs in 16 of 32 runs", (type) => {
    const pins = Object.fromEntries(GATES[type].map((pin, n) => [pin, n + 2]));
    const netlist = readNetlist(module({ g: gate(`$_${type}_`, 20, pins) }), "m");
    const simulation = simulateGates(netlist);
    // Run r has bit n of r at input n.
    [0xaaaa, 0xcccc, 0xf0f0, 0xff00].forEach((word, n) => {
      simulation.set(netlist.inputs.get("a")![n], word);
    });
    simulation.settle();
    const y = simulation.get(netlist.outputs.get("y")![0]);
    for (let r = 0; r < 16; r++) {
      const bits = [0, 1, 2, 3].map((n) => (r >> n) & 1) as [number, number, number, number];
      expect((y >>> r) & 1, `run ${r}`).toBe(truth[type](...bits));
    }
  });

  test("are evaluated after those they read from, whatever their order in the file", () => {
    const cells = {
      last: gate("$_XOR_", 20, { A: 21, B: 22 }),
      second: gate("$_NOT_", 21, { A: 22 }),
      first: gate("$_AND_", 22, { A: 2, B: "1" }),
    };
    const netlist = readNetlist(module(cells), "m");
    expect([netlist.gates.map(({ name }) => name), netlist.depth]).toEqual([["first", "second", "last"], 3]);
    const simulation = simulateGates(netlist);
    simulation.set(netlist.inputs.get("a")![0], 0x1234);
    simulation.settle();
    expect(simulation.get(netlist.outputs.get("y")![0])).toBe(-1);
  });
});

describe("flip-flops", () => {
  const pins = { D: 2, E: 3, R: 4 };
  const names = [
    ...["$_DFF_P_", "$_DFF_N_", "$_DFFE_PN_", "$_DFFE_PP_"],
    ...["$_DFF_PN0_", "$_DFF_PP1_", "$_DFFE_PN0P_", "$_DFFE_NP1N_"],
    ...["$_SDFF_PN0_", "$_SDFF_PP1_", "$_SDFFE_PN0P_", "$_SDFFE_PP1N_", "$_SDFFCE_PN0P_", "$_SDFFCE_PP1N_"],
  ];

  test.each(names)("%s, as the manual describes it one run at a time", (type) => {
    const kind = flipFlopType(type)!;
    const used = { D: pins.D, ...(kind.enable && { E: pins.E }), ...(kind.reset && { R: pins.R }) };
    const netlist = readNetlist(module({ f: register(type, 20, used) }), "m");
    const simulation = simulateGates(netlist);
    const random = stream(4);
    simulation.powerUp(random);
    const [data, enable, reset] = netlist.inputs.get("a")!;
    const output = netlist.outputs.get("y")![0];
    const [, family, letters] = /^\$_(S?DFFC?E?)_([NP01]+)_$/.exec(type)!;
    simulation.settle();
    let state = Array.from({ length: 32 }, (_, r) => (simulation.get(output) >>> r) & 1);
    for (let clock = 0; clock < 20; clock++) {
      const words = [data, enable, reset].map((net) => {
        const word = random.word() | 0;
        simulation.set(net, word);
        return word;
      });
      const at = (word: number, run: number) => (word >>> run) & 1;
      const isActive = (letter: string | undefined, bit: number) =>
        letter !== undefined && (letter === "P") === (bit === 1);
      const resetLetter = kind.reset ? letters[1] : undefined;
      const enableLetter = kind.enable ? letters[letters.length - 1] : "P";
      const resetValue = Number(letters[2]);
      simulation.settle();
      const seen = state.map((q, r) =>
        !family.startsWith("S") && isActive(resetLetter, at(words[2], r)) ? resetValue : q,
      );
      expect(seen).toEqual(state.map((_, r) => at(simulation.get(output), r)));
      simulation.clock();
      state = seen.map((q, r) => {
        const resets = isActive(resetLetter, at(words[2], r));
        const enabled = kind.enable ? isActive(enableLetter, at(words[1], r)) : true;
        if (family === "SDFFCE") return enabled ? (resets ? resetValue : at(words[0], r)) : q;
        return resets ? resetValue : enabled ? at(words[0], r) : q;
      });
    }
  });

  test.each([
    "$_DLATCH_P_",
    "$_DFFSR_PPP_",
    "$_ALDFF_PP_",
    "$_SR_PP_",
    "$_DFFE_P_",
    "$_SDFF_P_",
    "$_TBUF_",
    "$_MUX4_",
    "$add",
  ])("%s is refused by name", (type) => {
    expect(flipFlopType(type)).toBeNull();
    expect(() => readNetlist(module({ odd: gate(type, 20, { A: 2 }) }), "m")).toThrow(`Cell odd is ${type}`);
  });
});

describe("a netlist is refused", () => {
  const not = gate("$_NOT_", 20, { A: 2 });
  const flop = register("$_DFF_P_", 20, { D: 2 });
  const faults: [string, string, RegExp][] = [
    ["is not JSON", "{", /not JSON/],
    ["is another file", "[1]", /not a netlist with a module m/],
    ["has no such module", '{"modules":{"n":{}}}', /not a netlist with a module m/],
    ["has no cells", '{"modules":{"m":{"ports":{}}}}', /no ports or no cells/],
    [
      "has a port without bits",
      '{"modules":{"m":{"ports":{"a":{"direction":"input"}},"cells":{}}}}',
      /Port a has no list/,
    ],
    ["has a port of both directions", module({}).replace('"output"', '"inout"'), /Port y is neither/],
    ["has an unknown constant", module({ g: gate("$_NOT_", 20, { A: "x" }) }), /Pin A of cell g .* is x/],
    ["has a net that is no number", module({ g: gate("$_NOT_", 20, { A: 1.5 }) }), /is not a net/],
    ["lacks a pin", module({ g: { type: "$_NOT_", connections: { Y: [20] } } }), /Cell g .* no single bit at A/],
    ["drives a net twice", module({ g: not, h: not }), /driven by cell g and by cell h/],
    ["drives an input", module({ g: gate("$_NOT_", 3, { A: 2 }) }), /driven by port a and by cell g/],
    ["drives a constant", module({ g: { type: "$_NOT_", connections: { A: [2], Y: ["0"] } } }), /driven by a constant/],
    ["leaves a net open", module({ g: not }, [20, 21]), /nothing drives it/],
    ["has a loop", module({ g: gate("$_AND_", 20, { A: 2, B: 21 }), h: gate("$_NOT_", 21, { A: 20 }) }), /form a loop/],
    ["has two clocks", module({ f: flop, g: register("$_DFF_P_", 21, { C: 3, D: 2 }) }), /share one edge of one clock/],
    ["has two edges", module({ f: flop, g: register("$_DFF_N_", 21, { D: 2 }) }), /share one edge of one clock/],
    [
      "gates its clock",
      module({ g: gate("$_AND_", 21, { A: 10, B: 2 }), f: register("$_DFF_P_", 20, { C: 21, D: 2 }) }),
      /one clock/,
    ],
    ["uses its clock as data", module({ f: register("$_DFF_P_", 20, { D: 10 }) }), /clock drives other pins/],
    [
      "resets by a gate at once",
      module({ g: gate("$_NOT_", 21, { A: 2 }), f: register("$_DFF_PN0_", 20, { D: 3, R: 21 }) }),
      /gate drives an asynchronous reset/,
    ],
    [
      "starts from a value",
      module({ f: flop }, [20], { netnames: { q: { bits: [20], attributes: { init: "1" } } } }),
      /has an initial value/,
    ],
  ];
  test.each(faults)("that %s", (_, text, message) => {
    let error: unknown;
    try {
      readNetlist(text, "m", "gates.json");
    } catch (thrown) {
      error = thrown;
    }
    expect(isXpikeError(error) && [error.tag, error.path]).toEqual(["file", "gates.json"]);
    expect(String(error)).toMatch(message);
  });

  test("under a name that every object has", () => {
    expect(() => readNetlist('{"modules":{}}', "constructor")).toThrow(/not a netlist with a module constructor/);
  });
});
