/** A map of pixels, row by row. */
export interface Grid {
  readonly rows: number;
  readonly columns: number;
}

/** What a task asks of a network, beside its architecture: sizes, who may attend to whom, and where the answer is read. */
/** Most tokens of a network. */
export const MOST_TOKENS = 2048;

/** A mask by which all tokens see all; none for more tokens than a network has, such as pixels before a stem. */
export const fullMask = (tokens: number): Uint8Array =>
  new Uint8Array(tokens > MOST_TOKENS ? 0 : tokens * tokens).fill(1);

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
   * `mean`: there is one query, and its logits are the mean of the head's outputs at all tokens. Left out: the head reads the
   * query tokens.
   */
  readonly readOut?: "mean";
  /** The map that a stem of convolutions reads, whose pixels go in instead of tokens. Left out: tokens go in. */
  readonly grid?: Grid;
}

/** Rows of a prompt's input: pixels where a stem reads a map, else tokens. */
export const inputRows = ({ tokens, grid }: Geometry): number => (grid ? grid.rows * grid.columns : tokens);

/** Tokens that the head reads, ascending. */
export const tokensRead = ({ tokens, queries, readOut }: Geometry): Int32Array =>
  readOut === "mean" ? Int32Array.from({ length: tokens }, (_, i) => i) : queries;
