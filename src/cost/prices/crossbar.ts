/**
 * The price of a crossbar from its rows, columns and converters.
 *
 *   area      pairs of devices by their number; drivers, multiplexers and wires by rows and columns; converters by their own area.
 *             Several devices per conductance count as that many pairs
 *   settling  a read pulse, longer for lines longer than those of the reference: a line past n devices has the time constant
 *             tau n / 128 of its driver, and R C n^2 / 2 of its own resistance; a code of b bits waits for (b + 1) ln 2 of them
 *
 * Left out: converters see the columns settle while the multiplexer steps through them.
 */

import { naturalLog } from "../../numeric/stream.ts";
import type { Technology } from "../parameters.ts";
import { converter, REFERENCE_CONDUCTANCE, trim } from "./converter.ts";
import type { UnitPrice } from "./unit-price.ts";

export interface CrossbarSize {
  readonly rows: number;
  /** Pairs of devices per row. */
  readonly columns: number;
  /** Converters at its feet, and the bits of each. */
  readonly converters: number;
  readonly bits: number;
  /** Bits that trim the offset of each converter; default 0: no trim. */
  readonly trimBits?: number;
  /** Ohms of a wire from one cell to the next: of input lines, of result lines. */
  readonly lineOhms?: number;
  readonly columnOhms?: number;
  /** Largest conductance, siemens; default that of the price. */
  readonly maxConductance?: number;
  /** Devices in parallel per conductance; default 1. */
  readonly devices?: number;
}

/** Devices on the line for which drive and time constant are priced. */
const LINE_DEVICES = 128;
/** Its capacitance in farads: what `lineDrive` charges to 1.1 V (`assumptions.lineDrive`). */
const LINE_VOLTAGE = 1.1;
/** Converters of the crossbar for which area is priced, 128 columns with 8 per converter, and their bits. */
const REFERENCE_CONVERTERS = 16;
const REFERENCE_BITS = 5;

/** Energy of reading one pair for one spike; time for the lines to settle; area with the converters. */
export function crossbar(size: CrossbarSize, technology: Technology): UnitPrice {
  const { rows, columns, converters, bits, trimBits = 0, devices = 1 } = size;
  const { crossbarArea, cellArea, analogLeakage, referenceRows: side, structure } = technology;
  const time = settlingTime(size, technology);
  const energy = pairRead(size, technology);
  if (structure === 0) {
    return { energy, time, area: crossbarArea, leakage: crossbarArea * analogLeakage };
  }
  const included = REFERENCE_CONVERTERS * converter({ bits: REFERENCE_BITS }, technology).area + side ** 2 * cellArea;
  const around = (Math.max(0, crossbarArea - included) * (rows + columns)) / (2 * side);
  const own = rows * columns * devices * cellArea + around;
  const feet = converters * (converter({ bits }, technology).area + trim({ bits: trimBits }, technology).area);
  return { energy, time, area: own + feet, leakage: (own + feet) * analogLeakage };
}

/** Energy of reading one pair for one spike. */
const pairRead = (
  { maxConductance = REFERENCE_CONDUCTANCE }: Pick<CrossbarSize, "maxConductance">,
  { cellRead }: Technology,
): number => cellRead * (maxConductance / REFERENCE_CONDUCTANCE);

function settlingTime(size: CrossbarSize, technology: Technology): number {
  const { rows, columns, bits, lineOhms = 0, columnOhms = 0, devices = 1 } = size;
  const { settleTime, lineTime, lineDrive, referenceRows: side, structure } = technology;
  if (structure === 0) return settleTime;
  const farads = lineDrive / LINE_VOLTAGE ** 2 / LINE_DEVICES;
  // A row passes the devices of both signs, a result line those of one.
  const driven = (count: number, ohms: number) => (lineTime * count) / LINE_DEVICES + (ohms * farads * count ** 2) / 2;
  const own = driven(2 * columns * devices, lineOhms / (2 * devices)) + driven(rows * devices, columnOhms / devices);
  const reference = driven(2 * side, 0) + driven(side, 0);
  const constants = (bits + 1) * own - (REFERENCE_BITS + 1) * reference;
  return Math.max(0, settleTime + naturalLog(2) * constants);
}

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
