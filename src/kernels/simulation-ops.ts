/**
 * Backend operations for simulated chips, in addition to those of the passes: crossbars strip by strip, and attention with LFSR bytes.
 *
 * A strip is 16 lines: the plus lines of 8 columns, then their minus lines; or 16 columns, if converters are exact.
 */
import type { PackedBits, Place } from "./arena.ts";
import type { ErringLines, IntegerOps, StripInput, StripOutput } from "./integer-ops.ts";
import type { Ops, ReadOps, SampledAttention } from "./ops.ts";

/** Lines of a strip, and the distance from a plus line to its minus line. */
export const STRIP_LINES = 16;
export const STRIP_COLUMNS = 8;

export interface SimulationOps extends Ops, ReadOps, IntegerOps {
  /** Number of set bits. */
  countBits(bits: PackedBits, rows: number): number;
  /** As in a pass; returns the sum of the counts of all scores. */
  sampledAttention(of: Parameters<Ops["sampledAttention"]>[0]): number;
  /** Copies up to 8 columns of a matrix, with rows of `stride` floats, into half of a strip [rows, 16]; other columns stay. */
  placeStrip(of: { matrix: Place; rows: number; stride: number; columns: number; strip: Place }): void;
  /** Tables of the sums of every 8 rows of a strip [rows, 16]: `STRIP_TABLE` words per 8 rows, aligned to 64 bytes. */
  tabulateStrip(of: { matrix: Place; rows: number; tables: Place }): void;
  /**
   * lines [vectors, 16]: the strip's currents, from its tables or, if `tables` is null, from its rows, with bit-identical results.
   */
  stripCurrents(of: StripInput & { matrix: Place; tables: Place | null }): void;
  /**
   * Converter errors, in place: lines become values that exact converters of step 1 turn into the codes of converters with
   * errors, which are given for 16 lines and 8 columns. Returns the number of conversions that clip at 0. Twin:
   * `hardware/converter-errors.ts`.
   */
  addConverterErrors(of: ErringLines & { step: number }): number;
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
