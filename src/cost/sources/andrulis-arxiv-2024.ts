/** What published converters need, by regression over Murmann's survey. */
import { picojoules } from "../../units.ts";
import { defineSource } from "../receipt.ts";

export const adcSurvey = defineSource(
  {
    id: "andrulis-arxiv-2024",
    reference:
      "T. Andrulis, R. Chen, H.-S. Lee, J. S. Emer, V. Sze: Modeling analog-digital-converter energy and area for " +
      "compute-in-memory accelerator design. arXiv 2404.06553, 2024, a regression over B. Murmann: ADC performance survey",
    url: "https://arxiv.org/abs/2404.06553",
    validity:
      "65 to 22 nm, 4 to 9 bits, to about 1 GS/s. The authors call it a best-case bound; it is still six times NeuroSim's " +
      "converter at 45 nm.",
  },
  {
    conversion5: {
      value: picojoules(1.777),
      unit: "J",
      node: 45,
      basis: "derived",
      printed: "5 bits: 3.548 (65 nm), 1.777 (45 nm), 0.936 (32 nm), 0.463 pJ (22 nm)",
      arithmetic: "the regression at 45 nm and 100 MS/s",
    },
    conversion8: {
      value: picojoules(3.253),
      unit: "J",
      node: 45,
      basis: "derived",
      printed: "8 bits: 6.495 (65 nm), 3.253 (45 nm), 1.714 (32 nm), 0.847 pJ (22 nm)",
      arithmetic: "the regression at 45 nm and 100 MS/s",
    },
  },
);
