// The tables of this folder's page, from the results of `measure.mjs`.
import { readFileSync } from "node:fs";

const synthesised = JSON.parse(readFileSync(new URL("result.json", import.meta.url), "utf8"));
const synthesisedSizes = (which) => [...new Set(synthesised.engines.map((engine) => engine[which]))];
const synthesisedBlocks = (tokens, dimension) => {
  const { blocks } = synthesised.engines.find((of) => of.tokens === tokens && of.dimension === dimension);
  return Object.fromEntries(blocks.map((block) => [block.module, block]));
};

export const gateTables = {
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
