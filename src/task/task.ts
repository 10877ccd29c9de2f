/** What every task offers to training and evaluation: a geometry, and batches drawn from a named stream. */
import type { Geometry } from "../model/network.ts";
import type { SpikeTrain } from "../spike/train.ts";

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
