/**
 * One micro-batch on one thread, forward and backward: what training and evaluation see of a fast network.
 *
 * A pass is planned once on an arena and then runs many times without allocating. Threads come from outside: each owns a
 * pass, and the caller sums their gradients in a fixed order.
 */

/** Byte offsets of the parameters, and of their gradients when the pass trains, by name as in `parameterLayout`. */
export interface ParameterOffsets {
  readonly value: Readonly<Record<string, number>>;
  readonly gradient: Readonly<Record<string, number>> | null;
}

export interface PassOptions {
  /** Most prompts that one call may carry; the activations are planned for it. */
  readonly maxPrompts: number;
  /** Keeps what the backward pass needs; `step` throws without it. */
  readonly training: boolean;
}

export interface Pass {
  /** Byte offset of the token values `[prompts, tokens, inputs]`, float32, written by the caller. */
  readonly inputs: number;
  /** Byte offset of the target distributions `[prompts, queries, classes]`, float32, written by the caller before `step`. */
  readonly targets: number;
  /** Byte offset of the logits `[prompts, queries, classes]`, float32, written by `forward` and `step`. */
  readonly logits: number;
  forward(prompts: number): void;
  /**
   * Forward and backward. Returns the loss summed over prompts and queries, in nats: the cross entropy of the logits, unless
   * the pass was asked for more. Adds the gradients of `scale` times that sum to the gradient of every parameter.
   */
  step(prompts: number, scale: number): number;
}
