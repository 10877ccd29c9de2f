/** Our own synthesis: gates of an open 45 nm library needed for the units of this machine. */
import { picojoules, squareMicrometres } from "../../units.ts";
import { gateNote } from "../mapped-gates.ts";
import { defineSource } from "../receipt.ts";

const RUN = "Yosys on the Nangate 45 nm Open Cell Library, 1.1 V typical; toggles counted gate by gate, 1.5 fF per net";

const SOFT_RESET =
  "Yosys 0.55: a neuron of 14 bits without a leak has 151 gates with a hard reset and 190 with a soft one; 143 and 153 where the threshold is a power of two";

export const gates = defineSource(
  {
    id: "nangate-45",
    reference:
      "Silicon Integration Initiative: Nangate FreePDK45 Open Cell Library; units written and synthesised for this project",
    url: "https://github.com/rbarzic/platform_nangate45",
    validity:
      "No wires beyond 1.5 fF per net, no clock gating, no placement. Leakage of this library is large and left out.",
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
    lifLogic: {
      value: picojoules(0.1),
      low: picojoules(0.065),
      high: picojoules(0.4),
      unit: "J",
      node: 45,
      basis: "derived",
      printed: `${RUN}: a 16-bit LIF unit takes 0.41 pJ an update, of which 32 flip-flops take 0.25 pJ`,
      arithmetic:
        "16-bit add 0.05 + 16-bit compare 0.05, without registers; gate by gate 0.16 pJ. Lower end: Aladdin's comparator; upper end: " +
        "both at the upper end of a 16-bit add",
      note: gateNote("neurons", "an update with its registers", "inputs of a neuron move up to four times per update"),
    },
    softReset: {
      value: picojoules(0.111),
      low: picojoules(0.029),
      high: picojoules(0.143),
      unit: "J",
      node: 45,
      basis: "derived",
      printed: SOFT_RESET,
      arithmetic:
        "39 gates x 2.5 fJ x 16 / 14 bits, as if each switched at every update; lower end 10 gates, upper end 3.2 fJ each",
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
      printed: "a D flip-flop of the library takes 7 to 8 fJ per clock",
      arithmetic: "8 flip-flops x 7.8 fJ + an 8-bit compare of 0.03 pJ; upper end: a 32-bit LFSR for one number",
    },
    flipFlopClock: {
      value: picojoules(0.0078),
      low: picojoules(0.007),
      high: picojoules(0.0145),
      unit: "J",
      node: 45,
      basis: "derived",
      printed: "DFF_X1: 7 to 8 fJ per clock, 7.5 fJ more when its bit toggles",
      arithmetic: "7.8 fJ: a bit that rarely toggles; upper end: a bit that toggles at every clock",
      note: gateNote("flipFlopClock", "a clock pin", "at 130 nm the price is scaled"),
    },
    clockTree: {
      value: picojoules(0.0036),
      low: picojoules(0.001),
      high: picojoules(0.015),
      unit: "J",
      node: 45,
      basis: "assumed",
      printed: "no clock tree was placed; one sink has about 1 fF",
      arithmetic:
        "a clock pin of 1 fF and 10 um of wire at 0.2 fF/um, charged to 1.1 V once per clock: 3.6 fJ; buffers may triple it",
    },
    andGate: {
      value: picojoules(0.0025),
      low: picojoules(0.0006),
      high: picojoules(0.0032),
      unit: "J",
      node: 45,
      basis: "derived",
      printed: "AND2_X1 at 1.1 V: 1.9 fJ rising, 2.9 to 3.2 fJ falling, excluding its load",
      arithmetic: "their mean; lower end: Aladdin's 32-bit bitwise unit at 40 nm, 0.0181 pJ / 32",
    },
    lfsrStep: {
      value: picojoules(0.12),
      low: picojoules(0.06),
      high: picojoules(0.24),
      unit: "J",
      node: 45,
      basis: "derived",
      printed: "DFF_X1: 7 fJ per clock, 7.5 fJ more when its bit toggles",
      arithmetic: "32 bits x 7.5 fJ / 2, since half of them toggle; ends: a quarter, all",
      note: gateNote("random", "a shift with its clock pins", "generated LFSRs also shift where no number is drawn"),
    },
    counterStep: {
      value: picojoules(0.072),
      low: picojoules(0.016),
      high: picojoules(0.25),
      unit: "J",
      node: 45,
      basis: "derived",
      printed: "DFF_X1: 7 fJ per clock, 8 fJ per toggling bit with its half adder",
      arithmetic: "8 bits x 7 fJ + 2 toggling bits x 8 fJ; lower end gated, upper end Aladdin's 32-bit counter",
    },
    lifArea: {
      value: squareMicrometres(243),
      unit: "m2",
      node: 45,
      basis: "synthesised",
      printed: `${RUN}: 16-bit LIF unit 243 um2`,
      arithmetic: "as synthesised",
    },
    softResetArea: {
      value: squareMicrometres(47.4),
      unit: "m2",
      node: 45,
      basis: "derived",
      printed: `${SOFT_RESET}; AND2_X1 is 1.064 um2`,
      arithmetic: "39 gates x 1.064 um2 x 16 / 14 bits",
    },
    sacArea: {
      value: squareMicrometres(103),
      high: squareMicrometres(479),
      unit: "m2",
      node: 45,
      basis: "synthesised",
      printed: `${RUN}: stochastic attention cell 103 um2`,
      arithmetic: "without the delay line; the paper's 94.1 mm2 is 479 um2 per cell for 12 tiles of 128 x 128",
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
