/** TIMELY's comparator, which collects charge on a capacitor and compares it with a reference. */
import { picojoules, squareMicrometres } from "../../units.ts";
import { defineSource } from "../receipt.ts";

export const timely = defineSource(
  {
    id: "li-isca-2020",
    reference:
      "W. Li, P. Xu, Y. Zhao, H. Li, Y. Xie, Y. Lin: TIMELY: Pushing data movements and interfaces in PIM accelerators towards local and " +
      "in time domain. ISCA 2020, pp. 832-845",
    url: "https://doi.org/10.1109/ISCA45697.2020.00073",
    validity: "65 nm; its Table II as hwcomponents-library lists it. A design on paper, not silicon.",
  },
  {
    decision: {
      value: picojoules(0.0417 / 1.73),
      unit: "J",
      node: 45,
      basis: "derived",
      printed: "charging comparator 41.7 fJ at 65 nm",
      arithmetic: "41.7 fJ / 1.73, NeuroSim's factor from 65 to 45 nm",
    },
    comparatorArea: {
      value: squareMicrometres(40 / 1.5),
      low: squareMicrometres(20 / 1.5),
      high: squareMicrometres((25 * 65 * 0.79) / 1.5),
      unit: "m2",
      node: 45,
      basis: "derived",
      printed: "charging comparator 40 um2 at 65 nm",
      arithmetic:
        "40 um2 / 1.5, the factor of logic areas. Lower end: half; upper end: ieice-e93a-2010, 25 um x 65 um without its 21 % for trimming",
    },
  },
);
