import type { ReadOut } from "../experiment/model.ts";

/** What the logits of an answer stand for: a class, the bits of one, or numbers. */
export type AnswerKind = ReadOut | "numbers";

/** A map of pixels, row by row. */
export interface Grid {
  readonly rows: number;
  readonly columns: number;
}

/** Largest number of tokens of a network. */
export const MOST_TOKENS = 2048;

/**
 * A mask that lets every token attend to every token; empty for more tokens than a network may have, such as pixels before a stem.
 */
export const fullMask = (tokens: number): Uint8Array =>
  new Uint8Array(tokens > MOST_TOKENS ? 0 : tokens * tokens).fill(1);

/**
 * What a task requires of a network, apart from its architecture: sizes, who may attend to whom, and where the answer is read.
 */
export interface Geometry {
  /** Values (or binary lines) per token, or per pixel of the grid. */
  readonly inputs: number;
  readonly tokens: number;
  /** Classes to tell apart, or numbers of an answer. */
  readonly classes: number;
  /** The logits are the answer: `classes` numbers. Default: they tell classes apart. */
  readonly answer?: "numbers";
  /** `[tokens, tokens]`, 1 where query token i may attend to key token j. Row-major over i. */
  readonly mask: Uint8Array;
  /** Tokens at which a class is predicted, ascending. */
  readonly queries: Int32Array;
  /**
   * Copies of each query: this many consecutive tokens hold it, starting at the query token, and its logits are the mean of the
   * head's outputs there. No other token attends to a copy except the first. Default: one copy.
   */
  readonly copies?: Int32Array;
  /**
   * There is one query. `mean`: its logits are the mean of the head's outputs over all tokens. `stream-mean`: the last neurons,
   * and then the head, read the mean of the residual stream over all tokens. Default: the head reads the query tokens.
   */
  readonly readOut?: "mean" | "stream-mean";
  /** The map that a convolutional stem reads; its pixels are the input instead of tokens. Default: the input is tokens. */
  readonly grid?: Grid;
}

/** What the logits of a network stand for. */
export const answerKind = (network: {
  readonly model: { readonly readOut?: ReadOut | undefined };
  readonly geometry: Pick<Geometry, "answer">;
}): AnswerKind => network.geometry.answer ?? network.model.readOut ?? "joint";

/** Values that a label or a decision consists of: one class, or as many numbers as an answer has. */
export const valuesPerAnswer = ({ answer, classes }: Pick<Geometry, "answer" | "classes">): number =>
  answer === "numbers" ? classes : 1;

/** Rows of a prompt's input: pixels if a stem reads a map, otherwise tokens. */
export const inputRows = ({ tokens, grid }: Geometry): number => (grid ? grid.rows * grid.columns : tokens);

/** Tokens that the head reads, ascending: all tokens of the first answer, then of the second, and so on. */
export function tokensRead({ tokens, queries, copies, readOut }: Geometry): Int32Array {
  if (readOut === "mean") return Int32Array.from({ length: tokens }, (_, i) => i);
  return copies ? Int32Array.from([...queries].flatMap((query, i) => upFrom(query, copies[i]))) : queries;
}

const upFrom = (first: number, count: number): number[] => Array.from({ length: count }, (_, i) => first + i);

/**
 * The geometry of what the last neurons emit: with a mean over the stream, a single token, which is the query.
 */
export function answerGeometry(geometry: Geometry): Geometry {
  const { readOut, copies, ...rest } = geometry;
  if (readOut !== "stream-mean") return geometry;
  return { ...rest, tokens: 1, mask: Uint8Array.of(1), queries: Int32Array.of(0) };
}

/** For each answer, the number of tokens over which its logits are averaged; null when each answer has one token. */
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

/** Whether two are the same, apart from copies of queries. */
export function sameGeometry(one: Geometry, other: Geometry): boolean {
  const [a, b] = [askedOnce(one), askedOnce(other)];
  const same = (x: ArrayLike<number>, y: ArrayLike<number>) =>
    x.length === y.length && Array.prototype.every.call(x, (value, i) => value === y[i]);
  return sameSizes(a, b) && same(a.mask, b.mask) && same(a.queries, b.queries);
}

/** Whether sizes are the same, whoever attends to whom and answers. */
export function sameSizes(one: Geometry, other: Geometry): boolean {
  const sizes = ({ inputs, tokens, classes, answer, readOut, grid }: Geometry) =>
    [inputs, tokens, classes, answer, readOut, grid?.rows, grid?.columns].join();
  return sizes(askedOnce(one)) === sizes(askedOnce(other));
}
