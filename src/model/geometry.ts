/** What a task asks of a network, beside its architecture: sizes, who may attend to whom, and where the answer is read. */
export interface Geometry {
  /** Values (or binary lines) per token. */
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
}

/** Tokens that the head reads, ascending. */
export const tokensRead = ({ tokens, queries, readOut }: Geometry): Int32Array =>
  readOut === "mean" ? Int32Array.from({ length: tokens }, (_, i) => i) : queries;
