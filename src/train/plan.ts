/**
 * Where everything lies in the one memory that the training threads share: parameters, their noisy copy, the folded copy for
 * validation, one gradient per shard, optimiser moments, and a region of activations for each thread.
 */

import { type Arena, arena, countingArena, type Place } from "../kernels/arena.ts";
import { type NetworkLayout, planNetwork } from "../kernels/network-pass.ts";
import { NOISE_SCRATCH } from "../kernels/wasm/neuron-ops.ts";
import { type ParameterLayout, parameterLayout } from "../model/network.ts";
import type { Experiment } from "../spec/experiment.ts";
import type { ModelSpec } from "../spec/model.ts";
import type { StageSpec } from "../spec/training.ts";
import type { Geometry } from "../task/task.ts";

type Offsets = Readonly<Record<string, Place>>;

export interface TrainingPlan {
  readonly layout: readonly ParameterLayout[];
  readonly foldedLayout: readonly ParameterLayout[];
  /** Parameters, by name. */
  readonly value: Offsets;
  /** Parameters as the forward pass sees them when a stage adds weight noise. */
  readonly noisy: Offsets;
  /** Parameters without BatchNorm, for validation. */
  readonly folded: Offsets;
  /** Scratch of the weight noise: a scale for each column of the widest matrix, a block of random words, and a table of levels. */
  readonly noiseColumns: number;
  readonly noiseWords: number;
  readonly noiseLevels: number;
  /** Gradients of each shard, by name. */
  readonly gradients: readonly Offsets[];
  /** Words from the first to the last gradient of a shard, padding included. */
  readonly gradientWords: number;
  /** First byte of each shard's gradients. */
  readonly gradientStarts: readonly number[];
  /** AdamW moments, by name. */
  readonly first: Offsets;
  readonly second: Offsets;
  /** BatchNorm statistics of each shard by parameter name (`blocks.0.up.mean`, ...). */
  readonly statistics: readonly Offsets[];
  /** Activations of each thread. */
  readonly regions: readonly { readonly start: number; readonly end: number }[];
  /** Bytes of the whole memory. */
  readonly bytes: number;
}

/** Levels of a device of 12 bits, zero among them. */
const LARGEST_LEVELS = 4096;

export const shardPrompts = ({ training }: Experiment): number => Math.ceil(training.batch / training.shards);

/** Prompts of one shard: the batch is cut as evenly as possible. */
export function shardRange(
  { training: { batch, shards } }: Experiment,
  shard: number,
): { first: number; count: number } {
  const first = Math.floor((shard * batch) / shards);
  return { first, count: Math.floor(((shard + 1) * batch) / shards) - first };
}

/** The model as the hardware sees it, and validation with it. */
export const foldedModel = (model: ModelSpec): ModelSpec =>
  model.kind === "spiking" ? { ...model, normalisation: "none" } : model;

/** Plans the memory of a training run. `base` is the first byte that the kernels leave free. */
export function planTraining(experiment: Experiment, geometry: Geometry, base: number, threads: number): TrainingPlan {
  const { model, training } = experiment;
  const layout = parameterLayout(model, geometry);
  const learned = layout.filter((parameter) => parameter.learned);
  const measured = layout.filter((parameter) => !parameter.learned);
  const foldedLayout = parameterLayout(foldedModel(model), geometry);
  const memory = arena(base, Number.POSITIVE_INFINITY);
  const value = reserve(memory, layout);
  const noisy = reserve(memory, layout);
  const folded = reserve(memory, foldedLayout);
  const noiseColumns = memory.words(Math.max(...layout.map(({ shape }) => shape.at(-1)!)));
  const noiseWords = memory.words(NOISE_SCRATCH);
  const noiseLevels = memory.words(2 * LARGEST_LEVELS);
  const gradientStarts: number[] = [];
  let gradientWords = 0;
  const gradients = Array.from({ length: training.shards }, () => {
    const start = memory.words(0);
    gradientStarts.push(start);
    const offsets = reserve(memory, learned);
    gradientWords = (memory.mark() - start) / 4;
    return offsets;
  });
  const first = reserve(memory, learned);
  const second = reserve(memory, learned);
  const statistics = gradients.map(() => reserve(memory, measured));
  const counting = countingArena();
  for (const stage of training.stages) {
    counting.rewind(0);
    planPasses(counting, experiment, geometry, stage);
  }
  const size = Math.ceil(counting.used / 64) * 64 + 64;
  const start = memory.mark();
  const regions = Array.from({ length: threads }, (_, i) => ({ start: start + i * size, end: start + (i + 1) * size }));
  return {
    layout,
    foldedLayout,
    value,
    noisy,
    folded,
    noiseColumns,
    noiseWords,
    noiseLevels,
    gradients,
    gradientStarts,
    gradientWords,
    first,
    second,
    statistics,
    regions,
    bytes: start + threads * size,
  };
}

/** Whether a stage's passes see other weights than the exact ones. */
export const isNoisy = ({ noise }: StageSpec): boolean =>
  noise.weights > 0 || noise.dropConnect > 0 || noise.devices !== undefined;

/** The model as a stage trains it: with its own number of time steps. */
export const stageModel = ({ model }: Experiment, { timeSteps }: StageSpec): ModelSpec =>
  model.kind === "spiking" && timeSteps !== undefined ? { ...model, steps: timeSteps } : model;

/** What one thread runs in a stage. */
export interface StageLayout {
  readonly training: NetworkLayout;
  readonly validation: NetworkLayout;
}

export function planPasses(memory: Arena, experiment: Experiment, geometry: Geometry, stage: StageSpec): StageLayout {
  const { task, training } = experiment;
  const model = stageModel(experiment, stage);
  const common = { maxPrompts: shardPrompts(experiment), realInputs: task.coding === "repeat" };
  return {
    training: planNetwork(
      memory,
      { model, geometry },
      {
        ...common,
        training: true,
        attention: stage.attention,
        outputNoise: stage.noise.outputs,
        stepLoss: stage.stepLoss ?? training.stepLoss ?? 0,
        spikeRate: training.spikeRate,
      },
    ),
    validation: planNetwork(
      memory,
      { model: foldedModel(model), geometry },
      { ...common, training: false, attention: "sampled" },
    ),
  };
}

function reserve(memory: Arena, layout: readonly ParameterLayout[]): Offsets {
  return Object.fromEntries(layout.map(({ name, shape }) => [name, memory.words(shape.reduce((a, b) => a * b, 1))]));
}
