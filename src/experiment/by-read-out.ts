/** Records with an entry for each kind of read-out. Apart from the specs, whose checks a thread that only computes does not load. */
import type { ColumnCircuit, ReadOutKind } from "./read-out.ts";

/** What reads the columns of a layer. */
export type ColumnReadOut =
  | { readonly kind: "converter" }
  | { readonly kind: "comparator"; readonly circuit: ColumnCircuit }
  | { readonly kind: "charge"; readonly circuit: ColumnCircuit };

/** Something made of a read-out, with an entry for each kind: a record without one of them does not compile. */
export type ByReadOut<Made> = {
  readonly [Kind in ReadOutKind]: (readOut: Extract<ColumnReadOut, { kind: Kind }>) => Made;
};

/** What the entry of a read-out's kind makes of it. */
export function forReadOut<Made>(readOut: ColumnReadOut, entries: ByReadOut<Made>): Made {
  const make = entries[readOut.kind] as (readOut: ColumnReadOut) => Made; // the entry of the kind takes the read-out
  return make(readOut);
}

/** Columns on which comparators decide, so that the layer puts out spikes. */
export interface Deciding {
  readonly circuit: ColumnCircuit;
  /** Whether a membrane keeps charge from a row block to the next, and from a step to the next. */
  readonly keeps: boolean;
}

const DECIDING: ByReadOut<Deciding | null> = {
  converter: () => null,
  comparator: ({ circuit }) => ({ circuit, keeps: false }),
  charge: ({ circuit }) => ({ circuit, keeps: true }),
};

/** How comparators decide on the columns; null where converters read them. */
export const decidingOf = (readOut: ColumnReadOut): Deciding | null => forReadOut(readOut, DECIDING);
