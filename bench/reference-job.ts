/**
 * One thread's part of a training step or an inference of the reference model. Memory, passes and optimiser are the trainer's
 * (`src/train`); inputs and targets are random and written when the job opens.
 */
import { arena, type PackedBits } from "../src/kernels/arena.ts";
import { instantiateKernels } from "../src/kernels/memory.ts";
import { bindNetwork } from "../src/kernels/network-pass.ts";
import type { SpikingPass } from "../src/kernels/spiking.ts";
import { stream } from "../src/numeric/stream.ts";
import type { Job, JobRegistry } from "../src/threads/executor.ts";
import { setDraws } from "../src/train/inputs.ts";
import { planPasses, planTraining, shardRange } from "../src/train/plan.ts";
import {
  BATCH,
  referenceExperiment,
  referenceGeometry,
  referenceInputs,
  referenceTargets,
  type SurrogateName,
  TOKENS,
  type Width,
} from "./reference-model.ts";

export interface ReferenceSetup {
  readonly surrogate: SurrogateName;
  readonly width: Width;
  readonly memory: WebAssembly.Memory;
  readonly threads: number;
}

export interface ReferenceTask {
  /** `count` counts the spikes of the last inference on this shard's thread. */
  readonly kind: "train" | "infer" | "count";
  readonly step: number;
  readonly shard: number;
}

/** `train` leaves the summed loss in the plan's tallies; `count` returns the spike density of each layer. */
export type ReferenceResult = Readonly<Record<string, number>>;

const referenceShard: Job<ReferenceSetup, ReferenceTask, ReferenceResult> = (
  { surrogate, width, memory, threads },
  thread,
) => {
  const experiment = referenceExperiment(surrogate, width);
  const kernels = instantiateKernels(memory);
  const plan = planTraining(experiment, referenceGeometry, kernels.base, threads);
  const { start, end } = plan.regions[thread];
  const [stage] = experiment.training.stages;
  const layout = planPasses(arena(start, end), experiment, referenceGeometry, stage, plan.recompute);
  const { value } = plan;
  const training = plan.gradients.map((gradient) => bindNetwork(kernels, layout.training, { value, gradient }));
  const validation = bindNetwork(kernels, layout.validation, { value: plan.folded, gradient: null }) as SpikingPass;
  const root = stream(1);
  const { steps } = experiment.model;
  const { shards } = experiment.training;
  const counts = Array.from({ length: shards }, (_, shard) => shardRange(experiment, shard).count);
  const inputs = counts.map((count, shard) => referenceInputs(steps, count, shard));
  const targets = counts.map((count, shard) => referenceTargets(count, shard));

  function train(step: number, shard: number): ReferenceResult {
    const pass = training[shard] as SpikingPass;
    kernels.write(pass.targets, targets[shard]);
    kernels.fill(plan.gradientStarts[shard], plan.gradientWords, 0);
    kernels.clearTallies(plan.losses[shard], pass.tallies);
    write(pass, step, shard);
    pass.step(counts[shard], 1 / (BATCH * TOKENS), plan.losses[shard]);
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
    const rows = steps * counts[shard] * TOKENS;
    const density = (bits: PackedBits) => kernels.countBits(bits, rows) / (rows * bits.features);
    return Object.fromEntries(Object.entries(validation.spikes).map(([name, bits]) => [name, density(bits)]));
  }

  function write(pass: SpikingPass, step: number, shard: number): void {
    kernels.write(pass.inputs, inputs[shard]);
    setDraws(pass, root.fork("attention", step).key, shardRange(experiment, shard).first);
  }

  return ({ kind, step, shard }) =>
    kind === "train" ? train(step, shard) : kind === "infer" ? infer(step, shard) : count(shard);
};

export const referenceJobs: JobRegistry = { "reference-shard": referenceShard as Job };
