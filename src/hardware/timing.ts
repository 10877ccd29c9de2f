/**
 * The clock of the machine, and the clocks of its analog operations: a fact of the machine, which simulators, schedule, cost and
 * RTL share.
 *
 *   settling    a read pulse, longer for lines longer than those of the reference: a line past n devices has the time constant
 *               tau n / 128 of its driver, and R C n^2 / 2 of its own resistance; a code of b bits waits for (b + 1) ln 2 of them
 *   conversion  one cycle per bit and one more
 *
 * Both are rounded up to whole clocks. `hardware.timing` sets them instead.
 *
 * Left out: converters see the columns settle while the multiplexer steps through them.
 */
import type { HardwareSpec } from "../experiment/hardware.ts";
import { naturalLog } from "../numeric/stream.ts";
import { picojoules } from "../units.ts";
import { devicesPerConductance } from "./crossbar.ts";

export interface Timing {
  /** Hertz, for crossbars, digital units and SSA tiles alike. */
  readonly clock: number;
  /** Clocks from raising the lines of a crossbar to currents that are ready for conversion. */
  readonly settle: number;
  /** Clocks of one conversion. */
  readonly conversion: number;
}

/** What the clocks follow from: seconds unless stated otherwise. */
export interface AnalogTimes {
  /** Hertz. */
  readonly clock: number;
  /** Settling of the reference crossbar's lines for a code of 5 bits. */
  readonly settle: number;
  /** Rows and columns of the reference crossbar. */
  readonly side: number;
  /** Time constant of a line past 128 devices, and its capacitance in farads. */
  readonly line: number;
  readonly lineCapacitance: number;
  /** One 5-bit conversion. */
  readonly conversion: number;
  /** Converters that take one cycle for any number of bits. */
  readonly flash?: boolean;
  /** The same times for all crossbars and converters, as in published projections. */
  readonly fixed?: boolean;
}

/** Volts that drive a line: the energy of raising it gives its capacitance. */
export const LINE_VOLTAGE = 1.1;

/**
 * Of the default machine, at 45 nm. Receipts, with ranges: `clock` in `song-tvlsi-2025`, `conversion` in `peng-iedm-2019`, and the
 * others in `assumptions`, all files of `cost/sources/`, which take the values from here.
 */
export const ANALOG_TIMES = {
  clock: 200e6,
  settle: 10e-9,
  side: 128,
  line: 41e-12,
  lineCapacitance: picojoules(0.05) / LINE_VOLTAGE ** 2,
  conversion: 10e-9,
} as const satisfies AnalogTimes;

/** Devices on the line for which time constant and capacitance are given. */
const LINE_DEVICES = 128;
/** Bits for which settling and conversion are given. */
const REFERENCE_BITS = 5;

/** The timing of a machine: its own, or that of its bits, size and wires. Exact currents count as codes of 5 bits. */
export function timingOf(hardware: HardwareSpec, times: AnalogTimes = ANALOG_TIMES): Timing {
  return hardware.timing ?? analogClocks(lineSize(hardware), times);
}

function lineSize({ crossbar, adc }: HardwareSpec): LineSize {
  const { rows, columns, wires } = crossbar;
  const bits = adc.bits ?? REFERENCE_BITS;
  const size = { rows, columns, bits, lineOhms: wires.lines, columnOhms: wires.columns };
  return { ...size, devices: devicesPerConductance(crossbar) };
}

/** A crossbar as its lines see it. */
export interface LineSize {
  readonly rows: number;
  /** Pairs of devices per row. */
  readonly columns: number;
  /** Bits of a conversion. */
  readonly bits: number;
  /** Ohms of a wire from one cell to the next, of input and result lines; default 0. */
  readonly lineOhms?: number;
  readonly columnOhms?: number;
  /** Devices in parallel per conductance; default 1. */
  readonly devices?: number;
}

/** Times of a crossbar of this size and its converters, rounded up to whole clocks as the machine waits for them. */
export function analogClocks(size: LineSize, times: AnalogTimes): Timing {
  const { clock } = times;
  // Removes rounding errors from a time that is a whole number of clocks.
  const wait = (seconds: number) => Math.ceil(seconds * clock * (1 - 1e-9));
  return {
    clock,
    settle: wait(settlingTime(size, times)),
    conversion: Math.max(1, wait(conversionTime(size, times))),
  };
}

/** Seconds from raising the lines of a crossbar to currents that are ready for conversion. */
export function settlingTime(size: LineSize, { settle, side, line, lineCapacitance, fixed }: AnalogTimes): number {
  if (fixed) return settle;
  const { rows, columns, bits, lineOhms = 0, columnOhms = 0, devices = 1 } = size;
  const farads = lineCapacitance / LINE_DEVICES;
  // A row passes the devices of both signs, a result line those of one.
  const driven = (count: number, ohms: number) => (line * count) / LINE_DEVICES + (ohms * farads * count ** 2) / 2;
  const own = driven(2 * columns * devices, lineOhms / (2 * devices)) + driven(rows * devices, columnOhms / devices);
  const reference = driven(2 * side, 0) + driven(side, 0);
  const constants = (bits + 1) * own - (REFERENCE_BITS + 1) * reference;
  return Math.max(0, settle + naturalLog(2) * constants);
}

/** Seconds of a conversion. */
export const conversionTime = ({ bits }: Pick<LineSize, "bits">, { conversion, flash, fixed }: AnalogTimes): number =>
  flash || fixed ? conversion : conversion * ((bits + 1) / (REFERENCE_BITS + 1));

/** Clocks of a comparator's decision. */
export const DECISION_CLOCKS = 1;
/** Registers from decisions to the next unit: the spikes. */
export const DECISION_REGISTERS = 1;

/**
 * Clocks until the charge of columns without converters has settled: the time constants waited, or, without a number of them, those
 * of a conversion.
 */
export function columnSettling(hardware: HardwareSpec, times: AnalogTimes = ANALOG_TIMES): number {
  const { settling } = hardware.readOut.circuit;
  if (settling === null || hardware.timing !== null) return timingOf(hardware, times).settle;
  return analogClocks({ ...lineSize(hardware), bits: settling / naturalLog(2) - 1 }, times).settle;
}

/** Clocks for one input vector of a layer with converters, given its multiplexer steps. */
export const vectorClocks = (multiplexerSteps: number, { settle, conversion }: Timing): number =>
  settle + multiplexerSteps * conversion;
