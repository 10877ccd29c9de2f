/**
 * What simulated chips need of a backend beside the passes: crossbars strip by strip, and attention with bytes of LFSRs.
 *
 * A strip is 16 lines: the plus lines of 8 columns, then their minus lines; or 16 columns, where converters are exact.
 */
import type { PackedBits, Place } from "./arena.ts";
import type { ConversionNoise, IntegerOps } from "./integer-ops.ts";
import type { Ops, SampledAttention } from "./ops.ts";

/** Lines of a strip, and lines from a plus line to its minus line. */
export const STRIP_LINES = 16;
export const STRIP_COLUMNS = 8;

export interface SimulationOps extends Ops, IntegerOps {
  /** Copies up to 8 columns of a matrix, whose rows have `stride` floats, into half of a strip [rows, 16]; other columns stay. */
  placeStrip(of: { matrix: Place; rows: number; stride: number; columns: number; strip: Place }): void;
  /** Tables of the sums of every 8 rows of a strip [rows, 16]: `STRIP_TABLE` words for each 8 rows, from a multiple of 64 bytes on. */
  tabulateStrip(of: { matrix: Place; rows: number; tables: Place }): void;
  /**
   * lines [vectors, 16]: the strip's currents for vectors of `bits`, from vector `first` and bit `firstRow` (a multiple of 32) on; by its
   * tables, or, where `tables` is null, by its rows, with the same bits.
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
   * Errors of converters, in place: lines become what exact converters of step 1 turn into the codes of erring ones. Returns the
   * conversions that clip at 0. Twin: `hardware/converter-errors.ts`. Scratch: `converterScratch`.
   */
  addConverterErrors(of: {
    lines: Place;
    vectors: number;
    mode: "pair" | "differential";
    step: number;
    /** Gains and offsets of 16 lines, deviations of the noise of 8 columns. */
    gains: Place;
    offsets: Place;
    deviations: Place;
    noise: ConversionNoise | null;
    /** Where the vectors stand in the run. */
    strip: number;
    first: number;
    perStep: number;
    perPrompt: number;
    firstPrompt: number;
    scratch: Place;
  }): number;
  /**
   * Adds a strip's currents, both lines of each pair or the size of their difference, to the sample of which the `kept` largest are
   * wanted. A sample begins with two words of 0, and has room for `room` currents, at least kept + 16. What is not above 0 is not kept.
   */
  keepLargest(of: {
    lines: Place;
    vectors: number;
    mode: "pair" | "differential";
    kept: number;
    room: number;
    sample: Place;
  }): void;
  /** The `kept`-th largest current of a sample; 0 where fewer are above 0. Twin: `quantile` in `numeric/quantile.ts`. */
  smallestKept(of: { kept: number; sample: Place }): number;
  /** From lines to a strip's columns of a layer's pre-activations. Returns the conversions that clip. Twin: `hardware/adc.ts`. */
  convertStrip(
    of: StripOutput & { mode: "pair" | "differential"; step: number; largest: number; factors: Place },
  ): number;
  /** The same where converters are exact, for up to 16 columns. */
  passStrip(of: StripOutput): void;
  /** `sampledAttention` with bytes of LFSRs: registers [prompts, heads], seeded. Twin: `hardware/ssa-tile.ts`. */
  lfsrAttention(of: SampledAttention & { registers: Place }): number;
}

export interface StripOutput {
  readonly lines: Place;
  readonly vectors: number;
  readonly columns: number;
  /** What the layer's blocks of rows before gave, [vectors, 8], or [vectors, 16] where converters are exact; null at the first. */
  readonly sums: Place | null;
  /** Added at the layer's last block of rows; null leaves it out. */
  readonly offset: Place | null;
  /** The strip's first column in rows of `outputs`, which may be `sums`. */
  readonly out: Place;
  readonly outputs: number;
}
