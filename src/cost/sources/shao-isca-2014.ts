/** Registers, from Aladdin's tables. */
import { picojoules, squareMicrometres } from "../../units.ts";
import { gateNote } from "../mapped-gates.ts";
import { defineSource, type PriceDraft } from "../receipt.ts";
import { nodeFactor } from "./node.ts";

const row = (what: string, pj: number): PriceDraft => ({
  value: picojoules(pj),
  unit: "J",
  node: 40,
  basis: "printed",
  printed: `40 nm: ${what} ${pj} pJ`,
  arithmetic: "as printed",
});

/** Scaled from 40 to 45 nm by the factors of logic. */
const at45 = (what: string, printed: number, symbol: "pJ" | "um2"): PriceDraft => {
  const [scaling, unit, value] =
    symbol === "pJ"
      ? (["digital", "J", picojoules(printed)] as const)
      : (["area", "m2", squareMicrometres(printed)] as const);
  const factor = nodeFactor(scaling, 40);
  return {
    value: value / factor,
    unit,
    node: 45,
    basis: "derived",
    printed: `40 nm: ${what} ${printed} ${symbol}`,
    arithmetic: `over the factor of 40 nm, ${factor.toFixed(3)}`,
  };
};

export const aladdin = defineSource(
  {
    id: "shao-isca-2014",
    reference:
      "Y. S. Shao, B. Reagen, G.-Y. Wei, D. Brooks: Aladdin: A pre-RTL, power-performance accelerator simulator enabling large " +
      "design space exploration of customized architectures. ISCA 2014",
    url: "https://doi.org/10.1109/ISCA.2014.6853196",
    validity: "40 nm standard cells, read from the tables that accelergy ships.",
  },
  {
    add32: row("32-bit adder at 1 ns", 0.21),
    counter32: row("32-bit counter", 0.251),
    comparator32: row("32-bit comparator", 0.0295),
    multiply32: row("32-bit multiplier", 12.68),
    comparison: at45("32-bit comparator", 0.02947, "pJ"),
    adderArea: at45("32-bit adder", 278, "um2"),
    multiplierArea: at45("32-bit multiplier", 6350, "um2"),
    comparatorArea: at45("32-bit comparator", 71, "um2"),
    registerArea: at45("register bit", 5.98, "um2"),
    leakage: {
      value: 2200,
      low: 350,
      high: 21000,
      unit: "W/m2",
      basis: "derived",
      printed:
        "40 nm, mW and um2: adder 0.0024, 278; comparator 2.51e-5, 71; multiplier 0.08, 6350; counter 3.21e-4, 495.5",
      arithmetic:
        "8.6, 0.35, 12.6 and 0.65 mW/mm2, geometric mean 2.2. Upper end: our units of the Nangate library, 29 uW / 1299 um2. Per area it " +
        "is assumed equal at every node",
      note: gateNote("leakage", "leakage per area", "leakage is the library's choice"),
    },
    registerBit: {
      value: picojoules(0.01),
      unit: "J/bit",
      node: 45,
      basis: "derived",
      printed: "40 nm: 0.009 pJ per bit and access",
      arithmetic: "rounded up for 45 nm",
    },
  },
);
