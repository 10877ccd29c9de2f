/**
 * Prices with receipts: a number, its range, and its source.
 *
 * A source is one publication (or one tool run, or our own assumptions) and holds prices. A price records what is printed there
 * and the arithmetic from that to the number. No price exists without a source, because only `defineSource` makes them. Values
 * are in SI units.
 */

/**
 * `J` per action, `J/bit`, `J/B`, `J/bit/m` of wires, `s`, `Hz`, `m2`, `m2/B`, `W`, `W/m2` and `W/B` of leakage, `op/J`, `B` for sizes of
 * buffers, `V`, `F`, `bit`, and `1` for the rest.
 */
export type Unit =
  | ("J" | "J/bit" | "J/B" | "J/bit/m")
  | ("s" | "Hz" | "m2" | "m2/B")
  | ("W" | "W/m2" | "W/B" | "op/J")
  | ("V" | "F" | "B" | "bit" | "1");

/**
 * Origin of a number: `printed` in the source; `derived` from what is printed; `simulated` by running the published tool;
 * `synthesised` from gates of an open cell library; `assumed`; `calibrated` to reproduce a printed total.
 */
export type Basis = "printed" | "derived" | "simulated" | "synthesised" | "assumed" | "calibrated";

export interface PriceDraft {
  readonly value: number;
  /** Ends of the range that the literature leaves open; both equal `value` if nothing is open. */
  readonly low?: number;
  readonly high?: number;
  readonly unit: Unit;
  /** Technology node in nanometres for which the value holds; absent if it does not depend on a node. */
  readonly node?: number;
  readonly basis: Basis;
  /** What the source says, as a table row. */
  readonly printed: string;
  /** The arithmetic from there to `value`. */
  readonly arithmetic: string;
  /** A measurement of ours that misses the value by more than a factor of 2. */
  readonly note?: string;
}

export interface Price extends Required<Omit<PriceDraft, "node" | "note">> {
  /** `horowitz-isscc-2014.add8`. */
  readonly id: string;
  readonly source: string;
  /** Node in nanometres, or null if the value does not depend on a node. */
  readonly node: number | null;
  readonly note: string | null;
}

export interface SourceHeader {
  /** Name of its file: `author-venue-year`. */
  readonly id: string;
  /** Authors, title, venue, year, DOI. */
  readonly reference: string;
  /** Link to the publication; absent for our own assumptions. */
  readonly url?: string;
  /** Where its numbers hold, and what they leave out. */
  readonly validity: string;
}

export interface Source<K extends string = string> extends SourceHeader {
  readonly prices: Readonly<Record<K, Price>>;
}

export function defineSource<K extends string>(header: SourceHeader, drafts: Record<K, PriceDraft>): Source<K> {
  const prices = {} as Record<K, Price>;
  for (const name of Object.keys(drafts) as K[]) {
    const draft = drafts[name];
    prices[name] = {
      low: draft.value,
      high: draft.value,
      ...draft,
      node: draft.node ?? null,
      note: draft.note ?? null,
      id: `${header.id}.${name}`,
      source: header.id,
    };
  }
  return { ...header, prices };
}
