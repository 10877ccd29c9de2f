/** Links between dies of one package. */
import { picojoules } from "../../units.ts";
import { defineSource } from "../receipt.ts";

export const links = defineSource(
  {
    id: "poulton-jssc-2013",
    reference:
      "J. W. Poulton, W. J. Dally, X. Chen, J. G. Eyles, T. H. Greer, S. G. Tell, J. M. Wilson, C. T. Gray: A 0.54 pJ/b 20 Gb/s " +
      "ground-referenced single-ended short-reach serial link in 28 nm CMOS for advanced packaging applications. IEEE JSSC 48(12), 2013",
    url: "https://ieeexplore.ieee.org/document/6601723",
    validity:
      "Measured in 28 nm over 4.5 mm of an organic package. Used at any node, because channel and swing dominate.",
  },
  {
    bit: {
      value: picojoules(0.54),
      low: picojoules(0.297),
      high: picojoules(1.17),
      unit: "J/bit",
      basis: "printed",
      printed: "0.54 pJ/bit at 20 Gb/s",
      arithmetic:
        "as printed; lower end: 0.297 pJ/bit over 1.2 mm in 5 nm (Nishi et al., JSSC 2023), upper end: 1.17 pJ/bit over a circuit board " +
        "(Turner et al.: Ground-referenced signaling for intra-chip and short-reach chip-to-chip interconnects)",
    },
  },
);
