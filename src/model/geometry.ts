/** A map of pixels, row by row. */
export interface Grid {
  readonly rows: number;
  readonly columns: number;
}

/** Most tokens of a network. */
export const MOST_TOKENS = 2048;

/** A mask by which all tokens see all; none for more tokens than a network has, such as pixels before a stem. */
export const fullMask = (tokens: number): Uint8Array =>
  new Uint8Array(tokens > MOST_TOKENS ? 0 : tokens * tokens).fill(1);

/** What a task asks of a network, beside its architecture: sizes, who may attend to whom, and where the answer is read. */
export interface Geometry {
  /** Values (or binary lines) per token, or per pixel of the grid. */
  readonly inputs: number;
  readonly tokens: number;
  readonly classes: number;
  /** `[tokens, tokens]`, 1 where query token i may attend to key token j. Row-major over i. */
  readonly mask: Uint8Array;
  /** Tokens at which a class is predicted, ascending. */
  readonly queries: Int32Array;
  /**
   * Copies of each query: so many tokens in a row hold it, the query's first, and its logits are the mean of the head's outputs there.
   * No other token attends to a copy but the first. Left out: one of each.
   */
  readonly copies?: Int32Array;
  /**
   * `mean`: there is one query, and its logits are the mean of the head's outputs at all tokens. Left out: the head reads the
   * query tokens.
   */
  readonly readOut?: "mean";
  /** The map that a stem of convolutions reads, whose pixels go in instead of tokens. Left out: tokens go in. */
  readonly grid?: Grid;
}

/** Rows of a prompt's input: pixels where a stem reads a map, else tokens. */
export const inputRows = ({ tokens, grid }: Geometry): number => (grid ? grid.rows * grid.columns : tokens);

/** Tokens that the head reads, ascending: those of the first answer, of the second, and so on. */
export function tokensRead({ tokens, queries, copies, readOut }: Geometry): Int32Array {
  if (readOut === "mean") return Int32Array.from({ length: tokens }, (_, i) => i);
  return copies ? Int32Array.from([...queries].flatMap((query, i) => upFrom(query, copies[i]))) : queries;
}

const upFrom = (first: number, count: number): number[] => Array.from({ length: count }, (_, i) => first + i);

/** Of how many of the tokens read the logits of each answer are the mean; null where each has one token. */
export const tokensPerAnswer = ({ tokens, copies, readOut }: Geometry): Int32Array | null =>
  readOut === "mean" ? Int32Array.of(tokens) : (copies ?? null);

/** The geometry with one copy of each query. */
export function askedOnce(geometry: Geometry): Geometry {
  const { copies, ...single } = geometry;
  if (!copies) return single;
  const { tokens, mask, queries } = geometry;
  const kept = upFrom(0, tokens).filter((token) => !queries.some((q, i) => token > q && token < q + copies[i]));
  return {
    ...single,
    tokens: kept.length,
    mask: Uint8Array.from(kept.flatMap((i) => kept.map((j) => mask[i * tokens + j]))),
    queries: queries.map((query) => kept.indexOf(query)),
  };
}
