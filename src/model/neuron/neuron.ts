/**
 * What a network requires of the neurons after a linear layer, whatever their kind. `catalogue.ts` lists the kinds.
 */
import type { SurrogateSpec } from "../../experiment/model.ts";

/** What the backward pass needs and rasters show. */
export interface NeuronCache {
  /** Membrane V before the reset, `[T][n]`. */
  readonly membrane: Float64Array;
  /** 1 where the neuron fired, `[T][n]`; it controls the reset in the smooth network as well. */
  readonly fired: Uint8Array;
}

export interface NeuronForward extends NeuronCache {
  /** `[T][n]`: the bits as 0 and 1, or s(V - threshold) in the smooth network. */
  readonly output: Float64Array;
}

export interface NeuronModel {
  /**
   * Runs a layer from rest over all time steps.
   *
   * Shapes   current: [T][n]
   * Smooth   with `smooth`, the output is s(V - threshold) instead of the bit (see `surrogate.ts`)
   */
  forward(current: Float64Array, steps: number, smooth?: SurrogateSpec | null): NeuronForward;
  /** Gradient with respect to the current, `[T][n]`, from the gradient with respect to the output, `[T][n]`. */
  backward(outputGradient: Float64Array, cache: NeuronCache, steps: number, surrogate: SurrogateSpec): Float64Array;
}
