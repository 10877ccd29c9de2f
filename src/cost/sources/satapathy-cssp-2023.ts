/** A dynamic comparator with two preamplifiers: what one decision of a column costs, and its offset. */
import { picojoules } from "../../units.ts";
import { defineSource } from "../receipt.ts";

export const dynamicComparator = defineSource(
  {
    id: "satapathy-cssp-2023",
    reference:
      "B. Satapathy, A. Kaur: An energy-efficient and high-speed dynamic comparator for low-noise applications. Circuits, Systems, and " +
      "Signal Processing 42, 2023, pp. 5108-5120",
    url: "https://doi.org/10.1007/s00034-023-02375-6",
    validity: "65 nm, 1.2 V, up to 1 GHz; simulated after layout, offset by Monte Carlo. Its abstract states no noise.",
  },
  {
    decision: {
      value: picojoules(0.067 / 1.73),
      low: picojoules(0.0417 / 1.73),
      high: picojoules((0.38 * 0.88) / 1.73),
      unit: "J",
      node: 45,
      basis: "derived",
      printed: "worst-case energy 67 fJ at 65 nm",
      arithmetic:
        "67 fJ / 1.73, NeuroSim's factor from 65 to 45 nm. Lower end: li-isca-2020, 41.7 fJ; upper end: ieice-e93a-2010, measured, 380 uW " +
        "at 1 GHz without its 12 % for trimming; both / 1.73",
    },
    offset: {
      value: 8e-3,
      low: 8e-3,
      high: 24e-3,
      unit: "V",
      basis: "printed",
      printed: "standard deviation of the offset 8 mV, a third of that of the conventional design",
      arithmetic: "as printed, before any trim; upper end: the conventional design",
    },
  },
);
