/** Backend operations for training, in addition to those of the passes: optimiser arithmetic on whole arrays, and noise on weights. */
import type { Place } from "./arena.ts";
import type { Ops } from "./ops.ts";

export interface TrainingOps extends Ops {
  /** Sum of the squares, in float64. */
  sumOfSquares(source: Place, count: number): number;
  /**
   * One step of AdamW: updates the parameter and its first and second moments. Source: Loshchilov and Hutter, ICLR 2019, algorithm 2.
   */
  adamw(of: {
    parameter: Place;
    gradient: Place;
    first: Place;
    second: Place;
    count: number;
    learningRate: number;
    beta1: number;
    beta2: number;
    epsilon: number;
    decay: number;
    /** 1 - beta^t for both moments. */
    correction1: number;
    correction2: number;
  }): void;
  /** target = source + deviation of the column times a number close to a standard normal. Scratch: `NOISE_SCRATCH`. */
  addNoise(of: NoisyMatrix & { deviations: Place }): void;
  /**
   * A block of weights as devices show it, in matrices with rows `stride` apart:
   *
   *   level = nearest(min(|w| / largest, 1) top),   target = sign(w) largest (mean[level] + deviation[level] z)
   *
   * largest [columns] is the weight that the largest conductance represents; `levels` holds top + 1 means, then as many
   * deviations. With `exact`, means are interpolated between levels. Scratch: `NOISE_SCRATCH`.
   */
  addDeviceNoise(
    of: NoisyMatrix & {
      stride: number;
      largest: Place;
      levels: Place;
      top: number;
      exact: boolean;
      /** Upper half of the counters. */
      counter: number;
    },
  ): void;
}

export interface NoisyMatrix {
  readonly source: Place;
  readonly rows: number;
  readonly columns: number;
  readonly key: readonly [number, number];
  readonly target: Place;
  readonly scratch: Place;
}
