/**
 * Backend operations for training, in addition to those of the passes: optimiser arithmetic on whole arrays, and noise on weights.
 *
 * Operations are done in the order of their calls; only `read` and `sums` wait for them.
 */
import type { Place } from "./arena.ts";
import type { Ops } from "./ops.ts";

export interface TrainingOps extends Ops {
  /** A copy of `count` floats. */
  read(at: Place, count: number): Promise<Float32Array>;
  /** Consecutive tallies. */
  sums(at: Place, count: number): Promise<Float64Array>;
  clearTallies(at: Place, count: number): void;
  /** target *= clipNorm / norm if the norm, the root of the tally `squares`, is larger than `clipNorm`. */
  clipNorm(of: { target: Place; count: number; squares: Place; clipNorm: number }): void;
  /** target *= 1 / (norm + epsilon), with the norm as above. */
  divideByNorm(of: { target: Place; count: number; squares: Place; epsilon: number }): void;
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
  /** running [columns] += momentum (mean of the sources - running). */
  moveMeans(of: { running: Place; sources: readonly Place[]; columns: number; momentum: number }): void;
  /** Clips the values of target [rows, columns] to `deviations` times the root mean square of their column. */
  clipColumns(of: { target: Place; rows: number; columns: number; deviations: number }): void;
  /**
   * Sizes of the noise on weights [rows, columns], from the largest |w| of each column, m:
   *
   *   target = min(share, most) m                                              without `fold`
   *   target = min(share max(m f) / f, most m),  f = |gain| / sqrt(variance + epsilon)   with `fold`; f = 1 if it has no BatchNorm
   *
   * Where f is 0, as without `fold`.
   */
  weightDeviations(of: {
    weight: Place;
    rows: number;
    columns: number;
    share: number;
    most: number;
    fold: { readonly norm: FoldedNorm | null } | null;
    target: Place;
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
  /**
   * The weight that the largest conductance of a block represents, by column: with f as in `weightDeviations`,
   *
   *   target = quantile(|w| f) / f,   over the column's weights, or over the block's where columns are `shared`
   *
   * and quantile(|w|) of the column where f is 0. A quantile of 0 gives way to the largest value (`numeric/quantile.ts`).
   */
  largestShown(
    of: Block & { source: Place; norm: FoldedNorm | null; shared: boolean; quantile: number; target: Place },
  ): void;
  /**
   * Stuck devices of a block, of `parallel` devices for each sign of a weight: one at zero takes away its share of the sign's value, and
   * one at its maximum shows that of `largest` [columns].
   */
  stickDevices(of: Block & { target: Place; faults: readonly Fault[]; parallel: number; largest: Place }): void;
  /** target = 0 where the word of that number in the key's stream is below 2^32 `share`. */
  drop(of: { target: Place; count: number; share: number; key: readonly [number, number] }): void;
  /**
   * Errors of converters by column, m of an offset and s of a gain, on parameters:
   *
   *   gain *= 1 + s,   offset += |g| m + g s mean / sqrt(variance + epsilon),   with g the exact gain     with BatchNorm
   *   weight [rows, columns] *= 1 + s,   offset += threshold m                                             without
   */
  addColumnErrors(of: {
    columns: number;
    offsets: Float32Array;
    gains: Float32Array;
    offset: Place;
    on:
      | { readonly norm: FoldedNorm & { readonly mean: Place }; readonly gain: Place }
      | { readonly norm: null; readonly weight: Place; readonly rows: number; readonly threshold: number };
  }): void;
}

/** BatchNorm of columns, which hardware folds into weights: it multiplies a column by |gain| / sqrt(variance + epsilon). */
export interface FoldedNorm {
  readonly gain: Place;
  readonly variance: Place;
  readonly epsilon: number;
}

/** Columns of a matrix whose rows are `stride` apart. */
interface Block {
  readonly rows: number;
  readonly columns: number;
  readonly stride: number;
}

/** A stuck device: the index of its weight in the block, the sign that it shows, and where it is stuck. A weight's are consecutive. */
export interface Fault {
  readonly weight: number;
  readonly sign: 1 | -1;
  readonly at: "zero" | "maximum";
}

export interface NoisyMatrix {
  readonly source: Place;
  readonly rows: number;
  readonly columns: number;
  readonly key: readonly [number, number];
  readonly target: Place;
  readonly scratch: Place;
}
