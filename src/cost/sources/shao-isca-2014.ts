/** Registers, from Aladdin's tables. */
import { picojoules } from "../../units.ts";
import { defineSource, type PriceDraft } from "../receipt.ts";

const row = (what: string, pj: number): PriceDraft => ({
  value: picojoules(pj),
  unit: "J",
  node: 40,
  basis: "printed",
  printed: `40 nm: ${what} ${pj} pJ`,
  arithmetic: "as printed",
});

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
    registerBit: {
      value: picojoules(0.01),
      unit: "J/bit",
      node: 45,
      basis: "derived",
      printed: "40 nm: 0.009 pJ a bit and access",
      arithmetic: "rounded up for 45 nm",
    },
  },
);
