/** Energy of arithmetic and memories at 45 nm, 0.9 V: the table that most accelerator papers start from. */
import { picojoules } from "../../units.ts";
import { gateNote } from "../mapped-gates.ts";
import { defineSource, type PriceDraft } from "../receipt.ts";

const FIGURE = "Fig. 1.1.9, 45 nm, 0.9 V";

const operation = (printed: string, pj: number, high: number, note?: string): PriceDraft => ({
  value: picojoules(pj),
  high: picojoules(high),
  unit: "J",
  node: 45,
  basis: "printed",
  printed: `${FIGURE}: ${printed} ${pj} pJ`,
  arithmetic: "as printed",
  ...(note !== undefined && { note }),
});

/** A 64-bit read, per byte. */
const memory = (size: string, pj: number): PriceDraft => ({
  value: picojoules(pj / 8),
  unit: "J/B",
  node: 45,
  basis: "derived",
  printed: `${FIGURE}: ${size} cache, 64-bit access ${pj} pJ`,
  arithmetic: `${pj} pJ / 8 B`,
});

export const horowitz = defineSource(
  {
    id: "horowitz-isscc-2014",
    reference: "M. Horowitz: Computing's energy problem (and what we can do about it). ISSCC 2014, pp. 10-14",
    url: "https://doi.org/10.1109/ISSCC.2014.6757323",
    validity:
      "Arithmetic alone, without registers, clock, wires or control: a lower bound. Upper ends of the ranges are adders of " +
      "NeuroSim 1.4 and Aladdin and our own gate-level units.",
  },
  {
    multiply8: operation(
      "8-bit integer multiply",
      0.2,
      0.9,
      gateNote("scaling", "a product of 5 x 12 bits with its sum and registers", "about 170 nets switch"),
    ),
    add8: operation("8-bit integer add", 0.03, 0.065),
    add16: operation(
      "16-bit integer add",
      0.05,
      0.2,
      gateNote("stream", "an addition to the stream", "inputs of an adder move two to four times per addition"),
    ),
    add32: operation("32-bit integer add", 0.1, 0.21),
    binaryMac: {
      value: picojoules(0.00625),
      low: picojoules(0.003),
      high: picojoules(0.0145),
      unit: "J",
      node: 45,
      basis: "derived",
      printed: `${FIGURE}: 8-bit integer add 0.03 pJ; AND2_X1 of the Nangate library 0.0025 pJ`,
      arithmetic:
        "a gate and one full adder per product, since n bits are counted by n full adders: 2.5 + 30 / 8 fJ. Upper end: 2 x 3.2 + 65 / 8. A whole " +
        "chip at 65 nm needs 21 fJ (XNORBIN, COOL CHIPS 2018: 95 TOp/s/W, two operations per product)",
    },
    ternaryMac: {
      value: picojoules(0.0125),
      low: picojoules(0.006),
      high: picojoules(0.029),
      unit: "J",
      node: 45,
      basis: "derived",
      printed: `${FIGURE}: 8-bit integer add 0.03 pJ; AND2_X1 of the Nangate library 0.0025 pJ`,
      arithmetic:
        "a gate for the magnitude, one for the sign, and positive and negative products counted apart: 2 (2.5 + 30 / 8) fJ. A chip for both needs " +
        "1.9 times as much for ternary as for binary operations (BrainTTA, arXiv 2211.11331: 67 and 35 fJ)",
    },
    multiplyFp16: operation("16-bit floating-point multiply", 1.1, 1.1),
    addFp16: operation("16-bit floating-point add", 0.4, 0.4),
    multiplyFp32: operation("32-bit floating-point multiply", 3.7, 3.7),
    addFp32: operation("32-bit floating-point add", 0.9, 0.9),
    sram8k: memory("8 kB", 10),
    sram32k: memory("32 kB", 20),
    sram1M: memory("1 MB", 100),
    sramExponent: {
      value: 0.464,
      unit: "1",
      basis: "derived",
      printed: `${FIGURE}: 8 kB 10 pJ, 32 kB 20 pJ, 1 MB 100 pJ`,
      arithmetic: "log(100 / 20) / log(1024 / 32): the exponent that meets 32 kB and 1 MB",
    },
    dramBit: {
      value: picojoules(20),
      low: picojoules(20),
      high: picojoules(40),
      unit: "J/bit",
      basis: "derived",
      printed: `${FIGURE}: DRAM, 64 bits, 1.3 to 2.6 nJ`,
      arithmetic: "1.3 nJ / 64 to 2.6 nJ / 64",
    },
  },
);
