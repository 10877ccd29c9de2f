/** The paper: its machine (Table II), its time steps (Tables III and IV) and its comparison (Table VI). */
import { ANALOG_TIMES } from "../../hardware/timing.ts";
import { defineSource, type PriceDraft } from "../receipt.ts";

const tableTwo = (what: string, value: number, unit: PriceDraft["unit"] = "1"): PriceDraft => ({
  value,
  unit,
  basis: "printed",
  printed: `Table II: ${what}`,
  arithmetic: "as printed",
});

export const paper = defineSource(
  {
    id: "song-tvlsi-2025",
    reference:
      "Z. Song, P. Katti, O. Simeone, B. Rajendran: Xpikeformer: Hybrid analog-digital hardware acceleration for spiking " +
      "transformers. IEEE TVLSI 33(6), 2025, pp. 1596-1609, arXiv 2408.08794v2",
    url: "https://doi.org/10.1109/TVLSI.2025.3552534",
    validity:
      "45 nm, 200 MHz; analog parts from NeuroSim, the attention engine from synthesis. Its prices are not printed.",
  },
  {
    rows: tableTwo("128 x 128 crossbars", 128),
    columns: tableTwo("128 x 128 crossbars", 128),
    adcBits: tableTwo("5-bit converters", 5, "bit"),
    columnsPerConverter: tableTwo("8 columns share a converter", 8),
    ssaClock: {
      value: ANALOG_TIMES.clock,
      unit: "Hz",
      node: 45,
      basis: "printed",
      printed: "Table VI: 200 MHz",
      arithmetic: "as printed",
    },
    conversionsPerSum: {
      value: 2,
      unit: "1",
      basis: "derived",
      printed: "Figs. 2 and 4: two converters feed one adder; differential converters are named as future work",
      arithmetic: "both lines of a pair are converted",
    },
    globalMovement: {
      value: 0.92 * 2.18e-3,
      unit: "s",
      basis: "derived",
      printed: "2.18 ms per inference of ViT-8-768; more than 92 % of it periphery, SSA 2.0 %, AIMC core 0.3 %",
      arithmetic: "92 % of 2.18 ms: moving data over the chip, routing, control; for that model only",
    },
    ssaTiles: {
      value: 12,
      unit: "1",
      basis: "derived",
      printed: "one SSA tile per head, heads in parallel; the number of heads is not printed",
      arithmetic: "768 / 64 = 12 heads",
    },
    crossbarArea: {
      value: (784e-6 * 0.88) / 3456,
      unit: "m2",
      node: 45,
      basis: "derived",
      printed: "784 mm2: 76.5 % periphery and interconnect, 11.5 % AIMC core, 12 % SSA",
      arithmetic: "88 % of 784 mm2 / 3456 crossbars of the blocks of ViT-8-768, the model of Table VI",
    },
    sacArea: {
      value: (784e-6 * 0.12) / (12 * 197 ** 2),
      unit: "m2",
      node: 45,
      basis: "derived",
      printed: "the same",
      arithmetic: "12 % of 784 mm2 / 12 tiles of 197 x 197 cells",
    },
    lifArea: {
      value: 0,
      unit: "m2",
      node: 45,
      basis: "derived",
      printed: "the same",
      arithmetic: "LIF units are part of the AIMC core",
    },
  },
);
