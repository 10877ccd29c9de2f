/** What every task offers to training and evaluation: a geometry, and batches drawn from a named stream. */
import type { Stream } from "../numeric/stream.ts";
import type { SpikeTrain } from "../spike/train.ts";

/** What the task asks of a network: sizes, who may attend to whom, and where the answer is read. */
export interface Geometry {
  /** Values (or binary lines) per token. */
  readonly inputs: number;
  readonly tokens: number;
  readonly classes: number;
  /** `[tokens, tokens]`, 1 where query token i may attend to key token j. Row-major over i. */
  readonly mask: Uint8Array;
  /** Tokens at which a class is predicted, ascending. */
  readonly queries: Int32Array;
}

export interface Batch {
  readonly prompts: number;
  /** Token values `[prompts, tokens, inputs]` for networks that take real inputs (the ANN, and coding `repeat`). */
  readonly values: Float32Array;
  /** Spike input `[T][prompts * tokens][inputs]` for spiking networks with binary coding. */
  readonly spikes?: SpikeTrain;
  /** Class at each query token, `[prompts, queries]`. */
  readonly labels: Int32Array;
  /** Target distribution `[prompts, queries, classes]`; one-hot labels when absent. */
  readonly targets?: Float32Array;
}

/** Sizes for a network that takes real values, and for one that takes spikes. */
export interface TaskGeometry {
  readonly real: Geometry;
  readonly spiking: Geometry;
}

export interface DrawOptions {
  /** Number of the batch's first prompt: prompts a .. b - 1 are the same whichever batch they are drawn in. Default 0. */
  readonly firstPrompt?: number;
  /** `posterior` adds the exact distribution of the class given all that the generator knows. Default `symbols`: none. */
  readonly targets?: "symbols" | "posterior";
  /** False leaves out `spikes`. Default true. */
  readonly spikes?: boolean;
  /** False leaves `values` empty. Default true. */
  readonly values?: boolean;
}

/** A source of batches. Prompt k of a stream is always the same, so any slice can be drawn on any thread. */
export interface Task {
  readonly geometry: TaskGeometry;
  draw(prompts: number, random: Stream, options?: DrawOptions): Batch;
}
