/** Our own synthesis: what gates of an open 45 nm library need for the units of this machine. */
import { picojoules, squareMicrometres } from "../../units.ts";
import { defineSource } from "../receipt.ts";

const RUN = "Yosys on the Nangate 45 nm Open Cell Library, 1.1 V typical; toggles counted gate by gate, 1.5 fF a net";

export const gates = defineSource(
  {
    id: "nangate-45",
    reference:
      "Silicon Integration Initiative: Nangate FreePDK45 Open Cell Library; units written and synthesised for this project",
    url: "https://si2.org/open-cell-library/",
    validity:
      "No wires beyond 1.5 fF a net, no clock gating, no placement. Leakage of this library is large and left out.",
  },
  {
    lifUpdate: {
      value: picojoules(0.42),
      low: picojoules(0.1),
      high: picojoules(0.8),
      unit: "J",
      node: 45,
      basis: "derived",
      printed: `${RUN}: a 16-bit LIF unit takes 0.41 pJ an update`,
      arithmetic: "16-bit add 0.05 + 16-bit compare 0.05 + 32 register bits x 0.01 = 0.42 pJ; agrees with the gates",
    },
    sacGated: {
      value: picojoules(0.005),
      low: picojoules(0.001),
      high: picojoules(0.025),
      unit: "J",
      node: 45,
      basis: "synthesised",
      printed: `${RUN}: a stochastic attention cell takes 0.001 to 0.025 pJ for its data, 0.070 pJ for its clock`,
      arithmetic: "data alone, as if the clock were gated off whenever nothing counts",
    },
    sacUngated: {
      value: picojoules(0.075),
      low: picojoules(0.071),
      high: picojoules(0.096),
      unit: "J",
      node: 45,
      basis: "synthesised",
      printed: `${RUN}: 0.071 to 0.096 pJ a clock`,
      arithmetic: "as synthesised",
    },
    randomNumber: {
      value: picojoules(0.1),
      low: picojoules(0.03),
      high: picojoules(0.35),
      unit: "J",
      node: 45,
      basis: "derived",
      printed: "a D flip-flop of the library takes 7 to 8 fJ a clock",
      arithmetic: "8 flip-flops x 7.8 fJ + an 8-bit compare of 0.03 pJ; upper end: a 32-bit LFSR for one number",
    },
    lifArea: {
      value: squareMicrometres(243),
      unit: "m2",
      node: 45,
      basis: "synthesised",
      printed: `${RUN}: 16-bit LIF unit 243 um2`,
      arithmetic: "as synthesised",
    },
    sacArea: {
      value: squareMicrometres(103),
      high: squareMicrometres(479),
      unit: "m2",
      node: 45,
      basis: "synthesised",
      printed: `${RUN}: stochastic attention cell 103 um2`,
      arithmetic: "without the delay line; the paper's 94.1 mm2 is 479 um2 a cell for 12 tiles of 128 x 128",
    },
    macArea: {
      value: squareMicrometres(1299),
      unit: "m2",
      node: 45,
      basis: "synthesised",
      printed: `${RUN}: int8 weight-stationary unit 1299 um2`,
      arithmetic: "as synthesised",
    },
  },
);
