/** The SSA paper, with an energy table that implies the price of one attention cell. */
import { picojoules } from "../../units.ts";
import { gateNote } from "../mapped-gates.ts";
import { defineSource } from "../receipt.ts";

export const ssaPaper = defineSource(
  {
    id: "song-aicas-2024",
    reference:
      "Z. Song, P. Katti, O. Simeone, B. Rajendran: Stochastic spiking attention: Accelerating attention with stochastic " +
      "computing in spiking networks. AICAS 2024, pp. 31-35, arXiv 2402.09109",
    url: "https://arxiv.org/abs/2402.09109",
    validity: "One attention block with N = 64, D = 512, H = 8, T = 10 in a 45 nm digital estimate.",
  },
  {
    sacOperation: {
      value: picojoules(0.03),
      low: picojoules(0.005),
      high: picojoules(0.075),
      unit: "J",
      node: 45,
      basis: "derived",
      printed: "processing 1.23 uJ for the block (as cited; the full text was not available to us)",
      arithmetic:
        "T (N^2 H (d - 1) + N D (N - 1)) = 41.3 M additions; 1.23 uJ / 41.3 M = 0.0298 pJ, Horowitz's 8-bit add. " +
        "Range: gate-level cells with and without a gated clock",
      note: gateNote(
        "attention",
        "an AND of attention",
        "random numbers also move in clocks without ANDs, ten times as many",
      ),
    },
  },
);
