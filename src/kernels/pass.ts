/**
 * One micro-batch on one thread, forward and backward: what training and evaluation see of a fast network.
 *
 * A pass is planned on an arena (numbers only), bound to a backend, and then runs many times without allocating. Threads come from
 * outside: each owns a pass, and the caller sums their gradients in a fixed order.
 */
import type { Place } from "./arena.ts";

/** Places of the parameters, and of their gradients when the pass trains, by name as in `parameterLayout`. */
export interface ParameterOffsets {
  readonly value: Readonly<Record<string, Place>>;
  readonly gradient: Readonly<Record<string, Place>> | null;
}

export interface PassOptions {
  /** Most prompts that one call may carry; the activations are planned for it. */
  readonly maxPrompts: number;
  /** Keeps what the backward pass needs; `step` throws without it. */
  readonly training: boolean;
}

/** Where the caller and the pass meet. */
export interface PassPlaces {
  /** Token values `[prompts, tokens, inputs]`, written by the caller; or packed spikes, of a spiking network that takes them. */
  readonly inputs: Place;
  /** Target distributions of the class, or probabilities of its bits, `[prompts, queries, C]`, written by the caller before `step`. */
  readonly targets: Place;
  /** Logits `[prompts, queries, C]`, written by `forward` and `step`. */
  readonly logits: Place;
}

export interface Pass extends PassPlaces {
  forward(prompts: number): void;
  /**
   * Forward and backward. Returns the loss summed over prompts and queries, in nats: the cross entropy of the logits, unless
   * the pass was asked for more. Adds the gradients of `scale` times that sum to the gradient of every parameter.
   */
  step(prompts: number, scale: number): number;
}
