/**
 * One micro-batch on one thread, forward and backward: the interface through which training and evaluation use a fast network.
 *
 * A pass is planned on an arena (numbers only), bound to a backend, and then runs many times without allocating. It does not
 * create threads: each thread owns a pass, and the caller sums their gradients in a fixed order.
 */
import type { SpikeRateSpec } from "../experiment/training.ts";
import type { Place } from "./arena.ts";
import type { AttentionMode } from "./attention.ts";

/** Places of the parameters and, if the pass trains, of their gradients, by name as in `parameterLayout`. */
export interface ParameterOffsets {
  readonly value: Readonly<Record<string, Place>>;
  readonly gradient: Readonly<Record<string, Place>> | null;
}

export interface PassOptions {
  /** Most prompts per call; the activations are planned for this number. */
  readonly maxPrompts: number;
  /** Keeps what the backward pass needs; `step` throws without it. */
  readonly training: boolean;
  /** Spiking networks only, as are all that follow: `expected` uses unsampled attention probabilities. */
  readonly attention: AttentionMode;
  /** Standard deviation of the noise on pre-activations, relative to the spread of their column. Default 0. */
  readonly outputNoise?: number | "by column";
  /** Inputs are real values [B N, inputs], the same at every step, instead of packed spikes. */
  readonly realInputs: boolean;
  /** Share of the loss that is taken at each time step instead of at the mean over them. Default 0. */
  readonly stepLoss?: number;
  /** Trains with less memory and more computation. Default false. */
  readonly recompute?: boolean;
  /** A penalty on firing rates. Default none. */
  readonly spikeRate?: SpikeRateSpec | undefined;
}

/** Arrays shared between the caller and the pass. */
export interface PassPlaces {
  /** Token values `[prompts, tokens, inputs]`, written by the caller; or packed spikes, for a spiking network that reads them. */
  readonly inputs: Place;
  /** Target distributions of the class, or probabilities of its bits, `[prompts, queries, C]`, written by the caller before `step`. */
  readonly targets: Place;
  /** Logits `[prompts, queries, C]`, written by `forward` and `step`. */
  readonly logits: Place;
}

/** The loss of a step, from the tallies that it adds to (`pass-loss.ts`). */
export interface PassLoss {
  /** Number of tallies. */
  readonly tallies: number;
  /**
   * The loss summed over prompts and queries, in nats: the cross-entropy of the logits, unless the pass was planned with further terms.
   */
  loss(sums: Float64Array, prompts: number): number;
}

export interface Pass extends PassPlaces, PassLoss {
  forward(prompts: number): void;
  /**
   * Forward and backward. Adds the parts of the loss to tallies, the first of which is at `tally`, and the gradients of `scale` times the
   * loss to the gradient of every parameter.
   */
  step(prompts: number, scale: number, tally: Place): void;
}
