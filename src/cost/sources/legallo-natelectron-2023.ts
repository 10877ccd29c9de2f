/** HERMES: phase-change memory built and measured. The anchor for everything that is only simulated. */
import { picojoules } from "../../units.ts";
import { defineSource } from "../receipt.ts";

export const hermes = defineSource(
  {
    id: "legallo-natelectron-2023",
    reference:
      "M. Le Gallo, R. Khaddam-Aljameh, M. Stanisavljevic et al.: A 64-core mixed-signal in-memory compute chip based on " +
      "phase-change memory for deep neural network inference. Nature Electronics 6, 2023",
    url: "https://doi.org/10.1038/s41928-023-01010-1",
    validity:
      "14 nm, 256 x 256 cells, 8-bit input and output, one-phase reads. Its weights hold 3 to 4 effective bits.",
  },
  {
    column: {
      value: picojoules(52.4) * Math.sqrt(1 / 8),
      low: picojoules(52.4) / 8,
      high: picojoules(52.4),
      unit: "J",
      node: 14,
      basis: "derived",
      printed: "63.1 TOPS at 9.76 TOPS/W with 64 cores of 256 x 256",
      arithmetic:
        "2 x 64 x 256^2 op / 9.76 TOPS/W / 64 cores = 13.4 nJ per core and product; / 256 columns = 52.4 pJ at 8-bit inputs. " +
        "One-bit inputs cost between 1/8 and all of it; the default is the geometric mean of the two",
    },
    crossbarArea: {
      value: 0.63e-6,
      unit: "m2",
      node: 14,
      basis: "derived",
      printed: "400 GOPS/mm2 in four-phase mode",
      arithmetic: "16.1 TOPS / 64 cores / 400 GOPS/mm2 = 0.63 mm2 per core",
    },
    readTime: {
      value: 133e-9,
      low: 133e-9,
      high: 521e-9,
      unit: "s",
      basis: "derived",
      printed: "63.1 TOPS one-phase, 16.1 TOPS four-phase",
      arithmetic: "2 x 64 x 256^2 / 63.1 T = 133 ns; / 16.1 T = 521 ns",
    },
  },
);
