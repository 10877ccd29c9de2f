/** Numbers that nobody has published in a usable form. Each states its reason. */
import { ANALOG_TIMES } from "../../hardware/timing.ts";
import { picojoules } from "../../units.ts";
import { defineSource, type PriceDraft } from "../receipt.ts";

const choice = (value: number, unit: PriceDraft["unit"], why: string, range: Partial<PriceDraft> = {}): PriceDraft => ({
  value,
  unit,
  basis: "assumed",
  printed: "not published",
  arithmetic: why,
  ...range,
});

const BUFFER = "a round size that holds what the layer needs; energy grows with size to the power 0.565";

export const assumed = defineSource(
  {
    id: "assumptions",
    reference: "Assumptions of this model, each with its reason",
    validity: "Chosen, not measured. Change them with --set, and see the tornado for those that matter.",
  },
  {
    accumulator32: choice(32, "bit", "products of 8-bit numbers are summed in 32 bits, as in int8 engines"),
    accumulator8: choice(8, "bit", "the leaner convention: an 8-bit multiply and an 8-bit add, 0.23 pJ"),
    accumulate16: choice(
      16,
      "bit",
      "spike-driven sums of up to 3,072 8-bit weights need 8 + 12 bits; 16 saturate rarely",
    ),
    accumulate13: choice(
      13,
      "bit",
      "spike-driven sums of up to 3,072 5-bit weights: 3 bits fewer than the 16 bits for 8-bit weights",
    ),
    accumulate8: choice(8, "bit", "the leaner convention: 0.03 pJ per spike and weight"),
    differential: choice(
      1,
      "1",
      "one signed conversion per pair of lines, as the paper names for future work; 2 doubles it",
    ),
    twoColumns: choice(2, "1", "the default of hardware.adc.sharing"),
    noBits: choice(0, "bit", "not charged by default"),
    none: choice(0, "1", "not charged by default"),
    noRegister: choice(0, "J/bit", "operation-only accounting leaves out the registers that operands pass through"),
    yes: choice(1, "1", "on chip by default"),
    one: choice(1, "1", "one"),
    no: choice(0, "1", "off by default"),
    oneBit: choice(1, "bit", "every crossbar input is a spike"),
    softmaxElement: choice(
      picojoules(10),
      "J",
      "integer polynomial: two or three 32-bit multiplies of 3.1 pJ and additions",
      {
        low: picojoules(5),
        high: picojoules(46),
        node: 45,
      },
    ),
    layerNormElement: choice(picojoules(8), "J", "two 32-bit multiplies and additions per element", {
      low: picojoules(4),
      high: picojoules(16),
      node: 45,
    }),
    geluElement: choice(picojoules(7), "J", "two 32-bit multiplies and additions per element", {
      low: picojoules(3),
      high: picojoules(14),
      node: 45,
    }),
    weightBuffer: choice(1024 * 1024, "B", BUFFER, { low: 256 * 1024, high: 8 * 1024 * 1024 }),
    activationBuffer: choice(256 * 1024, "B", BUFFER),
    partialSumBuffer: choice(64 * 1024, "B", BUFFER),
    spikeBuffer: choice(64 * 1024, "B", BUFFER),
    ownBuffers: choice(
      1,
      "1",
      "a network gets the memory that it needs; a larger memory consists of banks, and one bank is read",
    ),
    fixedBuffers: choice(0, "1", "one buffer size for every network"),
    noInputs: choice(
      0,
      "1",
      "inputs are the same for every machine, and a receiver's arrive on chip: left out for all",
    ),
    annInputs: choice(2, "1", "the digital ANN fetches its inputs from DRAM, and no other machine does"),
    fiveBitWeights: choice(5, "bit", "as many as a pair of 4-bit devices holds, including the sign"),
    eightBitWeights: choice(8, "bit", "as in the int8 ANN"),
    sparseScores: choice(1, "1", "an event-driven engine adds only where spikes of q and k coincide"),
    denseScores: choice(0, "1", "every pair of bits of q and k is processed"),
    array: choice(128, "1", "side of the digital engine's array of multipliers", { low: 32, high: 256 }),
    cellRead: choice(picojoules(0.0032), "J", "8 uS x (0.2 V)^2 x 10 ns; mean conductance a third of 25 uS", {
      low: picojoules(0.001),
      high: picojoules(0.032),
    }),
    lineDrive: choice(picojoules(0.05), "J", "about 40 fF at 1.1 V for a line past 128 devices", { node: 45 }),
    flatSram: choice(0, "1", "0: one price per byte for every buffer, because the paper's accounting has one SRAM"),
    weightsResident: choice(0, "1", "0: the paper assumes resident weights and leaves out loading"),
    noDram: choice(0, "J/bit", "the paper assumes inputs and outputs in on-chip SRAM"),
    throughSram: choice(1, "1", "the paper: all inputs, outputs and intermediates go to on-chip SRAM"),
    fourBitCells: choice(4, "bit", "an 8-bit weight in two of the paper's 4-bit cells"),
    settleTime: choice(
      ANALOG_TIMES.settle,
      "s",
      "a read pulse of 10 ns, as NeuroSim's; PCM reads of 100 ns are common",
      {
        low: 10e-9,
        high: 100e-9,
      },
    ),
    bundle50: choice(50, "1", "token-steps that share one fetch of a weight in a digital SNN that is not ideal"),
    bundleAll: choice(0, "1", "0: every weight is fetched once per inference and used by all token-steps, the ideal"),
    noTime: choice(0, "s", "moving data across the chip is left out"),
    fullRate: choice(0, "Hz", "every machine works without a pause; hardware.rate sets another"),
    ssaTiles: choice(1, "1", "one tile serves all heads in turn, the smallest possible engine"),
    hermesCrossbar: choice(256, "1", "HERMES has 256 x 256 cells"),
    included: choice(0, "J", "included in the measured energy of a column"),
    hermesInput: choice(1, "bit", "HERMES takes 8-bit inputs in one read"),
    hermesWeight: choice(8, "bit", "one cell per weight, although it holds 3 to 4 effective bits"),
    hermesFactor: choice(
      Math.sqrt(8),
      "1",
      "8-bit inputs pay the whole column; spikes the geometric mean of all and an eighth",
    ),
    hermesBits: choice(5, "bit", "the factor of 5 bits is 1: the measured column is used unscaled, at its 8 bits"),
    uncharged: choice(0, "J", "left out, as in published projections"),
    unchargedPower: choice(0, "W/m2", "left out, as in published projections"),
    unchargedMemoryPower: choice(0, "W/B", "left out, as in published projections"),
    unchargedLink: choice(0, "J/bit", "left out, as in published projections"),
    unchargedWire: choice(0, "J/bit/m", "left out, as in published projections"),
    asOneCrossbar: choice(128, "1", "prices per conversion and area are those of a crossbar of Table II"),
    lineTime: choice(
      ANALOG_TIMES.line,
      "s",
      "a driver or sense input of 1 kOhm and the 41 fF of a line past 128 devices",
      {
        low: 10e-12,
        high: 400e-12,
      },
    ),
    controllerFlipFlops: choice(64, "1", "counters of tokens, steps and columns, and the state of each kind of unit", {
      low: 16,
      high: 1024,
    }),
    bankArea: choice(2000e-12, "m2", "decoder, sense amplifiers and control of one bank", {
      low: 500e-12,
      high: 10_000e-12,
      node: 45,
    }),
    programDevice: choice(
      picojoules(450),
      "J",
      "0.3 mA x 1.5 V x 100 ns per pulse, ten pulses of programming and verifying",
      { low: picojoules(20), high: picojoules(10_000) },
    ),
    lifetime: choice(
      31_536_000,
      "s",
      "a year; drift compensation lasts longer, wear and new networks limit it sooner",
      {
        low: 86_400,
        high: 315_360_000,
      },
    ),
    analogLeakage: choice(
      10,
      "W/m2",
      "low-standby transistors leak some 10 pA/um, a thousandth of those of fast logic",
      {
        low: 1,
        high: 1000,
      },
    ),
    switchDrive: choice(
      picojoules(0.0024),
      "J",
      "the gates of a pair of switches at a column's foot: 2 x 1 fF x (1.1 V)^2",
      {
        low: picojoules(0.0006),
        high: picojoules(0.01),
        node: 45,
      },
    ),
    capacitorArea: choice(
      0.89e-12,
      "m2",
      "1.12 fF/um2 of metal-oxide-metal: hwcomponents-library takes 2.3 fF/um2 at 22 nm, times 22 / 45 for the pitch of the metal. Lower end: " +
        "those 2.3; upper end: 0.5 fF/um2, two layers only",
      { low: 0.43e-12, high: 2e-12 },
    ),
    anyFloorplan: choice(
      0,
      "m2",
      "0: wires within a layer cost what was simulated, whatever the area of its crossbars",
    ),
    floorplan: choice(
      0.11e-6,
      "m2",
      "the geometric middle of what NeuroSim leaves open: (0.030 mm2 x 0.425 mm2)^(1/2). Upper end: HERMES, 0.63 mm2 at 14 nm for 256 x 256 " +
        "cells with 8-bit converters, / 4 / 0.17",
      { low: 0.03e-6, high: 0.93e-6, node: 45 },
    ),
    footSwing: choice(
      0.3,
      "V",
      "for a membrane of 1: a supply of 1.1 V leaves room for 3 and a comparator; a mirror divides a column's current to fit it",
      { low: 0.1, high: 0.5 },
    ),
    footCapacitor: choice(
      50e-15,
      "F",
      "noise of 0.29 mV (kT/C), 0.1 % of the swing, and an area of 45 um2; unit capacitors of 0.3 fF have been built (lee-jssc-2017)",
      { low: 10e-15, high: 500e-15 },
    ),
    comparatorNoise: choice(
      1e-3,
      "V",
      "the source of the decision's energy states none; dynamic comparators of this energy have about 1 mV",
      {
        low: 0.3e-3,
        high: 3e-3,
      },
    ),
    capacitorMismatch: choice(
      0.0014,
      "1",
      "1 % at 1 fF, falling with the root of the capacitance, since mismatch depends on the area (Omran et al., TCAS-I 2016): 1 % / 50^(1/2)",
      { low: 0.0007, high: 0.004 },
    ),
    footLeakage: choice(
      15e-3,
      "s",
      "50 fF x 0.3 V / 1 pA: a switch 0.1 um wide that leaks 10 pA/um, as in analogLeakage",
      { low: 0.15e-3, high: 150e-3 },
    ),
    footSettling: choice(7, "1", "0.1 % of the charge is left behind: e^-7", { low: 4, high: 10 }),
    reticle: choice(858e-6, "m2", "the field of a lithographic scanner, 26 mm x 33 mm", { low: 429e-6, high: 858e-6 }),
  },
);
