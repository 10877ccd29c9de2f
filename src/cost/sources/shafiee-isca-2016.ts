/** ISAAC's converter, the usual anchor of crossbar accelerators, scaled to 5 bits and 45 nm. */
import { picojoules, squareMicrometres } from "../../units.ts";
import { defineSource } from "../receipt.ts";

export const isaac = defineSource(
  {
    id: "shafiee-isca-2016",
    reference:
      "A. Shafiee, A. Nag, N. Muralimanohar, R. Balasubramonian, J. P. Strachan, M. Hu, R. S. Williams, V. Srikumar: ISAAC: A " +
      "convolutional neural network accelerator with in-situ analog arithmetic in crossbars. ISCA 2016",
    url: "https://doi.org/10.1109/ISCA.2016.12",
    validity:
      "32 nm, an 8-bit SAR converter at 1.2 GS/s; other resolutions are scaled, as hwcomponents-library lists them.",
  },
  {
    conversion8: {
      value: picojoules(1.67),
      unit: "J",
      node: 32,
      basis: "derived",
      printed: "8 converters of 8 bits at 1.2 GS/s: 16 mW",
      arithmetic: "16 mW / 8 / 1.2 GS/s",
    },
    conversion5: {
      value: picojoules(1.55),
      low: picojoules(0.83),
      high: picojoules(1.55),
      unit: "J",
      node: 45,
      basis: "derived",
      printed: "8 bits 1.67 pJ, 5 bits 0.99 pJ at 32 nm after Saberi's scaling",
      arithmetic: "0.99 pJ x (1 / 0.64), digital factor of 32 nm to 45 nm",
    },
    areaPerBit: {
      value: squareMicrometres(81.7),
      unit: "m2",
      node: 32,
      basis: "derived",
      printed: "SAR at 32 nm after Saberi's scaling, 4 to 10 bits: 361, 477, 627, 845, 1200, 1828, 3002 um2",
      arithmetic:
        "81.7 um2 b + 2.13 um2 2^b reproduces all seven within 0.3 %: logic per bit, and capacitors that double per bit",
    },
    areaPerStep: {
      value: squareMicrometres(2.13),
      unit: "m2",
      node: 32,
      basis: "derived",
      printed: "the same",
      arithmetic: "the second part",
    },
  },
);
