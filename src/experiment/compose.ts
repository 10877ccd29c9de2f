/**
 * Networks composed in code, for `model.operations`:
 *
 *   const operations = compose({ inputs: 784 }).linear("hidden", 256).neurons("spikes").readOut();
 *
 * Each method adds the operation of its name (`operations.ts`) and returns what that writes. The types know whether a value is spikes, how
 * many features it has and whether its rows are a map. They stand for no check: `model/listed.ts` makes these at run time, and the rest,
 * such as heads that divide the features and squares that fill a map.
 */
import type { z } from "zod";
import type { AttentionKind } from "./attention.ts";
import { ATTENTION_PARTS } from "./by-attention.ts";
import type { operationSpec } from "./operations.ts";

/** An operation as written down. */
export type OperationDocument = z.input<typeof operationSpec>;

/** `spikes` are 0 and 1, `sums` whole numbers: added spikes. `currents` are any numbers. */
export type ComposedDomain = "spikes" | "sums" | "currents";

/** What the rows of a prompt are: tokens, the pixels of a map, or the one `mean` over them. */
export type ComposedRows = "tokens" | "map" | "mean";

/** What an operation of a kind may say besides its name and what its method takes. */
type More<K extends OperationDocument["kind"]> = Omit<
  Extract<OperationDocument, { kind: K }>,
  "kind" | "name" | "reads" | "features" | "channels"
>;

/** An operation, with its place among all that were ever composed. */
interface Step {
  readonly at: number;
  readonly operation: OperationDocument;
}

let composed = 0;

/**
 * A value of a network: what an operation writes, or the input. Features of type `number` are checked only at run time.
 *
 * Methods are generic in the value that they belong to, so a value fits wherever less is known of it.
 *
 * @typeParam Domain what its numbers are
 * @typeParam Features features of a row
 * @typeParam Rows what its rows are
 */
export class Composed<Domain extends ComposedDomain, Features extends number, Rows extends ComposedRows> {
  /** For the compiler alone: never set. */
  declare readonly domain?: Domain;
  /** For the compiler alone: never set. */
  declare readonly rows?: Rows;
  /** The operation that writes it, or `input`. */
  readonly name: string;
  /** Features of a row; channels of a map. */
  readonly features: Features;
  readonly #steps: readonly Step[];

  constructor(name: string, features: Features, steps: readonly Step[]) {
    this.name = name;
    this.features = features;
    this.#steps = steps;
  }

  /** Weights on a crossbar: `features` currents, a multiple of 8. */
  linear<const F extends number, R extends ComposedRows>(
    this: Composed<"spikes" | "sums", number, R>,
    name: string,
    features: F,
    more: More<"linear"> = {},
  ): Composed<"currents", F, R> {
    return this.#into({ kind: "linear", name, reads: this.name, features, ...more }, features);
  }

  /** A linear layer on windows of a map: a map of currents with `channels`, a multiple of 8. */
  convolution<const F extends number>(
    this: Composed<"spikes" | "sums", number, "map">,
    name: string,
    channels: F,
    more: More<"convolution"> = {},
  ): Composed<"currents", F, "map"> {
    return this.#into({ kind: "convolution", name, reads: this.name, channels, ...more }, channels);
  }

  /** Neurons of the model's kind: spikes from currents. */
  neurons<F extends number, R extends ComposedRows>(
    this: Composed<"currents", F, R>,
    name: string,
  ): Composed<"spikes", F, R> {
    return this.#into({ kind: "neurons", name, reads: this.name }, this.features);
  }

  /**
   * Attention over queries, keys and values next to each other in a row; of some kinds over fewer (`ATTENTION_PARTS`). Give a kind with
   * fewer here, not in `model.attention`, which the types do not see. The result has the features of a query.
   */
  attention<F extends number, K extends AttentionKind = "stochastic">(
    this: Composed<"spikes", F, "tokens" | "map"> & OfParts<F, PartsOf<K>>,
    name: string,
    more: More<"attention"> & { readonly attention?: { readonly kind?: K } } = {},
  ): Composed<"spikes", Part<F, PartsOf<K>>, "tokens"> {
    const parts = ATTENTION_PARTS[more.attention?.kind ?? "stochastic"].length;
    const width = (this.features / parts) as Part<F, PartsOf<K>>;
    return this.#into({ kind: "attention", name, reads: this.name, ...more }, width);
  }

  /** Maximum over squares of a map. */
  pool<D extends ComposedDomain, F extends number>(
    this: Composed<D, F, "map">,
    name: string,
    more: More<"pool"> = {},
  ): Composed<D, F, "map"> {
    return this.#into({ kind: "pool", name, reads: this.name, ...more }, this.features);
  }

  /** Sum with another value of the same rows and features: of currents, or of spikes and their sums. */
  add<D extends ComposedDomain, F extends number, R extends ComposedRows>(
    this: Composed<D, F, R>,
    name: string,
    other: Composed<D extends "currents" ? "currents" : "spikes" | "sums", NoInfer<F>, NoInfer<R>>,
  ): Composed<D extends "currents" ? "currents" : "sums", F, R> {
    const operation: OperationDocument = { kind: "add", name, reads: [this.name, other.name] };
    return this.#into(operation, this.features, other.#steps);
  }

  /** Adds a learned vector to each token. */
  position<F extends number, R extends ComposedRows>(
    this: Composed<"currents", F, R>,
    name: string,
  ): Composed<"currents", F, R> {
    return this.#into({ kind: "position", name, reads: this.name }, this.features);
  }

  /** Mean over all tokens; needs `task.readOut` `stream-mean`. */
  tokenMean<F extends number>(
    this: Composed<"currents", F, "tokens" | "map">,
    name: string,
  ): Composed<"currents", F, "mean"> {
    return this.#into({ kind: "token-mean", name, reads: this.name }, this.features);
  }

  /**
   * Ends a network with its head, which makes as many logits as the task needs.
   *
   * Returns  all operations that lead here, each once, in the order in which they were composed
   */
  readOut(this: Composed<"spikes" | "sums", number, ComposedRows>, name = "head"): OperationDocument[] {
    const head: OperationDocument = { kind: "read-out", name, reads: this.name };
    return [...this.#steps.map(({ operation }) => operation), head];
  }

  #into<D extends ComposedDomain, F extends number, R extends ComposedRows>(
    operation: OperationDocument,
    features: F,
    others: readonly Step[] = [],
  ): Composed<D, F, R> {
    const before = [...new Set([...this.#steps, ...others])].sort((a, b) => a.at - b.at);
    return new Composed(operation.name, features, [...before, { at: composed++, operation }]);
  }
}

/**
 * The input of a network, spikes on `inputs` lines per row. The task decides how many these are in the end: a wrong number misleads
 * only the types of an attention or a sum that reads the input itself.
 *
 * @param rows `map` where they are pixels, for a network with convolutions or pools
 *
 * @example
 * const embedded = compose({ inputs: 480 }).linear("embed", 64);
 * const mixed = embedded.neurons("first").linear("qkv", 192).neurons("bits").attention("mix");
 * const operations = embedded.add("stream", mixed.linear("back", 64)).neurons("last").readOut();
 */
export function compose<const F extends number, R extends "tokens" | "map" = "tokens">({
  inputs,
}: {
  readonly inputs: F;
  readonly rows?: R;
}): Composed<"spikes", F, R> {
  return new Composed("input", inputs, []);
}

/** Into how many parts attention of a kind divides what it reads. */
type PartsOf<K extends AttentionKind> = (typeof ATTENTION_PARTS)[K]["length"];

/** Features of one of several equal parts; `never` where they are not whole. */
type Part<F extends number, P extends 1 | 2 | 3> = number extends F
  ? number
  : P extends 1
    ? F
    : P extends keyof Quotients
      ? Divided<`${F}`, Quotients[P]>
      : never;

/** Asks for what no value has, unless the features are whole in each part. */
type OfParts<F extends number, P extends 1 | 2 | 3> = [Part<F, P>] extends [never]
  ? { readonly [wrong in `${F} features are not ${P} equal parts`]: never }
  : unknown;

/** Long division. `Q[r][d]` is the quotient's next digit, and the remainder, where a digit d follows the remainder r. */
type Divided<
  Digits extends string,
  Q extends readonly Row[],
  Rest extends number = 0,
  Done extends string = "",
> = Digits extends `${infer D extends number}${infer Later}`
  ? Q[Rest][D] extends readonly [infer Digit extends number, infer Next extends number]
    ? Divided<Later, Q, Next, `${Done}${Done extends "" ? (Digit extends 0 ? "" : Digit) : Digit}`>
    : never
  : [Rest, Done] extends [0, `${infer Whole extends number}`]
    ? Whole
    : never;

type Row = readonly (readonly [number, number])[];

// biome-ignore format: a row for each remainder
interface Quotients {
  2: [
    [[0, 0], [0, 1], [1, 0], [1, 1], [2, 0], [2, 1], [3, 0], [3, 1], [4, 0], [4, 1]],
    [[5, 0], [5, 1], [6, 0], [6, 1], [7, 0], [7, 1], [8, 0], [8, 1], [9, 0], [9, 1]],
  ];
  3: [
    [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2], [2, 0], [2, 1], [2, 2], [3, 0]],
    [[3, 1], [3, 2], [4, 0], [4, 1], [4, 2], [5, 0], [5, 1], [5, 2], [6, 0], [6, 1]],
    [[6, 2], [7, 0], [7, 1], [7, 2], [8, 0], [8, 1], [8, 2], [9, 0], [9, 1], [9, 2]],
  ];
}
