/**
 * What a network's operations have in common: the values they read and write, and what each kind provides (`OperationKit`).
 * `operations.ts` lists the kinds. A file per kind holds its equation, shapes, parameters, and its forward and backward pass.
 */
import { SpecError } from "../errors.ts";
import type { AttentionDraws } from "./attention/draws.ts";
import { type Geometry, type Grid, inputRows } from "./geometry.ts";
import type { NeuronCache } from "./neuron/neuron.ts";

/** Added to variances by BatchNorm and LayerNorm. */
export const NORM_EPSILON = 1e-5;

/** What the numbers of a value are: 0 and 1; whole numbers from 0 to `most`, such as sums of spikes; or any. */
export type Domain =
  | { readonly kind: "bits" }
  | { readonly kind: "integers"; readonly most: number }
  | { readonly kind: "real" };

export const BITS: Domain = { kind: "bits" };
export const REAL: Domain = { kind: "real" };

/** Largest whole number of a value; null for real numbers. */
export const largestOf = (domain: Domain): number | null =>
  domain.kind === "real" ? null : domain.kind === "bits" ? 1 : domain.most;

/** What an operation writes: `[T][B][rows][features]`, or `[B][rows][features]` after the read-out, which averages over the steps. */
export interface Value {
  readonly name: string;
  /** Rows of a prompt at a step: tokens, the pixels of a grid, or answers. */
  readonly rows: number;
  /** Where the rows are the pixels of a map. */
  readonly grid?: Grid;
  readonly features: number;
  readonly domain: Domain;
}

/** A value without its name, which the graph knows. */
export type ValueShape = Omit<Value, "name">;

/** What a network reads. */
export const inputShape = (geometry: Geometry, domain: Domain): ValueShape => ({
  rows: inputRows(geometry),
  features: geometry.inputs,
  domain,
  ...(geometry.grid && { grid: geometry.grid }),
});

/** An operation of a kind. Its parameters are `name.weight`, `name.offset`, ... */
export interface OperationOf<K extends string> {
  readonly kind: K;
  readonly name: string;
  /** Names of the values that it reads, in the order of its equation, and of the one that it writes. */
  readonly reads: readonly string[];
  readonly writes: string;
  /** Index of its block; null outside the blocks. */
  readonly block: number | null;
}

/** A parameter of an operation. */
export interface OperationParameter {
  readonly name: string;
  /** Name of the linear layer whose `weight`, `offset`, ... it is; null for LayerNorm, positions and neurons, which have no part. */
  readonly layer: string | null;
  readonly part: string | null;
  /** Index of its block; null outside the blocks. */
  readonly block: number | null;
  readonly shape: readonly number[];
  /** Standard deviation of the normal initial value, or a constant. */
  readonly init: { readonly deviation: number } | { readonly constant: number };
  /** False for running statistics, which training measures instead of learning. */
  readonly learned: boolean;
}

/** `train` normalises with the statistics of the batch, `eval` with the running ones. */
export type ForwardMode = "train" | "eval";

/** Gradients by parameter name, in the parameters' shapes. */
export type Gradients = Record<string, Float64Array>;

/** One forward pass, as all operations see it. */
export interface Run {
  readonly steps: number;
  readonly prompts: number;
  readonly mode: ForwardMode;
  /** Gradient checks only: neurons emit the surrogate's integral instead of bits (see `neuron/surrogate.ts`). */
  readonly smooth: boolean;
  /** A parameter in double precision. Throws SpecError when the network has none of that name. */
  parameter(name: string): Float64Array;
  /** Words for the attention of this name; null where it passes probabilities on, or draws nothing. */
  draws(attention: string): AttentionDraws | null;
}

/** What BatchNorm measures of a batch. */
export interface BatchStatistics {
  /** `[features]` */
  readonly mean: Float64Array;
  /** `[features]`, biased: the mean square deviation. */
  readonly variance: Float64Array;
}

/** Where a backward pass adds gradients, and what a loss may depend on besides the logits. */
export interface Back {
  readonly gradients: Gradients;
  /** With respect to the logits of each step, `[T][B][queries][C]`. */
  readonly stepLogits?: Float64Array | undefined;
  /** With respect to the mean output of neurons, by name; 0 for those left out. */
  readonly rates?: Readonly<Record<string, number>> | undefined;
}

/** The result of an operation, what a trace shows of it, and the way back. */
export interface Forward {
  readonly output: Float64Array;
  /** Gradients with respect to the values read, in their order, from that with respect to the output; adds those of parameters. */
  backward(outputGradient: Float64Array, back: Back): readonly Float64Array[];
  readonly neurons?: NeuronCache;
  /** Attention: its bits, and S as bits `[T][B][H][N][N]`; null where it passes probabilities on, or has no such bits. */
  readonly attended?: { readonly fired: Uint8Array | null; readonly scores: Uint8Array | null };
  /** Of this batch, for the running averages. */
  readonly statistics?: BatchStatistics;
  /** The read-out's logits of each step, `[T][B][queries][C]`. */
  readonly stepLogits?: Float64Array;
}

/** What a kind of operation provides. */
export interface OperationKit<O> {
  /** The shape and domain of what it writes. Throws SpecError, at the operation's name, when it cannot read these values. */
  shape(operation: O, reads: readonly Value[]): ValueShape;
  /** In the order in which a checkpoint holds them. */
  parameters(operation: O, reads: readonly Value[]): OperationParameter[];
  forward(operation: O, reads: readonly Float64Array[], run: Run): Forward;
}

/** For kinds that learn nothing. */
export const NO_PARAMETERS = (): OperationParameter[] => [];

/** Throws SpecError, at an operation of a graph, unless the value that it reads has this many features. */
export function expectFeatures(
  { kind, name }: { readonly kind: string; readonly name: string },
  value: Pick<Value, "name" | "features">,
  features: number,
): void {
  if (value.features === features) return;
  throw new SpecError(
    `model.operations.${name}`,
    `The ${kind} ${name} reads ${features} features, but ${value.name} has ${value.features}. Give both the same number.`,
  );
}
