/** What every task offers to training and evaluation: a geometry, and batches drawn from a named stream. */
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
