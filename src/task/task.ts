/** What every task provides for training and evaluation: a geometry, and batches drawn from a named stream. */
import { ValueError } from "../errors.ts";
import type { Geometry, Grid } from "../model/geometry.ts";
import type { Stream } from "../numeric/stream.ts";
import type { SpikeTrain } from "../spike/train.ts";

/** Classes, or numbers. */
export type Labels = Int32Array | Float32Array;

export interface Batch {
  readonly prompts: number;
  /** Values `[prompts, tokens, inputs]` of the task's tokens, for networks that take real inputs (the ANN, and coding `repeat`). */
  readonly values: Float32Array;
  /** Spike input `[T][prompts * tokens][inputs]` for spiking networks with binary coding. */
  readonly spikes?: SpikeTrain;
  /** Class at each query token, `[prompts, queries]`, or the numbers there, `[prompts, queries, outputs]`. */
  readonly labels: Labels;
  /** Target distribution `[prompts, queries, classes]`; one-hot labels when absent. */
  readonly targets?: Float32Array;
}

/** Sizes for a network with real-valued inputs, and for one with spike inputs. */
export interface TaskGeometry {
  readonly real: Geometry;
  readonly spiking: Geometry;
  /**
   * If a spiking network reads every real input as several lines, one after another: the share that each line represents. They
   * add up to 1.
   */
  readonly lineShares?: readonly number[];
  /** Present if tokens are the pixels of a map, row by row, apart from a class token; a convolutional stem can then read them. */
  readonly grid?: Grid;
}

/** Which prompts of a data set a batch holds. */
export type DataPlace =
  /**
   * For training: prompt k of the batch is number `position + k` of an endless sequence of epochs. Each epoch holds every
   * training image once, in a new order (`epochOrder` with `order`), and images are augmented (`augmentImage` with `order`).
   */
  | { readonly part: "training"; readonly position: number; readonly order: Stream }
  /** Prompt k is image `firstPrompt + k` of the part, without augmentation; `calibration` uses training images. */
  | { readonly part: "calibration" | "validation" | "test" };

export interface DrawOptions {
  /** Default: the test part. Ignored by a task that generates its prompts. */
  readonly from?: DataPlace;
  /** Number of the batch's first prompt: prompts a .. b - 1 are the same whichever batch they are drawn in. Default 0. */
  readonly firstPrompt?: number;
  /** `posterior` adds the exact class distribution given everything that the generator knows. Default `symbols`: none. */
  readonly targets?: "symbols" | "posterior";
  /** False leaves out `spikes`. Default true. */
  readonly spikes?: boolean;
  /** False leaves `values` empty. Default true. */
  readonly values?: boolean;
}

/** How wrong answers are counted: wrong bits, if a class represents bits, wrong decisions, or the squared errors of numbers. */
export type Metric = "bitErrorRate" | "errorRate" | "squaredError";

/** A source of batches. Prompt k of a stream is always the same, so any slice can be drawn on any thread. */
export interface Task {
  readonly geometry: TaskGeometry;
  draw(prompts: number, random: Stream, options?: DrawOptions): Batch;
}

/** Throws ValueError unless a spike train can have this many time steps. */
export function requireSteps(steps: number): void {
  if (Number.isInteger(steps) && steps >= 1) return;
  throw new ValueError("steps", `${steps} time steps; a spike train has at least 1, and a whole number of them.`);
}

/** Throws ValueError unless this many prompts can be drawn starting at this one. */
export function requirePrompts(prompts: number, firstPrompt: number): void {
  if (!(Number.isInteger(prompts) && prompts >= 1)) {
    throw new ValueError("prompts", `${prompts} prompts cannot be drawn. Request a whole number of at least 1.`);
  }
  if (!(Number.isSafeInteger(firstPrompt) && firstPrompt >= 0)) {
    throw new ValueError("firstPrompt", `${firstPrompt} is not a prompt number; prompts count from 0.`);
  }
}
