/**
 * The trainer: backpropagation through time with surrogate gradients, AdamW, warm-up and cosine, in stages.
 *
 * A step cuts its batch into a fixed number of shards; threads take shards as they are free; gradients are summed in shard
 * order. All randomness is a function of seed and step, so training on any number of threads, interrupted anywhere, gives
 * the same network to the last bit.
 */
import { ValueError } from "../errors.ts";
import { canShareMemory, type Executor } from "../kernels/executor.ts";
import { allocateMemory, instantiateKernels, type Kernels } from "../kernels/memory.ts";
import { foldNetwork } from "../model/fold.ts";
import { initialise, type Network, NORM_EPSILON, type Tensor } from "../model/network.ts";
import { stream } from "../numeric/stream.ts";
import type { Experiment } from "../spec/experiment.ts";
import type { StageSpec, TrainingSpec } from "../spec/training.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import { detectionErrors } from "../task/metrics.ts";
import { planTraining, type TrainingPlan } from "./plan.ts";
import { type ShardResult, type ShardSetup, type ShardTask, validationTasks } from "./shard.ts";
import type { TrainingState } from "./state.ts";

/** New statistics of a step count this much in the running ones. */
const STATISTICS_MOMENTUM = 0.05;

export interface Validation {
  /** Cross entropy per decision, nats, over all queries. */
  readonly loss: number;
  /** Bit error rate at the last query, where all pilots are known. */
  readonly bitErrorRate: number;
}

export interface TrainingEvent {
  /** Optimiser steps done, over all stages. */
  readonly step: number;
  readonly steps: number;
  readonly stage: string;
  readonly loss: number;
  readonly learningRate: number;
  readonly gradientNorm: number;
  readonly validation?: Validation & { readonly best: boolean };
}

export interface TrainOptions {
  readonly executor: Executor;
  /** Where to go on; a fresh network when absent. */
  readonly state?: TrainingState;
  /** Starts from these weights instead of fresh ones. */
  readonly initial?: Network;
  readonly onStep?: (event: TrainingEvent) => void;
  /** Called after each step; saving `snapshot()` at any time allows to resume bit for bit. */
  readonly afterStep?: (snapshot: () => TrainingState) => Promise<void>;
  /** Stops after the current step. */
  readonly signal?: AbortSignal;
}

export interface TrainResult {
  /** The network of the best validation of the last stage. */
  readonly network: Network;
  readonly state: TrainingState;
  readonly finished: boolean;
}

export const totalSteps = ({ stages }: TrainingSpec): number => stages.reduce((sum, { steps }) => sum + steps, 0);

export async function train(experiment: Experiment, options: TrainOptions): Promise<TrainResult> {
  const { executor, signal } = options;
  const geometry = networkGeometry(experiment, createTask(experiment));
  const root = stream(experiment.seed);
  const threads = executor.threads;
  const probe = instantiateKernels(allocateMemory(0, false));
  const plan = planTraining(experiment, geometry, probe.base, threads);
  const memory = allocateMemory(plan.bytes, threads > 1 && canShareMemory());
  const kernels = instantiateKernels(memory);
  const trainer = createOptimiser(kernels, plan, experiment);
  const { stages } = experiment.training;
  const steps = totalSteps(experiment.training);

  let { step, best, sinceBest, stageStart, stage } = options.state ?? {
    step: 0,
    best: null,
    sinceBest: 0,
    stage: 0,
    stageStart: 0,
  };
  const start = options.initial ?? initialise(experiment.model, geometry, root.fork("initial"));
  if (options.state) trainer.restore(options.state);
  else trainer.writeParameters(start.parameters);

  const current = (): Network => ({ model: experiment.model, geometry, parameters: trainer.readParameters() });
  const snapshot = (): TrainingState => ({
    step, stage, stageStart, sinceBest, best,
    parameters: trainer.readParameters(),
    ...trainer.readMoments(),
  });

  while (stage < stages.length && !signal?.aborted) {
    const spec = stages[stage];
    const session = executor.open<ShardSetup, ShardTask, ShardResult>("train-shard", { experiment, memory, threads, stage });
    const shards = Array.from({ length: experiment.training.shards }, (_, shard) => shard);
    try {
      let stop = step - stageStart >= spec.steps;
      while (!stop && !signal?.aborted) {
        trainer.prepare(spec, step);
        const results = await session.run(shards.map((shard) => ({ kind: "train", step, shard })));
        const loss = results.reduce((sum, result) => sum + result.loss, 0);
        const meanLoss = loss / (experiment.training.batch * geometry.queries.length);
        if (!Number.isFinite(meanLoss)) throw divergence(step, spec);
        const learningRate = scheduledRate(spec, step - stageStart);
        const gradientNorm = trainer.update(learningRate, step - stageStart + 1);
        step++;
        const done = step - stageStart >= spec.steps;
        let validation: (Validation & { best: boolean }) | undefined;
        if (step % experiment.training.validateEvery === 0 || done) {
          const measured = await validate(experiment, trainer, current(), session);
          const isBest = !best || measured.loss < best.loss;
          if (isBest) best = { ...measured, step, parameters: trainer.readParameters() };
          sinceBest = isBest ? 0 : sinceBest + 1;
          validation = { ...measured, best: isBest };
        }
        const { patience } = experiment.training;
        stop = done || (patience > 0 && sinceBest >= patience);
        options.onStep?.({
          step, steps, stage: spec.name, loss: meanLoss, learningRate, gradientNorm,
          ...(validation && { validation }),
        });
        if (!stop) await options.afterStep?.(snapshot);
      }
    } finally {
      session.close();
    }
    if (signal?.aborted) break;
    // The next stage starts from the best network of this one, with fresh moments.
    if (best) trainer.writeParameters(best.parameters);
    stage++;
    stageStart = step;
    if (stage < stages.length) best = null;
    sinceBest = 0;
    await options.afterStep?.(snapshot);
  }
  const parameters = best?.parameters ?? trainer.readParameters();
  return {
    network: { model: experiment.model, geometry, parameters },
    state: snapshot(),
    finished: stage >= stages.length,
  };
}

/** Warm-up, then a half cosine from the peak to `finalFraction` of it. `step` counts from the stage's start. */
export function scheduledRate({ learningRate, warmup, finalFraction, steps }: StageSpec, step: number): number {
  if (step < warmup) return (learningRate * (step + 1)) / warmup;
  const progress = (step - warmup) / Math.max(1, steps - warmup);
  return learningRate * (finalFraction + (1 - finalFraction) * 0.5 * (1 + Math.cos(Math.PI * progress)));
}

function divergence(step: number, stage: StageSpec): ValueError {
  return new ValueError(
    "training.stages.learningRate",
    `The loss is not finite at step ${step}: training has diverged. The stage "${stage.name}" peaks at a learning rate of ` +
      `${stage.learningRate}; try ${stage.learningRate / 3}, a longer warm-up, or a smaller training.clipNorm.`,
  );
}

async function validate(
  experiment: Experiment,
  trainer: Optimiser,
  network: Network,
  session: { run(tasks: readonly ShardTask[]): Promise<ShardResult[]> },
): Promise<Validation> {
  trainer.writeFolded(network.model.kind === "spiking" ? foldNetwork(network as never) : network);
  const results = await session.run(validationTasks(experiment));
  const queries = network.geometry.queries.length;
  const last = (values: Int32Array) => values.filter((_, i) => i % queries === queries - 1);
  const labels = results.flatMap((result) => [...last(result.labels!)]);
  const decisions = results.flatMap((result) => [...last(result.decisions!)]);
  const loss = results.reduce((sum, result) => sum + result.loss, 0) / (labels.length * queries);
  return { loss, bitErrorRate: detectionErrors(labels, decisions, experiment.task).bits.rate };
}

interface Optimiser {
  /** Prepares what the shards of a step read: the noisy copy of the weights. */
  prepare(stage: StageSpec, step: number): void;
  /** Sums gradients, clips, steps, and moves the running statistics; returns the gradient's norm before clipping. */
  update(learningRate: number, count: number): number;
  readParameters(): Record<string, Tensor>;
  writeParameters(parameters: Readonly<Record<string, Tensor>>): void;
  writeFolded(network: Network): void;
  readMoments(): { first: Record<string, Tensor>; second: Record<string, Tensor> };
  restore(state: TrainingState): void;
}

function createOptimiser(kernels: Kernels, plan: TrainingPlan, { training, seed }: Experiment): Optimiser {
  const { run, f32 } = kernels;
  const learned = plan.layout.filter((parameter) => parameter.learned);
  const measured = plan.layout.filter((parameter) => !parameter.learned);
  const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
  const view = (at: number, shape: readonly number[]) => f32.subarray(at / 4, at / 4 + size(shape));
  const read = (layout: TrainingPlan["layout"], from: Readonly<Record<string, number>>) =>
    Object.fromEntries(layout.map(({ name, shape }) => [name, { shape, data: view(from[name], shape).slice() }]));
  const write = (layout: TrainingPlan["layout"], to: Readonly<Record<string, number>>, from: Readonly<Record<string, Tensor>>) => {
    for (const { name, shape } of layout) view(to[name], shape).set(from[name].data);
  };
  const noise = stream(seed).fork("weight noise");

  function prepare({ noise: { weights } }: StageSpec, step: number) {
    if (weights === 0) return;
    // The first thread's region is idle between steps and serves as scratch: deviations per column, and a block of words.
    const scratch = plan.regions[0].start;
    for (const { name, shape } of plan.layout) {
      const source = plan.value[name];
      const [rows, columns = 1] = shape;
      if (!name.endsWith(".weight")) {
        f32.copyWithin(plan.noisy[name] / 4, source / 4, source / 4 + size(shape));
        continue;
      }
      const deviations = columnDeviations(name, rows, columns, weights);
      f32.set(deviations, scratch / 4);
      const [key0, key1] = noise.fork(step, name).key;
      run.addNoise(source, rows, columns, scratch, key0, key1, plan.noisy[name], scratch + Math.ceil(columns / 16) * 64);
    }
  }

  /** Noise relative to the largest folded weight of the layer, undone by the fold: BatchNorm rescales each column. */
  function columnDeviations(name: string, rows: number, columns: number, weights: number): Float32Array {
    const layer = name.slice(0, -".weight".length);
    const scale = Float32Array.from({ length: columns }, (_, n) => {
      const variance = plan.value[`${layer}.variance`];
      if (variance === undefined) return 1;
      return Math.abs(f32[plan.value[`${layer}.gain`] / 4 + n]) / Math.sqrt(f32[variance / 4 + n] + NORM_EPSILON);
    });
    let largest = 0;
    const values = view(plan.value[name], [rows, columns]);
    for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i]) * scale[i % columns]);
    return scale.map((factor) => (factor > 0 ? (weights * largest) / factor : 0));
  }

  function update(learningRate: number, count: number): number {
    const [total, ...rest] = plan.gradientStarts;
    for (const shard of rest) run.add(total, shard, plan.gradientWords);
    const norm = Math.sqrt(run.sumOfSquares(total, plan.gradientWords));
    if (norm > training.clipNorm) run.scale(total, plan.gradientWords, training.clipNorm / norm);
    const { beta1, beta2, epsilon, weightDecay } = training;
    for (const { name, shape } of learned) {
      // Decay acts on matrices only: gains and offsets set scales that the task decides.
      const decay = shape.length > 1 ? weightDecay : 0;
      run.adamw(
        plan.value[name], plan.gradients[0][name], plan.first[name], plan.second[name], size(shape), learningRate, beta1,
        beta2, epsilon, decay, 1 - beta1 ** count, 1 - beta2 ** count,
      );
    }
    for (const { name, shape } of measured) {
      const running = view(plan.value[name], shape);
      for (let n = 0; n < running.length; n++) {
        let sum = 0;
        for (const shard of plan.statistics) sum += f32[shard[name] / 4 + n];
        running[n] += STATISTICS_MOMENTUM * (sum / plan.statistics.length - running[n]);
      }
    }
    return norm;
  }

  return {
    prepare,
    update,
    readParameters: () => read(plan.layout, plan.value),
    writeParameters: (parameters) => {
      write(plan.layout, plan.value, parameters);
      for (const { name, shape } of learned) {
        view(plan.first[name], shape).fill(0);
        view(plan.second[name], shape).fill(0);
      }
    },
    writeFolded: (network) => write(plan.foldedLayout, plan.folded, network.parameters),
    readMoments: () => ({ first: read(learned, plan.first), second: read(learned, plan.second) }),
    restore: (state) => {
      write(plan.layout, plan.value, state.parameters);
      write(learned, plan.first, state.first);
      write(learned, plan.second, state.second);
    },
  };
}
