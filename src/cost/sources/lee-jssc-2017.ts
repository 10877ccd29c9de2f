/** The smallest capacitors with which charge has been shared on silicon. */
import { defineSource } from "../receipt.ts";

export const unitCapacitor = defineSource(
  {
    id: "lee-jssc-2017",
    reference:
      "E. H. Lee, S. S. Wong: Analysis and design of a passive switched-capacitor matrix multiplier for approximate computing. IEEE Journal " +
      "of Solid-State Circuits 52(1), 2017, arXiv 1612.00933",
    url: "https://arxiv.org/abs/1612.00933",
    validity: "40 nm, measured, up to 2.5 GHz.",
  },
  {
    unit: {
      value: 0.3e-15,
      low: 0.3e-15,
      high: 1.2e-15,
      unit: "F",
      basis: "printed",
      printed: "unit capacitors of 300 aF",
      arithmetic: "as printed; upper end assumed",
    },
  },
);
