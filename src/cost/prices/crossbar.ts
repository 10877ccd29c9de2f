/**
 * The price of a crossbar from its rows, columns and converters.
 *
 *   area      pairs of devices by their number; drivers, multiplexers and wires by rows and columns; converters by their own area.
 *             Several devices per conductance count as that many pairs
 *   settling  `hardware/timing.ts`
 */
import { type LineSize, settlingTime } from "../../hardware/timing.ts";
import type { Technology } from "../parameters.ts";
import { analogTimes } from "./clocks.ts";
import { converter, REFERENCE_CONDUCTANCE, trim } from "./converter.ts";
import type { UnitPrice } from "./unit-price.ts";

export interface CrossbarSize extends LineSize {
  /** Converters at its feet. */
  readonly converters: number;
  /** Bits that trim the offset of each converter; default 0: no trim. */
  readonly trimBits?: number;
  /** Largest conductance, siemens; default that of the price. */
  readonly maxConductance?: number;
}

/** Devices on the line for which drive and time constant are priced. */
const LINE_DEVICES = 128;
/** Converters of the crossbar for which area is priced, 128 columns with 8 per converter, and their bits. */
const REFERENCE_CONVERTERS = 16;
const REFERENCE_BITS = 5;

/** Energy of reading one pair for one spike; time for the lines to settle; area with the converters. */
export function crossbar(size: CrossbarSize, technology: Technology): UnitPrice {
  const { rows, columns, converters, bits, trimBits = 0, devices = 1 } = size;
  const { crossbarArea, cellArea, analogLeakage, referenceRows: side, structure } = technology;
  const time = settlingTime(size, analogTimes(technology));
  const energy = pairRead(size, technology);
  if (structure === 0) {
    return { energy, time, area: crossbarArea, leakage: crossbarArea * analogLeakage };
  }
  const included = REFERENCE_CONVERTERS * converter({ bits: REFERENCE_BITS }, technology).area + side ** 2 * cellArea;
  const around = (Math.max(0, statedArea(technology) - included) * (rows + columns)) / (2 * side);
  const own = rows * columns * devices * cellArea + around;
  const feet = converters * (converter({ bits }, technology).area + trim({ bits: trimBits }, technology).area);
  return { energy, time, area: own + feet, leakage: (own + feet) * analogLeakage };
}

/** Square metres of a crossbar like the reference: of a stated floorplan, or else of the price. */
export const statedArea = ({ crossbarArea, floorplan }: Technology): number =>
  floorplan === 0 ? crossbarArea : floorplan;

/** Energy of reading one pair for one spike. */
const pairRead = (
  { maxConductance = REFERENCE_CONDUCTANCE }: Pick<CrossbarSize, "maxConductance">,
  { cellRead }: Technology,
): number => cellRead * (maxConductance / REFERENCE_CONDUCTANCE);

/** Energy of raising a line past `columns` pairs of conductances. */
export const lineDrive = (
  { columns, devices = 1 }: Pick<CrossbarSize, "columns" | "devices">,
  technology: Technology,
): number => (2 * columns * devices * technology.lineDrive) / LINE_DEVICES;

/** Energy of programming `pairs` pairs of conductances once. */
export const programming = (
  { pairs, devices = 1 }: Pick<CrossbarSize, "devices"> & { readonly pairs: number },
  { programDevice }: Technology,
): number => 2 * pairs * devices * programDevice;

/** Energy of one calibration of a crossbar: `vectors` inputs, every column converted. */
export function calibration(size: CalibrationSize, technology: Technology): number {
  const { vectors, driven, columns, conversionsPerSum } = size;
  const conversions = columns * conversionsPerSum * (converter(size, technology).energy + technology.periphery);
  return driven * (lineDrive(size, technology) + columns * pairRead(size, technology)) + vectors * conversions;
}

export interface CalibrationSize extends Pick<CrossbarSize, "columns" | "bits" | "devices" | "maxConductance"> {
  readonly vectors: number;
  /** Total of lines raised. */
  readonly driven: number;
  /** 2 if both lines of a pair are converted; 1 if their difference is. */
  readonly conversionsPerSum: number;
  /** As of a converter. */
  readonly fullScale?: number;
}
