/** SwiftTron, the digital int8 accelerator that the paper compares with. */
import { defineSource } from "../receipt.ts";

export const swifttron = defineSource(
  {
    id: "marchisio-ijcnn-2023",
    reference:
      "A. Marchisio, D. Dura, M. Capra, M. Martina, G. Masera, M. Shafique: SwiftTron: An efficient hardware accelerator for " +
      "quantized transformers. IJCNN 2023, arXiv 2304.03986",
    url: "https://arxiv.org/abs/2304.03986",
    validity:
      "65 nm. Its abstract prints 1.83 ns and 33.64 mW for RoBERTa-base; a quarter of one clock cannot be a latency, so we read " +
      "1.83 ms and 33.64 W.",
  },
  {
    clock: {
      value: 143e6,
      unit: "Hz",
      node: 45,
      basis: "assumed",
      printed: "143 MHz at 65 nm",
      arithmetic: "as printed, but used at 45 nm, as in published comparisons: `clock45` is what the node allows",
    },
    clock45: {
      value: 217e6,
      unit: "Hz",
      node: 45,
      basis: "derived",
      printed: "143 MHz at 65 nm",
      arithmetic: "143 MHz x 1.52, delays of logic from 65 to 45 nm",
    },
    units: {
      value: 65536,
      low: 32768,
      high: 87700,
      unit: "1",
      basis: "derived",
      printed: "RoBERTa-base in 1.83 ms at 143 MHz",
      arithmetic: "12.5 TMAC/s / 143 MHz = 87.7 k MAC per clock; 256 x 256 = 65,536 units, the power of two below",
    },
    utilisation: {
      value: 0.9,
      low: 0.5,
      high: 1,
      unit: "1",
      basis: "assumed",
      printed: "no utilisation printed",
      arithmetic: "0.9 for matrices much larger than the array",
    },
  },
);
