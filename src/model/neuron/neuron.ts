/**
 * What a network requires of the neurons after a linear layer, whatever their kind. `catalogue.ts` lists the kinds.
 *
 * A kind may have numbers that are learned. Every population (the neurons behind one layer) has its own; `at` gives the neuron with
 * the values of one population, and that is what runs.
 */

import type { SurrogateSpec } from "../../experiment/model.ts";
import type { NeuronSpec } from "../../experiment/neuron.ts";

/** What the backward pass needs and rasters show. */
export interface NeuronCache {
  /** Membrane V before the reset, `[T][n]`. */
  readonly membrane: Float64Array;
  /** V minus the threshold, `[T][n]`. */
  readonly distance: Float64Array;
  /** 1 where the neuron fired, `[T][n]`; it controls the reset in the smooth network as well. */
  readonly fired: Uint8Array;
}

export interface NeuronForward extends NeuronCache {
  /** `[T][n]`: the bits as 0 and 1, or s(V - threshold) in the smooth network. */
  readonly output: Float64Array;
}

export interface NeuronGradients {
  /** `[T][n]` */
  readonly current: Float64Array;
  /** By the names of `NeuronModel.learned`. */
  readonly learned: Readonly<Record<string, Float64Array>>;
}

/** Learned numbers of a population: their shape, and the value that all of them start from. */
export interface LearnedNumbers {
  readonly shape: readonly number[];
  readonly constant: number;
}

export type LearnedValues = Readonly<Record<string, ArrayLike<number>>>;

export interface NeuronModel {
  /** Words of state that a neuron keeps from one time step to the next. */
  readonly stateWords: number;
  /** What a population learns, by name. */
  readonly learned: Readonly<Record<string, LearnedNumbers>>;
  /** The neuron with a population's values in place of the initial ones. */
  at(values: LearnedValues): NeuronSpec;
  /**
   * Runs a layer from rest over all time steps.
   *
   * Shapes   current: [T][n]
   * Smooth   with `smooth`, the output is s(V - threshold) instead of the bit (see `surrogate.ts`)
   */
  forward(current: Float64Array, steps: number, smooth?: SurrogateSpec | null): NeuronForward;
  /** Gradients with respect to current and learned numbers, from the gradient with respect to the output, `[T][n]`. */
  backward(outputGradient: Float64Array, cache: NeuronCache, steps: number, surrogate: SurrogateSpec): NeuronGradients;
}
