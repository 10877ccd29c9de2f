/** Where a pass holds the values of a graph, and in what form. Plain data, so that a plan can be sent to another thread. */
import type { PackedBits, Place } from "./arena.ts";
import type { ColumnMap } from "./ops.ts";

interface Extent {
  /** Time steps that the rows are there for: 1 where they are the same at every step, as real inputs are. */
  readonly steps: number;
  /** Rows of a prompt at a step. */
  readonly rows: number;
  readonly features: number;
}

/** Packed spikes, with the places where the surrogate is not 0 if their gradient needs no others. */
export interface HeldBits extends Extent {
  readonly form: "bits";
  readonly bits: PackedBits;
  readonly gate: PackedBits | null;
}

export interface HeldNumbers extends Extent {
  readonly form: "numbers";
  readonly at: Place;
}

/** The raw output of a linear layer, and the affine map of its columns that its reader applies: BatchNorm, or the offset. */
export interface HeldColumns extends Extent {
  readonly form: "columns";
  readonly at: Place;
  readonly map: ColumnMap;
}

export type Held = HeldBits | HeldNumbers | HeldColumns;
export type Form = Held["form"];

/** Rows of all steps and prompts. */
export const rowsOf = ({ steps, rows }: Extent, prompts: number): number => steps * prompts * rows;

/** Words of a value as numbers. */
export const countOf = (held: Extent, prompts: number): number => rowsOf(held, prompts) * held.features;

/** The place of a value that is numbers, or the raw numbers of columns, by contract. */
export const numbersAt = (held: Held): Place => (held as HeldNumbers | HeldColumns).at;
