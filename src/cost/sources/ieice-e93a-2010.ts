/** A comparator that was built and measured, with what trimming its offset takes. */
import { defineSource } from "../receipt.ts";

export const trimmedComparator = defineSource(
  {
    id: "ieice-e93a-2010",
    reference:
      "IEICE Transactions on Fundamentals E93-A(12), 2010, p. 2456: dynamic control of a comparator's offset by charge compensation",
    url: "https://www.jstage.jst.go.jp/article/transfun/E93.A/12/E93.A_12_2456/_article/-char/en",
    validity: "65 nm, 1.2 V, 1 GHz, measured; read as an abstract, which gives no offset.",
  },
  {
    trimShare: {
      value: 0.12,
      low: 0.05,
      high: 0.2,
      unit: "1",
      basis: "printed",
      printed: "25 um x 65 um, 380 uW; offset control takes 21 % of the area and 12 % of the power",
      arithmetic: "as printed; ends assumed",
    },
  },
);
