/**
 * One thread's part of a training step or an inference of the reference model. Memory, passes and optimiser are the trainer's
 * (`src/train`); inputs and targets are random and written when the job opens.
 */

import type { TransformerSpec } from "../src/experiment/model.ts";
import { arena, type PackedBits } from "../src/kernels/arena.ts";
import { instantiateKernels } from "../src/kernels/memory.ts";
import { bindNetwork, type SpikingPass } from "../src/kernels/network-pass.ts";
import type { Network } from "../src/model/network.ts";
import { stream } from "../src/numeric/stream.ts";
import type { Job, JobRegistry } from "../src/threads/executor.ts";
import { setDraws } from "../src/train/inputs.ts";
import { planPasses, planTraining, shardRange } from "../src/train/plan.ts";
import {
  BATCH,
  bitsToFloats,
  type Reference,
  referenceExperiment,
  referenceGeometry,
  referenceInputs,
  referenceTargets,
} from "./reference-model.ts";
import { checksum } from "./same-work.ts";

export interface ReferenceSetup {
  readonly of: Reference;
  readonly memory: WebAssembly.Memory;
  readonly threads: number;
}

export interface ReferenceTask {
  /** `count` counts the spikes of the last inference on this shard's thread. */
  readonly kind: "describe" | "train" | "infer" | "count";
  readonly step: number;
  readonly shard: number;
}

/** `describe` returns a part of the work, `count` the spike density of each layer; `train` leaves the summed loss in the plan's tallies. */
export type ReferenceResult = Readonly<Record<string, number>>;

const referenceShard: Job<ReferenceSetup, ReferenceTask, ReferenceResult> = ({ of, memory, threads }, thread) => {
  const experiment = referenceExperiment(of);
  const geometry = referenceGeometry(of);
  const kernels = instantiateKernels(memory);
  const plan = planTraining(experiment, geometry, kernels.base, threads);
  const { start, end } = plan.regions[thread];
  const [stage] = experiment.training.stages;
  const layout = planPasses(arena(start, end), experiment, geometry, stage, plan.recompute);
  const { value } = plan;
  const training = plan.gradients.map((gradient) => bindNetwork(kernels, layout.training, { value, gradient }));
  const validation = bindNetwork(kernels, layout.validation, { value: plan.folded, gradient: null }) as SpikingPass;
  const root = stream(of.seed);
  const { steps } = experiment.model;
  const { shards } = experiment.training;
  const counts = Array.from({ length: shards }, (_, shard) => shardRange(experiment, shard).count);
  const inputs = counts.map((count, shard) => referenceInputs(of, steps, count, shard));
  const targets = counts.map((count, shard) => referenceTargets(of, count, shard));

  /** Sizes of the network that is trained, and checksums of what the memory of its pass holds, at its places in the whole batch. */
  function describe(shard: number): ReferenceResult {
    const pass = training[shard] as SpikingPass;
    kernels.write(pass.targets, targets[shard]);
    write(pass, 0, shard);
    const { model, geometry } = layout.training.network as Network<TransformerSpec>;
    const { input } = pass.spikes;
    const { tokens, inputs, classes } = geometry;
    const [count, first] = [counts[shard], shardRange(experiment, shard).first];
    const rows = count * tokens;
    const words = kernels.u32.slice(pass.inputs / 4, pass.inputs / 4 + model.steps * rows * input.words);
    const perRow = 32 * input.words;
    const bits = checksum(bitsToFloats(words), (i) => {
      const [row, bit] = [Math.floor(i / perRow), i % perRow];
      const [step, within] = [Math.floor(row / rows), row % rows];
      return ((step * BATCH + first) * tokens + within) * inputs + bit;
    });
    const answers = geometry.queries.length * classes;
    const labels = checksum(kernels.floats(pass.targets, count * answers), (i) => first * answers + i);
    return {
      ...{ steps: model.steps, depth: model.depth, heads: model.heads, tokens, inputs, classes, prompts: count },
      "pairs of tokens that attend": geometry.mask.reduce((sum, cell) => sum + cell, 0),
      ...{ "ones of the inputs": bits[0], "places of the ones": bits[1] },
      ...{ labels: labels[0], "places of the labels": labels[1] },
    };
  }

  function train(step: number, shard: number): ReferenceResult {
    const pass = training[shard] as SpikingPass;
    kernels.write(pass.targets, targets[shard]);
    kernels.fill(plan.gradientStarts[shard], plan.gradientWords, 0);
    kernels.clearTallies(plan.losses[shard], pass.tallies);
    write(pass, step, shard);
    pass.step(counts[shard], 1 / (BATCH * of.tokens), plan.losses[shard]);
    for (const [name, { mean, variance }] of Object.entries(pass.statistics)) {
      const to = plan.statistics[shard];
      const [words] = plan.layout.find((parameter) => parameter.name === `${name}.mean`)!.shape;
      kernels.copy(mean, to[`${name}.mean`], words);
      kernels.copy(variance, to[`${name}.variance`], words);
    }
    return {};
  }

  function infer(step: number, shard: number): ReferenceResult {
    write(validation, step, shard);
    validation.forward(counts[shard]);
    return {};
  }

  function count(shard: number): ReferenceResult {
    const rows = steps * counts[shard] * of.tokens;
    const density = (bits: PackedBits) => kernels.countBits(bits, rows) / (rows * bits.features);
    return Object.fromEntries(Object.entries(validation.spikes).map(([name, bits]) => [name, density(bits)]));
  }

  function write(pass: SpikingPass, step: number, shard: number): void {
    kernels.write(pass.inputs, inputs[shard]);
    setDraws(pass, root.fork("attention", step).key, shardRange(experiment, shard).first);
  }

  return ({ kind, step, shard }) => {
    if (kind === "describe") return describe(shard);
    return kind === "train" ? train(step, shard) : kind === "infer" ? infer(step, shard) : count(shard);
  };
};

export const referenceJobs: JobRegistry = { "reference-shard": referenceShard as Job };
