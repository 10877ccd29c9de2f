/** Wires across the chip. */
import { defineSource } from "../receipt.ts";

export const wires = defineSource(
  {
    id: "keckler-micro-2011",
    reference:
      "S. W. Keckler, W. J. Dally, B. Khailany, M. Garland, D. Glasco: GPUs and the future of parallel computing. IEEE Micro 31(5), " +
      "2011, pp. 7-17",
    url: "https://doi.org/10.1109/MM.2011.89",
    validity:
      "40 nm, 0.9 V, with repeaters, random data. Capacitance per length is about the same from node to node, so energy scales with " +
      "the square of the supply: a factor of 0.69 at 10 nm and 0.75 V, where the paper projects 200 pJ instead of 310, a factor of 0.65.",
  },
  {
    bit: {
      value: 121e-12,
      low: 40.4e-12,
      high: 240e-12,
      unit: "J/bit/m",
      node: 45,
      basis: "derived",
      printed: "Table 1, 40 nm: 256 bits over 10 mm 310 pJ; 240 fJ per bit, mm and transition",
      arithmetic:
        "310 pJ / 256 / 10 mm = 121 fJ per bit and mm; 45 nm has the same supply. Upper end: every bit a transition; lower end: a " +
        "low-swing link measured in 45 nm (Park et al., DATE 2013), 40.4 fJ",
    },
  },
);
