/**
 * Crossbars with their converters and wires from DNN+NeuroSim V1.4. Numbers from our own runs of the tool; none of its code,
 * because its licence (CC BY-NC 4.0) forbids that.
 */
import { ANALOG_TIMES } from "../../hardware/timing.ts";
import { picojoules, squareMicrometres } from "../../units.ts";
import { defineSource, type PriceDraft } from "../receipt.ts";

const RUN =
  "V1.4, 45 nm LSTP, SAR converters, 128 x 128 sub-arrays, 8 columns per converter, R_on 100 kOhm, R_off 1.7 MOhm, 768 x 768 " +
  "layer, 196 binary vectors, 20 % ones";

/** Energy of an 8-bit adder relative to 45 nm, 32.4 fJ. */
const adderAt = (node: number, femtojoules: number): PriceDraft => ({
  value: femtojoules / 32.4,
  unit: "1",
  basis: "simulated",
  printed: `8-bit adder: ${femtojoules} fJ at ${node} nm, 32.4 fJ at 45 nm`,
  arithmetic: `${femtojoules} / 32.4`,
});

const wires = (side: number, pj: number): PriceDraft => ({
  value: picojoules(pj),
  unit: "J",
  node: 45,
  basis: "simulated",
  printed: `per conversion, pJ: ${pj} (${side} x ${side})`,
  arithmetic: "as simulated",
});

export const neurosim = defineSource(
  {
    id: "peng-iedm-2019",
    reference:
      "X. Peng, S. Huang, Y. Luo, X. Sun, S. Yu: DNN+NeuroSim: An end-to-end benchmarking framework for compute-in-memory " +
      "accelerators with versatile device technologies. IEDM 2019; the tool, version 1.4",
    url: "https://doi.org/10.1109/IEDM19573.2019.8993491",
    validity:
      "A circuit model, not silicon; 65, 45, 32 and 22 nm. Its 5-bit conversion is four to nine times cheaper than converter " +
      "surveys indicate. Energies are per conversion and depend on the layer: 0.49 to 0.65 pJ in total over the layers tried.",
  },
  {
    conversion5: {
      value: picojoules(0.276),
      low: picojoules(0.177),
      high: picojoules(1.78),
      unit: "J",
      node: 45,
      basis: "simulated",
      printed: `${RUN}: ADC energy / conversions = 0.276 pJ; current sense amplifiers 0.177 pJ`,
      arithmetic: "per 5-bit conversion; upper end: converter survey at 45 nm",
    },
    flash5: {
      value: picojoules(0.177),
      unit: "J",
      node: 45,
      basis: "simulated",
      printed: "the same run with multilevel current sense amplifiers: 0.177 pJ per conversion",
      arithmetic: "as simulated",
    },
    flashPeriphery: {
      value: picojoules(0.004),
      unit: "J",
      node: 45,
      basis: "simulated",
      printed: 'the same run with current sense amplifiers: "other" 0.280 pJ',
      arithmetic: "0.280 - 0.256 - 0.020: no sample and hold",
    },
    periphery: {
      value: picojoules(0.069),
      low: picojoules(0.035),
      high: picojoules(0.14),
      unit: "J",
      node: 45,
      basis: "simulated",
      printed: `${RUN}: "other" 0.345 pJ = interconnect 0.256 + buffer 0.020 + the rest`,
      arithmetic: "0.345 - 0.256 - 0.020: multiplexers, sample and hold, switch matrices, decoders",
    },
    interconnect: {
      value: picojoules(0.256),
      low: picojoules(0.12),
      high: picojoules(0.5),
      unit: "J",
      node: 45,
      basis: "simulated",
      printed: "per conversion, pJ: 0.256 (768 x 768), 0.197 (384 x 384), 0.084 (256 x 256), 0.223 (3072 x 768)",
      arithmetic: "the 768 x 768 layer; smaller ones in proportion to their own simulation",
    },
    interconnect384: wires(384, 0.197),
    interconnect256: wires(256, 0.084),
    conversion5At20k: {
      value: picojoules(0.196),
      low: picojoules(0.171),
      high: picojoules(0.288),
      unit: "J",
      node: 45,
      basis: "simulated",
      printed: "SAR converter alone, 5 bits: 0.288 (column of 5 kOhm), 0.196 (20 kOhm), 0.171 pJ (100 kOhm)",
      arithmetic: "the middle one; 65, 32 and 22 nm: 0.308, 0.112, 0.066 pJ",
    },
    conversion8At20k: {
      value: picojoules(0.352),
      low: picojoules(0.316),
      high: picojoules(0.49),
      unit: "J",
      node: 45,
      basis: "simulated",
      printed: "SAR converter alone, 8 bits: 0.490, 0.352, 0.316 pJ for the same columns",
      arithmetic: "the middle one",
    },
    add8: {
      value: picojoules(0.0324),
      unit: "J",
      node: 45,
      basis: "simulated",
      printed: "8-bit adder: 68.7 (65 nm), 32.4 (45 nm), 16.3 (32 nm), 8.58 fJ (22 nm)",
      arithmetic: "as simulated",
    },
    adder65: adderAt(65, 68.7),
    adder32: adderAt(32, 16.3),
    adder22: adderAt(22, 8.58),
    buffer: {
      value: picojoules(0.02),
      unit: "J",
      node: 45,
      basis: "simulated",
      printed: `${RUN}: buffers 0.020 pJ per conversion`,
      arithmetic: "as simulated",
    },
    accumulation: {
      value: picojoules(0.026),
      unit: "J",
      node: 45,
      basis: "simulated",
      printed: `${RUN}: accumulation 0.026 pJ per conversion`,
      arithmetic: "as simulated; pays for subtracting the codes of a pair and adding those of row blocks",
    },
    conversionTime: {
      value: ANALOG_TIMES.conversion,
      low: 1.7e-9,
      high: 13e-9,
      unit: "s",
      node: 45,
      basis: "simulated",
      printed: "8 conversions: 104 ns at 45 nm SAR, 68 ns at 22 nm SAR, 13 ns at 22 nm current sense",
      arithmetic: "10 ns, between the SAR nodes, taken for 45 nm; 68 / 104 of it at 22 nm",
    },
    conversionLoad: {
      value: 0.4,
      low: 0.25,
      high: 0.57,
      unit: "1",
      basis: "derived",
      printed:
        "SAR converter alone, 5 bits: 0.171, 0.196, 0.288 pJ for columns of 10, 50 and 200 uS; 8 bits: 0.316, 0.352, 0.490 pJ",
      arithmetic:
        "0.165 pJ + 0.62 fJ per uS; the 0.276 pJ of the layer correspond to 180 uS; 0.111 / 0.276 of it scale with the current of the " +
        "column. Ends: columns of half and twice that conductance",
    },
    conversionBitShare: {
      value: 0.08,
      low: 0.05,
      high: 0.11,
      unit: "1",
      basis: "derived",
      printed: "the same: without current 0.165 pJ at 5 bits, 0.307 pJ at 8 bits",
      arithmetic: "one cycle per bit plus one: 27.5 and 34.1 fJ per cycle; (34.1 - 27.5) / 3 / 27.5 more for each bit",
    },
    converterArea: {
      value: squareMicrometres(923),
      low: squareMicrometres(923),
      high: squareMicrometres(5587),
      unit: "m2",
      node: 45,
      basis: "simulated",
      printed: "5-bit SAR converter 923 um2 at 45 nm",
      arithmetic: "as simulated; upper end: converter survey at 45 nm, 5 bits and 100 MS/s",
    },
    cellArea: {
      value: 0.0028e-6 / 128 ** 2,
      unit: "m2",
      node: 45,
      basis: "simulated",
      printed: "cells of a 128 x 128 crossbar 0.0028 mm2",
      arithmetic: "0.0028 mm2 / 128^2, a pair of devices",
    },
    crossbarArea: {
      value: 0.425e-6,
      low: 0.03e-6,
      high: 0.43e-6,
      unit: "m2",
      node: 45,
      basis: "simulated",
      printed: "768 x 768 layer at 45 nm: 11.8 to 15.3 mm2 for 36 crossbars; converters 2 to 4 %, cells below 1 %",
      arithmetic:
        "15.3 mm2 / 36. Lower end: 16 SAR converters of 923 um2 + cells 0.0028 mm2 + drivers 0.012 mm2 = 0.030 mm2, without wires",
    },
  },
);
