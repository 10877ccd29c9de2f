/**
 * The order in which a unit that sums over tokens serves a mask: row by row.
 *
 * Tokens whose rows of the mask are equal attend to the same sum. Distinct rows are taken from the smallest to the largest. Where a row
 * contains the one before, its sum continues from there; otherwise it starts again from 0. So a full mask has one row, a causal mask N rows
 * with one more token each, and a mask of queries and contexts a row for each context; any other mask takes more clocks, but is served.
 */

export interface MaskRow {
  /** Tokens whose bits are added to the sum, ascending. */
  readonly added: readonly number[];
  /** Whether the sum starts from 0. */
  readonly restarts: boolean;
  /** Tokens that attend to the sum, ascending. */
  readonly served: readonly number[];
  /** Number among the rows that attend to anything: neurons of an empty row never fire and need no membrane. Null for an empty row. */
  readonly kept: number | null;
}

export interface MaskRows {
  readonly rows: readonly MaskRow[];
  /** Rows that attend to something. */
  readonly kept: number;
  /** Tokens added over all rows. */
  readonly added: number;
  /** Tokens of the largest row. */
  readonly largest: number;
}

/** mask: [N, N] */
export function maskRows(mask: Uint8Array, tokens: number): MaskRows {
  const found = known.get(mask) ?? computeRows(mask, tokens);
  known.set(mask, found);
  return found;
}

/** Costs ask for the same mask thousands of times. */
const known = new WeakMap<Uint8Array, MaskRows>();

function computeRows(mask: Uint8Array, tokens: number): MaskRows {
  const distinct = new Map<string, { readonly open: readonly number[]; readonly served: number[] }>();
  for (let i = 0; i < tokens; i++) {
    const open: number[] = [];
    for (let j = 0; j < tokens; j++) if (mask[i * tokens + j]) open.push(j);
    const key = open.join();
    const row = distinct.get(key) ?? { open, served: [] };
    row.served.push(i);
    distinct.set(key, row);
  }
  const sorted = [...distinct.values()].sort((a, b) => a.open.length - b.open.length || a.served[0] - b.served[0]);
  let kept = 0;
  let before = new Set<number>();
  const rows = sorted.map(({ open, served }): MaskRow => {
    const now = new Set(open);
    const restarts = ![...before].every((token) => now.has(token));
    const added = restarts ? open : open.filter((token) => !before.has(token));
    before = now;
    return { added, restarts, served, kept: open.length === 0 ? null : kept++ };
  });
  return {
    rows,
    kept,
    added: rows.reduce((sum, row) => sum + row.added.length, 0),
    largest: sorted[sorted.length - 1].open.length,
  };
}

/** How often each token is added over all rows. */
export function addedTimes({ rows }: Pick<MaskRows, "rows">, tokens: number): Uint32Array {
  const times = new Uint32Array(tokens);
  for (const { added } of rows) for (const token of added) times[token]++;
  return times;
}
