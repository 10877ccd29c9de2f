/**
 * The networks for measuring training and inference, here and in `peers/training_step.py`:
 *
 *   T 4, batch 32, 32 tokens, 2 blocks of D 128, 4 of 256 or 6 of 512, heads of 64, MLP 4 D, 128 binary input lines at density 0.25,
 *   causal stochastic attention with independent draws, a class of 10 predicted at every token.
 */
import { type Experiment, experimentSpec } from "../src/experiment/experiment.ts";
import type { TransformerSpec } from "../src/experiment/model.ts";
import type { Geometry } from "../src/model/geometry.ts";
import { initialise, type Network } from "../src/model/network.ts";
import { stream } from "../src/numeric/stream.ts";
import { createCaseWriter } from "./peer-files.ts";

export const BATCH = 32;
export const LEARNING_RATE = 1e-3;

const HEAD_DIMENSION = 64;

/** Blocks by width. */
const DEPTHS = { 128: 2, 256: 4, 512: 6 } as const;
export type Width = keyof typeof DEPTHS;

export const describeWidth = (width: Width): string => `${DEPTHS[width]} x ${width}`;

export type SurrogateName = "sigmoid" | "triangular" | "rectangular";

/** The work that both sides are given; everything below follows from it. */
export interface Reference {
  readonly width: Width;
  readonly surrogate: SurrogateName;
  /** Of parameters, inputs and labels. */
  readonly seed: number;
  /** Share of ones among the inputs, to 2^-8. */
  readonly density: number;
  readonly tokens: number;
  /** A multiple of 32. */
  readonly inputs: number;
  readonly classes: number;
}

export const reference = (changes: Partial<Reference> = {}): Reference => ({
  ...{ width: 128, surrogate: "sigmoid", seed: 1, density: 0.25, tokens: 32, inputs: 128, classes: 10 },
  ...changes,
});

/**
 * Micro-batches per step. Eight prompts of 32 tokens make 1024 rows over 4 steps: an activation of 128 floats per row is half a
 * megabyte and stays in the L2 cache. The peer computes the batch as a whole.
 */
export const SHARDS = 4;

/** Sizes of model and training; the task is only a placeholder, as inputs and labels are random here. */
export function referenceExperiment({
  surrogate,
  width,
  seed,
}: Reference): Experiment & { readonly model: TransformerSpec } {
  const experiment = experimentSpec.parse({
    seed,
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
  return experiment as Experiment & { model: TransformerSpec };
}

export const referenceGeometry = ({ inputs, tokens, classes }: Reference): Geometry => ({
  ...{ inputs, tokens, classes },
  mask: Uint8Array.from({ length: tokens * tokens }, (_, cell) => (cell % tokens <= Math.floor(cell / tokens) ? 1 : 0)),
  queries: Int32Array.from({ length: tokens }, (_, token) => token),
});

export const referenceNetwork = (of: Reference): Network<TransformerSpec> =>
  initialise(referenceExperiment(of).model, referenceGeometry(of), stream(of.seed));

/** Input words `[T][prompts * tokens][inputs / 32]` of one shard. */
export function referenceInputs(of: Reference, steps: number, prompts: number, shard: number): Uint32Array {
  const random = stream(of.seed).fork("inputs", shard);
  return randomBits(steps * prompts * of.tokens * (of.inputs / 32), of.density, random.word);
}

/** One-hot targets `[prompts, tokens, classes]` of one shard. */
export function referenceTargets({ seed, tokens, classes }: Reference, prompts: number, shard: number): Float32Array {
  const random = stream(seed).fork("labels", shard);
  const targets = new Float32Array(prompts * tokens * classes);
  for (let row = 0; row < prompts * tokens; row++) targets[row * classes + random.integer(classes)] = 1;
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
export function exportReference(of: Reference, folder: string): void {
  const { model, training } = referenceExperiment(of);
  const { tokens, inputs: lines, classes } = of;
  const { width, depth, heads, steps, neuron, surrogate, attention } = model;
  const writer = createCaseWriter();
  const { parameters } = referenceNetwork(of);
  const prompts = BATCH / SHARDS;
  const shards = Array.from({ length: SHARDS }, (_, shard) => ({
    spikes: bitsToFloats(referenceInputs(of, steps, prompts, shard)),
    targets: referenceTargets(of, prompts, shard),
  }));
  const stepSize = prompts * tokens * lines;
  const inputs = new Float32Array(steps * BATCH * tokens * lines);
  shards.forEach(({ spikes }, shard) => {
    for (let step = 0; step < steps; step++) {
      inputs.set(spikes.subarray(step * stepSize, (step + 1) * stepSize), (step * SHARDS + shard) * stepSize);
    }
  });
  const labels = shards.flatMap(({ targets }) =>
    Array.from({ length: prompts * tokens }, (_, row) =>
      targets.subarray(row * classes, (row + 1) * classes).indexOf(1),
    ),
  );
  writer.write(folder, {
    sizes: { width, depth, heads, steps, tokens, neuron, surrogate, attention },
    optimiser: { ...training, learningRate: LEARNING_RATE },
    parameters: Object.fromEntries(
      Object.entries(parameters).map(([name, { data, shape }]) => [name, writer.place(data, ...shape)]),
    ),
    inputs: writer.place(inputs, steps, BATCH, tokens, lines),
    labels: writer.place(Float32Array.from(labels), BATCH * tokens),
  });
}

/** 0 or 1 for each bit, the lowest of a word first. */
export const bitsToFloats = (words: Uint32Array): Float32Array =>
  Float32Array.from({ length: 32 * words.length }, (_, i) => (words[i >> 5] >>> (i & 31)) & 1);
