/** DRAM close to the chip. */
import { picojoules } from "../../units.ts";
import { defineSource } from "../receipt.ts";

export const dram = defineSource(
  {
    id: "oconnor-micro-2017",
    reference:
      "M. O'Connor, N. Chatterjee, D. Lee, J. Wilson, A. Agrawal, S. W. Keckler, W. J. Dally: Fine-grained DRAM: Energy-efficient " +
      "DRAM for extreme bandwidth systems. MICRO 2017",
    url: "https://doi.org/10.1145/3123939.3124545",
    validity: "HBM2 with its interface. Does not scale with the node of the adjacent chip.",
  },
  {
    hbm2: {
      value: picojoules(3.9),
      unit: "J/bit",
      basis: "printed",
      printed: "HBM2: 3.9 pJ/bit",
      arithmetic: "as printed",
    },
    mobile: {
      value: picojoules(8),
      low: picojoules(4),
      high: picojoules(70),
      unit: "J/bit",
      basis: "assumed",
      printed: "HBM2 3.9 pJ/bit; Horowitz's DRAM 20 to 40 pJ/bit; DDR3 about 70",
      arithmetic: "8 pJ/bit, the class of LPDDR4, between them",
    },
    v1: {
      value: picojoules(5),
      unit: "J/bit",
      basis: "calibrated",
      printed: "HBM2 3.9 pJ/bit",
      arithmetic:
        "5 pJ/bit: with the ANN's weights streamed at this price and the digital SNN fetching weights every 50 token-steps, the " +
        "ratios of the first preprint (17.8 to 19.2 and 5.9 to 6.8) are reproduced for ViT-8-768",
    },
  },
);
