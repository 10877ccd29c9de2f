/** Scaling of digital logic between nodes. */
import { defineSource, type PriceDraft } from "../receipt.ts";

const factor = (nodes: string, value: number): PriceDraft => ({
  value,
  unit: "1",
  basis: "derived",
  printed: "fitted polynomials of energy over supply voltage, Table of coefficients",
  arithmetic: `${nodes}: the polynomials at the nodes' nominal voltages, over that of 45 nm at 0.9 V`,
});

export const stillmaker = defineSource(
  {
    id: "stillmaker-integration-2017",
    reference:
      "A. Stillmaker, B. Baas: Scaling equations for the accurate prediction of CMOS device performance from 180 nm to 7 nm. " +
      "Integration, the VLSI Journal 58, 2017, pp. 74-81",
    url: "https://doi.org/10.1016/j.vlsi.2017.02.002",
    validity:
      "Digital logic only. Memories and converters scale worse and have tables of their own. 28 and 22 nm are interpolated.",
  },
  {
    digital65: factor("65 nm, 1.1 V", 1.99),
    digital32: factor("32 nm, 0.9 V", 0.64),
    digital28: factor("28 nm, interpolated", 0.51),
    digital22: factor("22 nm, interpolated", 0.305),
    digital14: factor("14 nm, 0.8 V", 0.114),
    area65: factor("65 nm, logic area", 1.5),
    area32: factor("32 nm, logic area", 0.46),
    area28: factor("28 nm, logic area", 0.38),
    area22: factor("22 nm, logic area", 0.25),
    area14: factor("14 nm, logic area", 0.17),
  },
);
