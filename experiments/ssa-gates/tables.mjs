// The tables of this folder's page, from the results of `measure.mjs`.
import { readFileSync } from "node:fs";

const synthesised = JSON.parse(readFileSync(new URL("result.json", import.meta.url), "utf8"));
const synthesisedSizes = (which) => [...new Set(synthesised.engines.map((engine) => engine[which]))];
const synthesisedBlocks = (tokens, dimension) => {
  const { blocks } = synthesised.engines.find((of) => of.tokens === tokens && of.dimension === dimension);
  return Object.fromEntries(blocks.map((block) => [block.module, block]));
};

const joules = JSON.parse(readFileSync(new URL("joules.json", import.meta.url), "utf8"));

const femto = (value) => {
  const fj = value * 1e15;
  return fj >= 100 ? fj.toFixed(0) : fj >= 10 ? fj.toFixed(1) : fj.toFixed(2);
};

/** What is compared: the part of joules.json, and the action. */
const ACTIONS = [
  ["attention", "AND of a cell, with comparisons and column sums"],
  ["random", "shift of an LFSR"],
  ["fifos", "bit moved in a FIFO"],
  ["scaling", "code scaled and added"],
  ["stream", "addition to the stream"],
  ["neurons", "update of a neuron"],
];

/** Joules per action: price, the library's gates with the clock of written flip-flops, and those with the clock of all. */
function perAction({ parts, registers, corners: [typical] }, name) {
  const { count, logic, written } = parts[name];
  const { data, clock } = typical.parts[name];
  const pin = typical.clock / registers / typical.clocks;
  return {
    price: (logic + written * parts.register) / count,
    gates: (data + written * pin) / count,
    ungated: (data + clock) / count,
  };
}

export const gateTables = {
  joules: () => ({
    head: [
      "fJ per action",
      ...joules.libraries.flatMap(({ name, node }) => [`priced, ${node} nm`, name, "ratio", "without clock gates"]),
    ],
    rows: [
      ...ACTIONS.map(([part, action]) => [
        action,
        ...joules.libraries.flatMap((library) => {
          const { price, gates, ungated } = perAction(library, part);
          return [femto(price), femto(gates), (gates / price).toFixed(2), femto(ungated)];
        }),
      ]),
      [
        "clock of a flip-flop, without its tree",
        ...joules.libraries.flatMap(({ parts, registers, corners: [{ clock, clocks }] }) => {
          const pin = clock / registers / clocks;
          return [femto(parts.flipFlopClock), femto(pin), (pin / parts.flipFlopClock).toFixed(2), ""];
        }),
      ],
      [
        "leakage, mW/mm²",
        ...joules.libraries.flatMap(({ parts, area, corners: [{ leakage }] }) => {
          const density = leakage / (area * 1e-12);
          return [
            (parts.logicLeakage * 1e-3).toFixed(2),
            (density * 1e-3).toFixed(2),
            (density / parts.logicLeakage).toFixed(2),
            "",
          ];
        }),
      ],
    ],
  }),

  "ssa-gates": () => {
    const tokens = Math.max(...synthesisedSizes("tokens"));
    const row = (name, of) => [
      name,
      ...synthesisedSizes("dimension").map((d) => of(synthesisedBlocks(tokens, d)).toLocaleString("en")),
    ];
    const sum = (blocks, of) => Object.values(blocks).reduce((total, b) => total + b.instances * of(b), 0);
    const fifoOf = ({ ssa_value_fifo: fifo }) => fifo.instances * fifo.registers;
    return {
      head: [
        `one head, N = ${tokens}, ${synthesised.yosys.replace(/ \(.*/, "")}`,
        ...synthesisedSizes("dimension").map((d) => `d = ${d}`),
      ],
      rows: [
        row("gates", (blocks) => sum(blocks, ({ gates }) => gates)),
        row("flip-flops", (blocks) => sum(blocks, ({ registers }) => registers)),
        row(
          "flip-flops without the FIFOs for V",
          (blocks) => sum(blocks, ({ registers }) => registers) - fifoOf(blocks),
        ),
      ],
    };
  },

  "ssa-gates-cell": () => {
    const tokens = Math.max(...synthesisedSizes("tokens"));
    const rows = [
      ["gates: AND, counter, comparator", "", ({ ssa_cell }) => ssa_cell.gates],
      ["gates that mix the random byte", "", ({ ssa_tile }) => (ssa_tile.gates / tokens ** 2).toFixed(1)],
      ["flip-flops: counter", "8", ({ ssa_cell }) => ssa_cell.registers - 1],
      ["flip-flops: held score", "", () => 1],
      ["flip-flops: FIFO for V", "0", ({ ssa_value_fifo }) => ssa_value_fifo.registers],
      ["flip-flops: one LFSR", "32", ({ ssa_lfsr_array: { registers } }) => registers / (tokens / 2)],
    ];
    return {
      head: [`per cell, N = ${tokens}`, "priced", ...synthesisedSizes("dimension").map((d) => `d = ${d}`)],
      rows: rows.map(([name, priced, of]) => [
        name,
        priced,
        ...synthesisedSizes("dimension").map((d) => String(of(synthesisedBlocks(tokens, d)))),
      ]),
    };
  },
};
