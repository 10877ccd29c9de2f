/**
 * The network on which training and inference are measured, here and in `peers/training_step.py`:
 *
 *   T 4, batch 32, 32 tokens, D 128, 2 blocks of 2 heads of 64, MLP 512, 128 binary input lines at density 0.25,
 *   causal stochastic attention with independent draws, a class of 10 predicted at every token.
 */
import type { Geometry } from "../src/model/geometry.ts";
import { stream } from "../src/numeric/stream.ts";
import { type Experiment, experimentSpec } from "../src/spec/experiment.ts";
import type { SpikingSpec } from "../src/spec/model.ts";

export const BATCH = 32;
export const TOKENS = 32;
export const INPUTS = 128;
export const CLASSES = 10;
export const LEARNING_RATE = 1e-3;
const INPUT_DENSITY = 0.25;

export type SurrogateName = "sigmoid" | "triangular" | "rectangular";

/**
 * Micro-batches of a step. Eight prompts of 32 tokens make 1024 rows over 4 steps: an activation of 128 floats a row is half a
 * megabyte and stays in the second-level cache. The peer computes the batch as a whole.
 */
export const SHARDS = 4;

/** Sizes of model and training; the task only fills its place, as inputs and labels are random here. */
export function referenceExperiment(surrogate: SurrogateName): Experiment & { readonly model: SpikingSpec } {
  const experiment = experimentSpec.parse({
    seed: 1,
    model: {
      kind: "spiking",
      width: 128,
      depth: 2,
      heads: 2,
      steps: 4,
      attention: { neuron: "stochastic", draws: "independent" },
      surrogate: { kind: surrogate },
    },
    training: { batch: BATCH, shards: SHARDS },
  });
  return experiment as Experiment & { model: SpikingSpec };
}

export const referenceGeometry: Geometry = {
  inputs: INPUTS,
  tokens: TOKENS,
  classes: CLASSES,
  mask: Uint8Array.from({ length: TOKENS * TOKENS }, (_, cell) => (cell % TOKENS <= Math.floor(cell / TOKENS) ? 1 : 0)),
  queries: Int32Array.from({ length: TOKENS }, (_, token) => token),
};

/** Input words `[T][prompts * TOKENS][INPUTS / 32]` of one shard, at the input density. */
export function referenceInputs(steps: number, prompts: number, shard: number): Uint32Array {
  const random = stream(1).fork("inputs", shard);
  return randomBits(steps * prompts * TOKENS * (INPUTS / 32), INPUT_DENSITY, random.word);
}

/** One-hot targets `[prompts, TOKENS, CLASSES]` of one shard. */
export function referenceTargets(prompts: number, shard: number): Float32Array {
  const random = stream(1).fork("labels", shard);
  const targets = new Float32Array(prompts * TOKENS * CLASSES);
  for (let row = 0; row < prompts * TOKENS; row++) targets[row * CLASSES + random.integer(CLASSES)] = 1;
  return targets;
}

/** Words whose bits are set with the given probability, to 2^-8: eight random words decide about 32 bits. */
export function randomBits(words: number, density: number, word: () => number): Uint32Array {
  const threshold = Math.round(density * 256);
  return Uint32Array.from({ length: words }, () => {
    // Bit by bit from the lowest of the threshold: a 1 takes a union, a 0 an intersection, so the chance halves and adds up.
    let bits = 0;
    for (let i = 0; i < 8; i++) bits = (threshold >> i) & 1 ? bits | word() : bits & word();
    return bits >>> 0;
  });
}
