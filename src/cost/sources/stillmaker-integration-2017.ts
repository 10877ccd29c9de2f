/** Scaling of digital logic between nodes: energy, delay and area. */
import { defineSource, type PriceDraft } from "../receipt.ts";

/** `[node, supply in V, coefficients of powers of the supply, highest first]`. */
type Row = readonly [node: number, supply: number, coefficients: readonly number[]];

/** Energy of a gate as a function of supply voltage, in arbitrary units; low-power rows at 45 and 32 nm, high-performance rows below. */
export const ENERGY_POLYNOMIALS: readonly Row[] = [
  [65, 1.1, [3.755, -4.398, 1.975]],
  [45, 0.9, [1.103, -0.362, 0.2767]],
  [32, 0.9, [0.9559, -0.7823, 0.471]],
  [20, 0.9, [0.373, -0.1582, 0.04104]],
  [16, 0.85, [0.2958, -0.1241, 0.03024]],
  [14, 0.8, [0.2363, -0.09675, 0.02239]],
  [10, 0.75, [0.2068, -0.09311, 0.02375]],
  [7, 0.7, [0.1776, -0.09097, 0.02447]],
];

/** Delay of a gate, high-performance rows. The 20 nm row is left out: at 0.9 V it is slower than 32 nm. */
export const DELAY_POLYNOMIALS: readonly Row[] = [
  [65, 1.1, [-53.3, 230.4, -333.9, 178.6]],
  [45, 0.9, [-501.6, 1567, -1619, 566.1]],
  [32, 0.9, [-1047, 2982, -2797, 873.5]],
  [16, 0.85, [24.8, -47.52, 28.87]],
  [14, 0.8, [-40.66, 109.2, -100.6, 35.92]],
  [10, 0.75, [-34.95, 93.65, -85.99, 30.4]],
  [7, 0.7, [-28.58, 76.6, -70.26, 24.69]],
];

const factor = (nodes: string, value: number, polynomials = "energy over supply voltage"): PriceDraft => ({
  value,
  unit: "1",
  basis: "derived",
  printed: `fitted polynomials of ${polynomials}, Table of coefficients`,
  arithmetic: `${nodes}: the polynomials at the nodes' nominal voltages, over that of 45 nm at 0.9 V`,
});
const delay = (nodes: string, value: number): PriceDraft => factor(nodes, value, "delay over supply voltage");
const area = (nodes: string, value: number): PriceDraft => ({
  value,
  unit: "1",
  basis: "printed",
  printed: `area from 45 nm to ${nodes}: ${value}`,
  arithmetic: "as printed",
});
const between = (nodes: string, value: number): PriceDraft => ({
  ...area(nodes, value),
  basis: "derived",
  printed: "area from 45 nm to 32 nm: 0.46, to 20 nm: 0.21",
  arithmetic: `${nodes}: a straight line between`,
});

export const stillmaker = defineSource(
  {
    id: "stillmaker-integration-2017",
    reference:
      "A. Stillmaker, B. Baas: Scaling equations for the accurate prediction of CMOS device performance from 180 nm to 7 nm. " +
      "Integration, the VLSI Journal 58, 2017, pp. 74-81",
    url: "https://doi.org/10.1016/j.vlsi.2017.02.002",
    validity:
      "Digital logic only, 180 to 7 nm. Memories and converters scale worse and have their own tables. 28 and 22 nm are " +
      "interpolated. Coefficients as transcribed by two public programs that agree, nodeScale and hwcomponents. Energies of 45 nm " +
      "are those of low-power transistors, of 20 nm and below of high-performance ones; with high-performance ones at 45 nm too, all " +
      "factors below 32 nm would be 1.2 times as large.",
  },
  {
    digital65: factor("65 nm, 1.1 V", 1.99),
    digital32: factor("32 nm, 0.9 V", 0.64),
    digital28: factor("28 nm, interpolated", 0.51),
    digital22: factor("22 nm, interpolated", 0.305),
    digital20: factor("20 nm, 0.9 V", 0.238),
    digital16: factor("16 nm, 0.85 V", 0.164),
    digital14: factor("14 nm, 0.8 V", 0.114),
    digital10: factor("10 nm, 0.75 V", 0.0832),
    digital7: factor("7 nm, 0.7 V", 0.0566),
    delay65: delay("65 nm, 1.1 V", 1.52),
    delay32: delay("32 nm, 0.9 V", 0.663),
    delay16: delay("16 nm, 0.85 V", 0.507),
    delay14: delay("14 nm, 0.8 V", 0.358),
    delay10: delay("10 nm, 0.75 V", 0.305),
    delay7: delay("7 nm, 0.7 V", 0.257),
    area65: area("65 nm", 1.5),
    area32: area("32 nm", 0.46),
    area28: between("28 nm", 0.38),
    area22: between("22 nm", 0.25),
    area20: area("20 nm", 0.21),
    area16: area("16 nm", 0.19),
    area14: area("14 nm", 0.17),
    area10: area("10 nm", 0.1),
    area7: area("7 nm", 0.059),
  },
);
