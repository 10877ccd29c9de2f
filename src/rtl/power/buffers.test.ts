/** Trees of a net with many loads: bounded fan-out, the same source behind every pin, and an untouched clock. */
import { describe, expect, test } from "vitest";
import { MOST_PINS, treeBuffer, withBuffers } from "./buffers.ts";
import { type CellLibrary, readLibrary } from "./library.ts";
import type { Bit, JsonDesign } from "./mapped-netlist.ts";

const library: CellLibrary = readLibrary(
  `library (small) { capacitive_load_unit (1, ff); nom_voltage : 1;
  cell (LARGE) { area : 9; pin (A) { direction : input; capacitance : 4; } pin (Y) { direction : output; max_capacitance : 900; function : "A"; } }
  cell (BUF) { area : 2; pin (A) { direction : input; capacitance : 1; } pin (Y) { direction : output; max_capacitance : 60; function : "A"; } }
  cell (WEAK) { area : 1; pin (A) { direction : input; capacitance : 1; } pin (Y) { direction : output; max_capacitance : 8; function : "A"; } }
  cell (FLOP) { area : 5; ff (IQ, IQN) { clocked_on : "CK"; next_state : "D"; clear : "!RN"; }
    pin (CK) { direction : input; capacitance : 1; } pin (RN) { direction : input; capacitance : 1; }
    pin (D) { direction : input; capacitance : 1; } pin (Q) { direction : output; max_capacitance : 60; function : "IQ"; } }
}`,
  "small.lib",
);
const buffer = treeBuffer(library)!;

const port = (direction: string, ...bits: number[]) => ({ direction, bits });
const flop = (d: Bit, q: Bit) => ({ type: "FLOP", connections: { CK: [2], RN: [3], D: [d], Q: [q] } });
/** A bank of flip-flops with one input, as often as asked for, and a flip-flop that drives them all. */
const bank = (count: number, banks: number): JsonDesign => {
  const ports = { clk_i: port("input", 2), rst_ni: port("input", 3), d_i: port("input", 4) };
  const flops = Object.fromEntries(Array.from({ length: count }, (_, n) => [`_${n}_`, flop(4, 5 + n)]));
  const instance = { type: "bank", connections: { clk_i: [2], rst_ni: [3], d_i: [5] } };
  const users = Object.fromEntries(Array.from({ length: banks }, (_, n) => [`u_${n}`, instance]));
  return {
    modules: {
      top: { ports: { ...ports, q_o: port("output", 5) }, cells: { _0_: flop(4, 5), ...users }, netnames: {} },
      bank: { ports, cells: flops, netnames: {} },
    },
  };
};

test("the tree is of the smallest buffer that drives it", () => {
  expect(buffer.name).toBe("BUF");
});

describe.each([
  [3, 1, 0],
  [16, 1, 0],
  [17, 3, 2],
  [100, 40, 7],
  [500, 2, 34],
])("%d flip-flops in each of %d banks", (count, banks, inBank) => {
  const { modules } = withBuffers(bank(count, banks), library, buffer);
  const isBuffer = ([, { type }]: [string, { readonly type: string }]) => type === buffer.name;

  test("no driver has more pins than allowed, through the hierarchy", () => {
    const fanOut = new Map<string, number>();
    const walk = (module: string, path: string, netOf: (bit: Bit) => string) => {
      for (const [name, { type, connections }] of Object.entries(modules[module].cells)) {
        const below = modules[type];
        if (below) {
          const outer = new Map<Bit, string>();
          for (const [pin, { bits }] of Object.entries(below.ports)) outer.set(bits[0], netOf(connections[pin][0]));
          walk(type, `${path}${name}/`, (bit) => outer.get(bit) ?? `${path}${name}/${bit}`);
        } else {
          for (const pin of ["D", "A"]) {
            if (!(pin in connections)) continue;
            const net = netOf(connections[pin][0]);
            fanOut.set(net, (fanOut.get(net) ?? 0) + 1);
          }
        }
      }
    };
    walk("top", "", (bit) => `top/${bit}`);
    expect(Math.max(...fanOut.values())).toBeLessThanOrEqual(MOST_PINS);
    expect([...fanOut.values()].reduce((sum, pins) => sum + pins, 0)).toBeGreaterThanOrEqual(count * banks);
  });

  test("every flip-flop still follows its input, and clocks and resets stay", () => {
    const { cells } = modules.bank;
    const drivers = new Map(
      Object.entries(cells)
        .filter(isBuffer)
        .map(([, { connections }]) => [connections.Y[0], connections.A[0]]),
    );
    const rootOf = (bit: Bit): Bit => (drivers.has(bit) ? rootOf(drivers.get(bit)!) : bit);
    const flops = Object.entries(cells).filter((entry) => !isBuffer(entry));
    expect(drivers.size).toBe(inBank);
    expect(flops.map(([, { connections }]) => [rootOf(connections.D[0]), connections.CK, connections.RN])).toEqual(
      Array.from({ length: count }, () => [4, [2], [3]]),
    );
  });
});
