/** What is left of a comparator's offset after trimming it. */
import { defineSource } from "../receipt.ts";

export const offsetTrim = defineSource(
  {
    id: "jlpea-15-35-2025",
    reference:
      "An accurate and low-complexity offset calibration methodology for dynamic comparators. Journal of Low Power Electronics and " +
      "Applications 15(2), 35, 2025",
    url: "https://doi.org/10.3390/jlpea15020035",
    validity: "65 nm, Monte Carlo simulation; capacitors at the comparator's load, and two other circuits.",
  },
  {
    trimmedOffset: {
      value: 0.452e-3,
      low: 0.2e-3,
      high: 2e-3,
      unit: "V",
      basis: "printed",
      printed:
        "standard deviation after a calibration that ends at the first toggle: 0.452 mV with parallel transistors",
      arithmetic:
        "as printed; a calibration by windows leaves less than the noise (lower end assumed). Upper end: coarser, assumed",
    },
  },
);
