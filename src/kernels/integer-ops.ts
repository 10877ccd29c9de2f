/**
 * Backend operations for chips simulated in integers: crossbars strip by strip, LIF units and the residual stream, in 16 bits.
 * Twins: `simulation/integers.ts`, `simulation/reference/linear.ts` and `hardware/integer-lif.ts`.
 *
 * A strip is 32 lines: the plus lines of 16 columns, then their minus lines; or, with differential converters, the differences of
 * 32 columns. Every register saturates, and operations return how many numbers did; row lengths are multiples of 8.
 */
import type { PackedBits, Place } from "./arena.ts";

/** Lines of a strip, and columns of a strip in `pair` mode. */
export const INTEGER_LINES = 32;
export const INTEGER_PAIRS = 16;

/** Limits of a register. */
export interface Register {
  readonly low: number;
  readonly high: number;
}

type Mode = "pair" | "differential";

/** Vectors of `bits`, starting at vector `first` and bit `firstRow` (a multiple of 32), whose currents in a strip go to `lines`. */
export interface StripInput {
  readonly bits: PackedBits;
  readonly first: number;
  readonly vectors: number;
  readonly firstRow: number;
  readonly rows: number;
  readonly lines: Place;
}

/** Converter errors of a strip, single precision: gains and offsets by line, noise deviations by column or line. */
export interface ErrorPlaces {
  readonly gains: Place;
  readonly offsets: Place;
  readonly deviations: Place;
}

/** Lines whose converters have errors. */
export interface ErringLines {
  readonly lines: Place;
  readonly vectors: number;
  readonly mode: Mode;
  readonly errors: ErrorPlaces;
  readonly noise: ConversionNoise | null;
  /** Position of the vectors in the run. */
  readonly strip: number;
  readonly first: number;
  readonly perStep: number;
  readonly perPrompt: number;
  readonly firstPrompt: number;
  /** `converterScratch` words. */
  readonly scratch: Place;
}

export interface ConversionNoise {
  readonly key: readonly [number, number];
  /** The 4096 normals that words select from. */
  readonly normals: Place;
}

/** `ColumnConstants` in memory. */
export type ColumnPlaces = Readonly<Record<"leaks" | "thresholds" | "levels" | "thermal" | "deciding", Place>>;

export interface StripOutput {
  readonly lines: Place;
  readonly vectors: number;
  readonly columns: number;
  /** Result of the layer's previous row blocks, with a row of the strip's columns per vector; null for the first. */
  readonly sums: Place | null;
  /** Added at the layer's last row block; null for none. */
  readonly offset: Place | null;
  /** The strip's first column in rows of `outputs`, which may be `sums`. */
  readonly out: Place;
  readonly outputs: number;
}

export interface IntegerOps {
  /**
   * Currents of the lines of a strip of 8 columns [rows, 16], in single precision, with all rows driven: in units of current,
   * double precision. Twin: `lineTotals`.
   *
   * @param totals [16]: for column c the plus line at c, the minus line at 8 + c; for differences, the sums of positive and of
   * negative ones
   */
  totalLines(of: { strip: Place; rows: number; unit: number; mode: Mode; totals: Place }): void;
  /**
   * A strip [rows, 32] in units of current, from the strips of 8 columns that it consists of: two of pairs, or four of
   * differences, or fewer. Twin: `wholeConductances`. Lines of pairs saturate at 65535, differences must fit.
   *
   * @param target may be the first of the strips
   */
  wholeStrip(of: { strips: readonly Place[]; rows: number; unit: number; mode: Mode; target: Place }): void;
  /**
   * Tables of the sums of every 8 rows of a strip [rows, 32]: `INTEGER_TABLE` words per 8 rows, aligned to 64 bytes. Every sum
   * includes `bias` once. Lines of pairs saturate at 65535, differences must not overflow.
   */
  tabulateIntegers(of: { matrix: Place; rows: number; bias: number; mode: Mode; tables: Place }): void;
  /** lines [vectors, 32]: the strip's currents. */
  integerCurrents(of: StripInput & { mode: Mode; tables: Place }): void;
  /**
   * Converters with errors, in place: lines become codes. Returns the number of clipped conversions. `unit` is that of a line, in
   * code steps; errors are given for 32 lines, and strips counted by 8 columns. Twin: `hardware/converter-errors.ts`.
   */
  errIntegers(of: ErringLines & { unit: number; largest: number }): number;
  /** From lines, shifted to codes, to a strip's columns of a layer's sums. Returns the number of clipped conversions. */
  convertIntegers(of: StripOutput & { mode: Mode; shift: number; largest: number; factors: Place }): number;
  /**
   * A layer of LIF units, currents [steps, rows, features], with one threshold or, if given, `thresholds` [features]. Twin:
   * `runIntegerLifUnits`. Returns the number of saturated membranes.
   */
  fireIntegers(of: {
    currents: Place;
    steps: number;
    rows: number;
    leakShift: number;
    threshold: number;
    thresholds: Place | null;
    reset: "hard" | "soft";
    membrane: Register;
    spikes: PackedBits;
  }): number;
  /**
   * Neurons of columns without converters, charges [steps, rows, features]. Twin: `runChargeNeurons`. Returns the number of saturated
   * membranes.
   *
   * @param constants of 4 bytes by column
   * @param scratch `COLUMN_SCRATCH` words
   */
  decideColumns(of: {
    charges: Place;
    steps: number;
    rows: number;
    constants: ColumnPlaces;
    reset: "hard" | "soft";
    noise: ConversionNoise | null;
    perPrompt: number;
    firstPrompt: number;
    spikes: PackedBits;
    scratch: Place;
  }): number;
  /** target += source, saturating; if source is null, target only saturates. */
  joinIntegers(of: { target: Place; source: Place | null; count: number; register: Register }): number;
  /** target [rows, columns] += table [period, columns] at row mod period, saturating. */
  joinPeriodicIntegers(of: {
    target: Place;
    table: Place;
    period: number;
    rows: number;
    columns: number;
    register: Register;
  }): number;
  /** target [rows, features] += value where a bit is set, saturating. */
  joinBitsIntegers(of: { bits: PackedBits; rows: number; value: number; target: Place; register: Register }): number;
  /** Copies this many numbers. */
  integers(at: Place, count: number): Int16Array;
}
