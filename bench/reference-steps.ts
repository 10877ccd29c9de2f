/** Our side of the reference model on any threads: what it computes with, training steps, and inferences. */
import type { TransformerSpec } from "../src/experiment/model.ts";
import { allocateMemory, instantiateKernels } from "../src/kernels/memory.ts";
import { foldNetwork } from "../src/model/fold.ts";
import { isWeight, type Network, type ParameterLayout } from "../src/model/network.ts";
import type { Executor } from "../src/threads/executor.ts";
import { createOptimiser } from "../src/train/optimiser.ts";
import { planTraining } from "../src/train/plan.ts";
import type { ReferenceResult, ReferenceSetup, ReferenceTask } from "./reference-job.ts";
import {
  BATCH,
  LEARNING_RATE,
  type Reference,
  referenceExperiment,
  referenceGeometry,
  referenceNetwork,
  SHARDS,
} from "./reference-model.ts";
import type { Work } from "./same-work.ts";

export interface ReferenceSteps {
  /** Sizes, and checksums of inputs, labels and parameters, before the first step. */
  describe(): Promise<Work>;
  /** A training step; returns its loss. */
  train(): Promise<number>;
  /** Folds the network with the BatchNorm statistics of the last step. */
  fold(): Promise<void>;
  infer(): Promise<unknown>;
  /** Share of bits set in the last block in the last inference. */
  densities(): Promise<{ readonly attention: number; readonly hidden: number }>;
}

export function openReference(of: Reference, threads: number, executor: Executor): ReferenceSteps {
  const experiment = referenceExperiment(of);
  const geometry = referenceGeometry(of);
  const { base } = instantiateKernels(allocateMemory(0, false));
  const plan = planTraining(experiment, geometry, base, threads);
  const memory = allocateMemory(plan.bytes, threads > 1);
  const kernels = instantiateKernels(memory);
  const optimiser = createOptimiser(kernels, plan, experiment);
  optimiser.writeParameters(referenceNetwork(of).parameters);
  const setup = { of, memory, threads };
  const session = executor.open<ReferenceSetup, ReferenceTask, ReferenceResult>("reference-shard", setup);
  let step = 0;

  const forEachShard = (kind: ReferenceTask["kind"]): Promise<ReferenceResult[]> =>
    session.run(Array.from({ length: SHARDS }, (_, shard) => ({ kind, step, shard })));

  async function train(): Promise<number> {
    await forEachShard("train");
    optimiser.addGradients(plan.gradients.map((_, buffer) => buffer));
    // AdamW has no matrices to orthogonalise.
    await optimiser.update(experiment.training.stages[0], LEARNING_RATE, ++step, () => Promise.resolve());
    const sums = await Promise.all(plan.losses.map((at) => kernels.sums(at, 1)));
    return sums.reduce((sum, [loss]) => sum + loss, 0) / (BATCH * of.tokens);
  }

  /** Of all shards: sums over the batch, and sizes that all share; of the parameters, from where the passes read them. */
  async function describe(): Promise<Work> {
    const parts = await forEachShard("describe");
    const isSum = (name: string) => /^(prompts|ones|places|labels)/.test(name);
    const of = (name: string) => (isSum(name) ? parts.reduce((sum, part) => sum + part[name], 0) : parts[0][name]);
    const lengthOf = ({ shape }: ParameterLayout) => shape.reduce((a, b) => a * b, 1);
    const squares = (parameter: ParameterLayout) => {
      const from = plan.value[parameter.name] / 4;
      return kernels.f32.subarray(from, from + lengthOf(parameter)).reduce((sum, weight) => sum + weight ** 2, 0);
    };
    const total = (chosen: readonly ParameterLayout[], each: (parameter: ParameterLayout) => number) =>
      chosen.reduce((sum, parameter) => sum + each(parameter), 0);
    const learned = plan.layout.filter((parameter) => parameter.learned);
    return {
      ...Object.fromEntries(Object.keys(parts[0]).map((name) => [name, of(name)])),
      "learned parameters": total(learned, lengthOf),
      "squares of the weights": total(plan.layout.filter(isWeight), squares),
    };
  }

  /** The network with the BatchNorm statistics of the last step as running statistics, as if training had continued for long. */
  async function measuredNetwork(): Promise<Network<TransformerSpec>> {
    const parameters = await optimiser.readParameters();
    for (const name of Object.keys(plan.statistics[0])) {
      const { data } = parameters[name];
      for (let i = 0; i < data.length; i++) {
        data[i] = plan.statistics.reduce((sum, at) => sum + kernels.f32[at[name] / 4 + i], 0) / SHARDS;
      }
    }
    return { model: experiment.model, geometry, parameters };
  }

  return {
    describe,
    train,
    fold: async () => optimiser.writeFolded(foldNetwork(await measuredNetwork())),
    infer: () => forEachShard("infer"),
    densities: async () => {
      const [spikes] = await forEachShard("count");
      const last = `blocks.${experiment.model.depth - 1}`;
      return { attention: spikes[`${last}.attention`], hidden: spikes[`${last}.hidden`] };
    },
  };
}
