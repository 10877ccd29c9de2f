/**
 * The networks for measuring training and inference, here and in `peers/training_step.py`:
 *
 *   T 4, batch 32, 32 tokens, 2 blocks of D 128, 4 of 256 or 6 of 512, heads of 64, MLP 4 D, 128 binary input lines at density 0.25,
 *   causal stochastic attention with independent draws, a class of 10 predicted at every token.
 */
import { type Experiment, experimentSpec } from "../src/experiment/experiment.ts";
import type { SpikingSpec } from "../src/experiment/model.ts";
import type { Geometry } from "../src/model/geometry.ts";
import { initialise } from "../src/model/network.ts";
import { stream } from "../src/numeric/stream.ts";
import { createCaseWriter } from "./peer-files.ts";

export const BATCH = 32;
export const TOKENS = 32;
export const INPUTS = 128;
export const CLASSES = 10;
export const LEARNING_RATE = 1e-3;
const INPUT_DENSITY = 0.25;

const HEAD_DIMENSION = 64;

/** Blocks by width. */
const DEPTHS = { 128: 2, 256: 4, 512: 6 } as const;
export type Width = keyof typeof DEPTHS;

export const describeWidth = (width: Width): string => `${DEPTHS[width]} x ${width}`;

export type SurrogateName = "sigmoid" | "triangular" | "rectangular";

/**
 * Micro-batches per step. Eight prompts of 32 tokens make 1024 rows over 4 steps: an activation of 128 floats per row is half a
 * megabyte and stays in the L2 cache. The peer computes the batch as a whole.
 */
export const SHARDS = 4;

/** Sizes of model and training; the task is only a placeholder, as inputs and labels are random here. */
export function referenceExperiment(
  surrogate: SurrogateName,
  width: Width = 128,
): Experiment & { readonly model: SpikingSpec } {
  const experiment = experimentSpec.parse({
    seed: 1,
    model: {
      kind: "spiking",
      width,
      depth: DEPTHS[width],
      heads: width / HEAD_DIMENSION,
      steps: 4,
      attention: { kind: "stochastic", draws: "independent" },
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

/** Words with bits set with the given probability, to 2^-8: eight random words decide about 32 bits. */
export function randomBits(words: number, density: number, word: () => number): Uint32Array {
  const threshold = Math.round(density * 256);
  return Uint32Array.from({ length: words }, () => {
    // Bit by bit from the lowest of the threshold: a 1 takes a union, a 0 an intersection, so the probability is halved
    // each time and accumulates.
    let bits = 0;
    for (let i = 0; i < 8; i++) bits = (threshold >> i) & 1 ? bits | word() : bits & word();
    return bits >>> 0;
  });
}

/** Writes network, inputs and labels for the peer: the whole batch, prompts in the order of shards. */
export function exportReference(experiment: Experiment & { readonly model: SpikingSpec }, folder: string): void {
  const { model, training } = experiment;
  const { width, depth, heads, steps, neuron, surrogate, attention } = model;
  const writer = createCaseWriter();
  const { parameters } = initialise(model, referenceGeometry, stream(1));
  const prompts = BATCH / SHARDS;
  const shards = Array.from({ length: SHARDS }, (_, shard) => ({
    spikes: bitsToFloats(referenceInputs(steps, prompts, shard)),
    targets: referenceTargets(prompts, shard),
  }));
  const stepSize = prompts * TOKENS * INPUTS;
  const inputs = new Float32Array(steps * BATCH * TOKENS * INPUTS);
  shards.forEach(({ spikes }, shard) => {
    for (let step = 0; step < steps; step++) {
      inputs.set(spikes.subarray(step * stepSize, (step + 1) * stepSize), (step * SHARDS + shard) * stepSize);
    }
  });
  const labels = shards.flatMap(({ targets }) =>
    Array.from({ length: prompts * TOKENS }, (_, row) =>
      targets.subarray(row * CLASSES, (row + 1) * CLASSES).indexOf(1),
    ),
  );
  writer.write(folder, {
    sizes: { width, depth, heads, steps, tokens: TOKENS, neuron, surrogate, attention },
    optimiser: { ...training, learningRate: LEARNING_RATE },
    parameters: Object.fromEntries(
      Object.entries(parameters).map(([name, { data, shape }]) => [name, writer.place(data, ...shape)]),
    ),
    inputs: writer.place(inputs, steps, BATCH, TOKENS, INPUTS),
    labels: writer.place(Float32Array.from(labels), BATCH * TOKENS),
  });
}

/** 0 or 1 for each bit, the lowest of a word first. */
const bitsToFloats = (words: Uint32Array): Float32Array =>
  Float32Array.from({ length: 32 * words.length }, (_, i) => (words[i >> 5] >>> (i & 31)) & 1);
