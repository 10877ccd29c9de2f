// The tables of this folder's page, from the results of `measure.mjs`.
import { readFileSync } from "node:fs";

const synthesised = JSON.parse(readFileSync(new URL("result.json", import.meta.url), "utf8"));
const synthesisedSizes = (which) => [...new Set(synthesised.engines.map((engine) => engine[which]))];
const synthesisedBlocks = (tokens, dimension) => {
  const { blocks } = synthesised.engines.find((of) => of.tokens === tokens && of.dimension === dimension);
  return Object.fromEntries(blocks.map((block) => [block.module, block]));
};

const joules = JSON.parse(readFileSync(new URL("joules.json", import.meta.url), "utf8"));
/** Parts of `joules.json`, and the action that each counts. */
const PARTS = {
  attention: "an AND of attention",
  attentionDrawn: "the share of clocks that draw",
  random: "a shift of an LFSR",
  randomDrawn: "the share of clocks that draw",
  fifos: "a move in the FIFO for V",
  scaling: "a code scaled, with its sum",
  stream: "an addition to the stream",
  neurons: "an update of a neuron",
};

/**
 * Joules per action: what is priced, and what mapped gates take in each corner. Flip-flops that the price counts as written are in both; the
 * clock tree is in neither.
 */
function perAction({ parts, corners, registers, drawn }, row) {
  const part = row.replace("Drawn", "");
  const { count, logic, written } = parts[part];
  // LFSRs shift at every clock after their first load, and move what follows them.
  const shareOf = ({ lfsrClocks }) => (part === row ? 1 : drawn / lfsrClocks);
  const data = (corner) => corner.parts[part].data * shareOf(corner);
  return {
    count,
    priced: (logic + written * parts.flipFlopClock) / count,
    mapped: corners.map((corner) => (data(corner) + written * clockPin(corner, registers)) / count),
  };
}
/** Joules of a flip-flop's clock pin in a clock. */
const clockPin = ({ clock, clocks }, registers) => clock / clocks / registers;

/** Mapped gates over price, typical corner: by part and library. */
export const gateRatios = () => {
  const of = (priced, mapped) => Number((mapped / priced).toPrecision(2));
  return Object.fromEntries([
    ...Object.keys(PARTS).map((part) => [
      part,
      joules.libraries.map((library) => {
        const { priced, mapped } = perAction(library, part);
        return of(priced, mapped[0]);
      }),
    ]),
    [
      "flipFlopClock",
      joules.libraries.map(({ parts, corners, registers }) => of(parts.flipFlopClock, clockPin(corners[0], registers))),
    ],
    [
      "leakage",
      joules.libraries.map(({ parts, corners, area }) => of(parts.logicLeakage, corners[0].leakage / (area * 1e-12))),
    ],
  ]);
};

const digits = (value) => value.toLocaleString("en", { maximumSignificantDigits: 2 });
/** The typical corner, and then the slow and the fast one. */
const inCorners = ([typical, ...others], text) => [typical, ...others].map(text).join("/");

export const gateTables = {
  joules: () => {
    const ratios = gateRatios();
    const femto = (value) => digits(value * 1e15);
    const priceOf = (of) =>
      [...new Set(joules.libraries.map(({ node }) => node))].map((node) =>
        of(joules.libraries.find((library) => library.node === node)),
      );
    const row = (name, count, prices, mapped, part) => [
      name,
      count,
      prices.join("/"),
      ...joules.libraries.flatMap((library, l) => [mapped(library), digits(ratios[part][l])]),
    ];
    return {
      head: [
        "fJ per action",
        "actions",
        "price, 45/130 nm",
        ...joules.libraries.flatMap(({ name }) => [name, "of price"]),
      ],
      rows: [
        ...Object.entries(PARTS).map(([part, name]) =>
          row(
            name,
            joules.libraries[0].parts[part.replace("Drawn", "")].count.toLocaleString("en"),
            priceOf((library) => femto(perAction(library, part).priced)),
            (library) => inCorners(perAction(library, part).mapped, femto),
            part,
          ),
        ),
        row(
          "a flip-flop's clock pin, per clock",
          "",
          priceOf(({ parts }) => femto(parts.flipFlopClock)),
          ({ corners, registers }) =>
            inCorners(
              corners.map((corner) => clockPin(corner, registers)),
              femto,
            ),
          "flipFlopClock",
        ),
        row(
          "leakage, mW/mm²",
          "",
          priceOf(({ parts }) => digits(parts.logicLeakage / 1e3)),
          ({ corners, area }) =>
            inCorners(
              corners.map(({ leakage }) => leakage / area / 1e-9),
              digits,
            ),
          "leakage",
        ),
      ],
    };
  },

  "joules-clock": () => {
    const period = ({ slack }) => 1e9 / joules.clock - slack * 1e9;
    const rows = [
      ["one head with seeds and feet", ({ alone }) => alone.ssa_engine],
      ["a read-out tile with its layer", ({ alone }) => alone.layer_blocks_0_projection],
      ["a bank of neurons", ({ alone }) => alone.neurons_14_x32_m1],
      ["everything", (corner) => corner],
    ];
    return {
      head: ["least period, ns", ...joules.libraries.map(({ name }) => name)],
      rows: rows.map(([name, of]) => [
        name,
        ...joules.libraries.map(({ corners }) =>
          inCorners(
            corners.map((corner) => period(of(corner))),
            (value) => value.toFixed(2),
          ),
        ),
      ]),
    };
  },

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
