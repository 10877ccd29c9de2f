/**
 * Backend operations for simulated chips, in addition to those of the passes: crossbars strip by strip, and attention with LFSR bytes.
 *
 * A strip is 16 lines: the plus lines of 8 columns, then their minus lines; or 16 columns, if converters are exact.
 */
import type { PackedBits, Place } from "./arena.ts";
import type { ConversionNoise, IntegerOps } from "./integer-ops.ts";
import type { Ops, SampledAttention } from "./ops.ts";

/** Lines of a strip, and the distance from a plus line to its minus line. */
export const STRIP_LINES = 16;
export const STRIP_COLUMNS = 8;

export interface SimulationOps extends Ops, IntegerOps {
  /** Copies up to 8 columns of a matrix, with rows of `stride` floats, into half of a strip [rows, 16]; other columns stay. */
  placeStrip(of: { matrix: Place; rows: number; stride: number; columns: number; strip: Place }): void;
  /** Tables of the sums of every 8 rows of a strip [rows, 16]: `STRIP_TABLE` words per 8 rows, aligned to 64 bytes. */
  tabulateStrip(of: { matrix: Place; rows: number; tables: Place }): void;
  /**
   * lines [vectors, 16]: the strip's currents for vectors of `bits`, starting at vector `first` and bit `firstRow` (a multiple of
   * 32); from its tables or, if `tables` is null, from its rows, with bit-identical results.
   */
  stripCurrents(of: {
    bits: PackedBits;
    first: number;
    vectors: number;
    firstRow: number;
    matrix: Place;
    rows: number;
    tables: Place | null;
    lines: Place;
  }): void;
  /**
   * Converter errors, in place: lines become values that exact converters of step 1 turn into the codes of converters with
   * errors. Returns the number of conversions that clip at 0. Twin: `hardware/converter-errors.ts`. Scratch: `converterScratch`.
   */
  addConverterErrors(of: {
    lines: Place;
    vectors: number;
    mode: "pair" | "differential";
    step: number;
    /** Gains and offsets of 16 lines, noise deviations of 8 columns. */
    gains: Place;
    offsets: Place;
    deviations: Place;
    noise: ConversionNoise | null;
    /** Position of the vectors in the run. */
    strip: number;
    first: number;
    perStep: number;
    perPrompt: number;
    firstPrompt: number;
    scratch: Place;
  }): number;
  /**
   * Adds a strip's currents, both lines of each pair or the absolute value of their difference, to a sample that keeps the
   * `kept` largest. A sample begins with two zero words, and has room for `room` currents, at least kept + 16. Currents that
   * are not positive are not kept.
   */
  keepLargest(of: {
    lines: Place;
    vectors: number;
    mode: "pair" | "differential";
    kept: number;
    room: number;
    sample: Place;
  }): void;
  /** The `kept`-th largest current of a sample; 0 if fewer are positive. Twin: `quantile` in `numeric/quantile.ts`. */
  smallestKept(of: { kept: number; sample: Place }): number;
  /**
   * From lines to a strip's columns of a layer's pre-activations. Returns the number of clipped conversions. Twin: `hardware/adc.ts`.
   */
  convertStrip(
    of: StripOutput & { mode: "pair" | "differential"; step: number; largest: number; factors: Place },
  ): number;
  /** The same for exact converters, for up to 16 columns. */
  passStrip(of: StripOutput): void;
  /** `sampledAttention` with LFSR bytes: registers [prompts, heads], seeded. Twin: `hardware/ssa-tile.ts`. */
  lfsrAttention(of: SampledAttention & { registers: Place }): number;
}

export interface StripOutput {
  readonly lines: Place;
  readonly vectors: number;
  readonly columns: number;
  /** Result of the layer's previous row blocks, [vectors, 8], or [vectors, 16] for exact converters; null for the first. */
  readonly sums: Place | null;
  /** Added at the layer's last row block; null for none. */
  readonly offset: Place | null;
  /** The strip's first column in rows of `outputs`, which may be `sums`. */
  readonly out: Place;
  readonly outputs: number;
}
