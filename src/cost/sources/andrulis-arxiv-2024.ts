/** Published converters, by regression over Murmann's survey. */

import { exponential } from "../../numeric/exponential.ts";
import { power } from "../../numeric/power.ts";
import { naturalLog } from "../../numeric/stream.ts";
import { picojoules, squareMicrometres } from "../../units.ts";
import { defineSource } from "../receipt.ts";

/** Coefficients of the regression, as the authors' plug-in for Accelergy ships them. */
const REGRESSION = {
  figureOfMerit: {
    constant: 213.7806687348118,
    perLogRate: -2.8719030399529957,
    atNoBits: 128.3068287398817,
    perBit: 3.2205115109775617,
  },
  energy: {
    constant: 26.0496215686518 - 1.4702022133784405,
    perLogNode: 1.8800369206815004,
    perLogBits: -2.8291256050594527,
  },
  area: {
    constant: 1.3461916439910742,
    perLogNode: 0.9932794744745022,
    perLogRate: 0.18071538424508238,
    perLogEnergy: 0.29912426192653485,
  },
} as const;

/**
 * A converter of `bits` bits at `rate` conversions a second and `node` nanometres.
 *
 *   F = min(213.8 - 2.87 ln rate, 128.3 + 3.22 bits)    Schreier's figure of merit, dB: bound by speed, or by bits
 *   S = 6.02 bits + 1.76                                 ratio of signal to noise, dB
 *   energy = 10^((S - F) / 10) / 2 x e^(24.6 + 1.88 ln node - 2.83 ln bits), pJ
 *   area   = e^(1.35 + 0.993 ln node + 0.181 ln rate + 0.299 ln energy), um2
 *
 * Returns  joules a conversion, and square metres
 */
export function surveyConverter({ bits, rate, node }: { bits: number; rate: number; node: number }): {
  energy: number;
  area: number;
} {
  const { figureOfMerit, energy, area } = REGRESSION;
  const merit = Math.min(
    figureOfMerit.constant + figureOfMerit.perLogRate * naturalLog(rate),
    figureOfMerit.atNoBits + figureOfMerit.perBit * Math.ceil(bits),
  );
  const signal = (20 * bits * naturalLog(2) + 10 * naturalLog(1.5)) / naturalLog(10);
  const [logNode, logBits] = [naturalLog(node), naturalLog(bits)];
  const pj =
    (power(10, (signal - merit) / 10) / 2) *
    exponential(energy.constant + energy.perLogNode * logNode + energy.perLogBits * logBits);
  const squares = exponential(
    area.constant + area.perLogNode * logNode + area.perLogRate * naturalLog(rate) + area.perLogEnergy * naturalLog(pj),
  );
  return { energy: picojoules(pj), area: squareMicrometres(squares) };
}

export const adcSurvey = defineSource(
  {
    id: "andrulis-arxiv-2024",
    reference:
      "T. Andrulis, R. Chen, H.-S. Lee, J. S. Emer, V. Sze: Modeling analog-digital-converter energy and area for " +
      "compute-in-memory accelerator design. arXiv 2404.06553, 2024, a regression over B. Murmann: ADC performance survey",
    url: "https://arxiv.org/abs/2404.06553",
    validity:
      "65 to 22 nm, 4 to 9 bits, to about 1 GS/s. The authors call it a best-case bound; it is still six times NeuroSim's " +
      "converter at 45 nm.",
  },
  {
    conversion5: {
      value: picojoules(1.777),
      unit: "J",
      node: 45,
      basis: "derived",
      printed: "5 bits: 3.548 (65 nm), 1.777 (45 nm), 0.936 (32 nm), 0.463 pJ (22 nm)",
      arithmetic: "the regression at 45 nm and 100 MS/s",
    },
    area5: {
      value: squareMicrometres(5587),
      unit: "m2",
      node: 45,
      basis: "derived",
      printed: "5 bits, 45 nm, 100 MS/s: 5,587 um2",
      arithmetic: "the regression of areas, at its best tenth",
    },
    conversion8: {
      value: picojoules(3.253),
      unit: "J",
      node: 45,
      basis: "derived",
      printed: "8 bits: 6.495 (65 nm), 3.253 (45 nm), 1.714 (32 nm), 0.847 pJ (22 nm)",
      arithmetic: "the regression at 45 nm and 100 MS/s",
    },
  },
);
