/** The parameters that each unit's price depends on: where its receipts are found. */
import type { ParameterId } from "../parameters.ts";

const converter = [
  "conversion5",
  "conversionTime",
  "conversionLoad",
  "conversionBitShare",
  "converterArea",
  "flashConverter",
  "surveyConverter",
  "analogLeakage",
  "structure",
] as const;
const line = ["lineDrive"] as const;
const array = ["cellRead", ...line] as const;
const clocked = ["flipFlopClock", "clockTree", "registerArea", "logicLeakage"] as const;
const compared = ["comparison32", "comparatorArea", "logicLeakage"] as const;

export const PRICED_BY = {
  converter,
  crossbar: [
    ...array,
    "settleTime",
    "lineTime",
    "crossbarArea",
    "cellArea",
    "floorplan",
    "referenceRows",
    "converterArea",
    "flashConverter",
    "surveyConverter",
    "analogLeakage",
    "structure",
    "registerArea",
  ],
  trim: ["converterArea", "registerArea"],
  lineDrive: line,
  programming: ["programDevice"],
  upkeep: ["lifetime"],
  calibration: [...converter.slice(0, 4), "flashConverter", "surveyConverter", "structure", "periphery", ...array],
  adder: ["add8", "add16", "add32", "adderArea", "logicLeakage"],
  multiplier: ["multiply8", "multiplierArea", "logicLeakage"],
  comparator: compared,
  register: clocked,
  fifoShift: clocked,
  lfsr: ["lfsrShift", "registerArea", "logicLeakage"],
  draw: [...compared, "gate", "multiply8", "multiplierArea"],
  attentionCell: ["sacOperation", "sacArea", "logicLeakage", "structure"],
  zeroDetector: ["gate", "comparatorArea", "logicLeakage"],
  controller: [...clocked, "controllerFlipFlops"],
  sram: [
    "sramRead",
    "sramExponent",
    "sramLineShare",
    "sramPort",
    "sramWriteFactor",
    "sramArea",
    "sramBankArea",
    "sramLeakage",
  ],
  dram: ["dramBit"],
  wire: ["wireBit"],
  layerWires: ["interconnect", "structure", "floorplan"],
  chargeTransfer: ["footCapacitor", "wireBit", "periphery"],
  switching: ["switchDrive"],
  foot: [
    "decision",
    "trimShare",
    "comparatorFoot",
    "capacitorArea",
    "footCapacitor",
    "trimCapacitor",
    "registerArea",
    "analogLeakage",
  ],
  dieLink: ["dieLink"],
  countDies: ["reticle"],
} as const satisfies Record<string, readonly ParameterId[]>;
