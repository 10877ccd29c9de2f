/** X-Former, the hybrid ANN accelerator that the paper compares with. */
import { picojoules } from "../../units.ts";
import { defineSource } from "../receipt.ts";

export const xformer = defineSource(
  {
    id: "sridharan-tvlsi-2023",
    reference:
      "S. Sridharan, J. R. Stevens, K. Roy, A. Raghunathan: X-Former: In-memory acceleration of transformers. IEEE TVLSI, " +
      "2023, arXiv 2303.07470",
    url: "https://arxiv.org/abs/2303.07470",
    validity:
      "32 nm, 128 x 128 crossbars, bit-serial 8-bit inputs, 8-bit weights in 2-bit cells, 8-bit SAR converters.",
  },
  {
    conversion5: {
      value: picojoules(1),
      low: picojoules(0.276),
      high: picojoules(1.55),
      unit: "J",
      node: 45,
      basis: "calibrated",
      printed: "6.72 TOPS/W = 0.298 pJ per MAC at 32 nm",
      arithmetic:
        "the 5-bit conversion that gives this model's hybrid ANN 0.298 pJ per MAC; NeuroSim's gives 0.150, ISAAC's 0.41",
    },
    inputBits: {
      value: 8,
      unit: "bit",
      basis: "printed",
      printed: "8-bit inputs through 1-bit DACs",
      arithmetic: "as printed",
    },
    weightBits: { value: 8, unit: "bit", basis: "printed", printed: "8-bit weights", arithmetic: "as printed" },
    cellBits: { value: 2, unit: "bit", basis: "printed", printed: "2-bit ReRAM cells", arithmetic: "as printed" },
    adcBits: { value: 8, unit: "bit", basis: "printed", printed: "8-bit SAR converters", arithmetic: "as printed" },
  },
);
