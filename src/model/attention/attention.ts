/**
 * What a network requires of the attention of one head of one prompt, whatever its kind. `catalogue.ts` lists the kinds.
 */

import type { SurrogateSpec } from "../../experiment/model.ts";
import type { NeuronSpec } from "../../experiment/neuron.ts";
import type { HeadShape, HeadVectors } from "../heads.ts";
import type { NeuronCache } from "../neuron/neuron.ts";
import type { AttentionDraws } from "./draws.ts";

/** What all heads of a network share, and the random words of one. */
export interface AttentionRun {
  /** `[N, N]`, 1 where query token i may attend to key token j. */
  readonly mask: Uint8Array;
  /** Neurons of kinds that have some. */
  readonly neuron: NeuronSpec;
  readonly surrogate: SurrogateSpec;
  /** Emit s(V - threshold) instead of bits (see `neuron/surrogate.ts`). */
  readonly smooth: boolean;
  /** Words for kinds that draw bits; null passes their probabilities on. */
  readonly draws: AttentionDraws | null;
}

export interface AttendedHead {
  /** A, `[T][N][d]`. */
  readonly output: Float64Array;
  /** Whether `output` holds bits (in the smooth network: their stand-ins) rather than probabilities. */
  readonly fires: boolean;
  /** S, `[T][N][N]`, of kinds that decide a bit for each pair of tokens; null otherwise. */
  readonly scores: Float64Array | null;
  /** Its neurons, in the order in which they run. */
  readonly neurons: readonly NeuronCache[];
  /** Gradients with respect to what it read, from the gradient with respect to `output`, `[T][N][d]`. */
  backward(outputGradient: Float64Array): HeadVectors;
}

/** Shapes: head [T][N][d] for each part that the kind reads, empty for others. */
export type AttentionModel = (head: HeadVectors, shape: HeadShape, run: AttentionRun) => AttendedHead;
