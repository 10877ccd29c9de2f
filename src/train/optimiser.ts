/**
 * What acts on all parameters at once, on the calling thread and between the shards' work: AdamW with a clipped gradient,
 * running BatchNorm statistics, and the weight noise of hardware-aware training.
 *
 * AdamW: Loshchilov and Hutter, ICLR 2019, algorithm 2 (`kernels/assembly/adamw.ts`).
 */
import type { Kernels } from "../kernels/memory.ts";
import { type Network, NORM_EPSILON, type Tensor } from "../model/network.ts";
import { stream } from "../numeric/stream.ts";
import type { Experiment } from "../spec/experiment.ts";
import type { StageSpec } from "../spec/training.ts";
import type { TrainingPlan } from "./plan.ts";
import { wholePower } from "./schedule.ts";
import type { TrainingState } from "./state.ts";

/** New statistics of a step count this much in the running ones. */
const STATISTICS_MOMENTUM = 0.05;

/** Weight noise of a column relative to its own largest weight, at most. */
const LARGEST_COLUMN_NOISE = 0.5;

export interface Optimiser {
  /** Prepares what the shards of a step read: the noisy copy of the weights. */
  prepare(stage: StageSpec, step: number): void;
  /** Sums gradients, clips, steps, and moves the running statistics; returns the gradient's norm before clipping. */
  update(learningRate: number, count: number): number;
  readParameters(): Record<string, Tensor>;
  /** Sets parameters and clears the moments. */
  writeParameters(parameters: Readonly<Record<string, Tensor>>): void;
  /** Sets what the validation passes read. */
  writeFolded(network: Network): void;
  readMoments(): { first: Record<string, Tensor>; second: Record<string, Tensor> };
  restore(state: TrainingState): void;
}

/** The optimiser on the memory of `plan`. */
export function createOptimiser(
  kernels: Kernels,
  plan: TrainingPlan,
  { training, hardware, seed }: Experiment,
): Optimiser {
  const { run, f32 } = kernels;
  const learned = plan.layout.filter((parameter) => parameter.learned);
  const measured = plan.layout.filter((parameter) => !parameter.learned);
  const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
  const view = (at: number, shape: readonly number[]) => f32.subarray(at / 4, at / 4 + size(shape));
  const read = (layout: TrainingPlan["layout"], from: Readonly<Record<string, number>>) =>
    Object.fromEntries(layout.map(({ name, shape }) => [name, { shape, data: view(from[name], shape).slice() }]));
  const write = (
    layout: TrainingPlan["layout"],
    to: Readonly<Record<string, number>>,
    from: Readonly<Record<string, Tensor>>,
  ) => {
    for (const { name, shape } of layout) view(to[name], shape).set(from[name].data);
  };
  const noise = stream(seed).fork("weight noise");

  function prepare({ noise: { weights } }: StageSpec, step: number) {
    if (weights === 0) return;
    for (const { name, shape } of plan.layout) {
      const source = plan.value[name];
      const [rows, columns = 1] = shape;
      if (!name.endsWith(".weight")) {
        f32.copyWithin(plan.noisy[name] / 4, source / 4, source / 4 + size(shape));
        continue;
      }
      const deviations = columnDeviations(name, rows, columns, weights);
      f32.set(deviations, plan.noiseDeviations / 4);
      const [key0, key1] = noise.fork(step, name).key;
      run.addNoise(source, rows, columns, plan.noiseDeviations, key0, key1, plan.noisy[name], plan.noiseWords);
    }
  }

  /**
   * Noise relative to the column's own largest weight, or to the largest folded weight of the layer, undone by the fold: BatchNorm
   * rescales each column. The noise of a column is at most half of its own largest weight: it raises the column's running variance,
   * which shrinks the column when folded, so that without a limit noise and variance of a weak column would drive each other to
   * infinity.
   */
  function columnDeviations(name: string, rows: number, columns: number, weights: number): Float32Array {
    const columnLargest = new Float32Array(columns);
    const values = view(plan.value[name], [rows, columns]);
    for (let i = 0; i < values.length; i++) {
      columnLargest[i % columns] = Math.max(columnLargest[i % columns], Math.abs(values[i]));
    }
    if (hardware.crossbar.scaling === "column") {
      return columnLargest.map((own) => Math.min(weights, LARGEST_COLUMN_NOISE) * own);
    }
    const layer = name.slice(0, -".weight".length);
    const scale = Float32Array.from({ length: columns }, (_, n) => {
      const variance = plan.value[`${layer}.variance`];
      if (variance === undefined) return 1;
      return Math.abs(f32[plan.value[`${layer}.gain`] / 4 + n]) / Math.sqrt(f32[variance / 4 + n] + NORM_EPSILON);
    });
    const largest = columnLargest.reduce((most, value, n) => Math.max(most, value * scale[n]), 0);
    return columnLargest.map((own, n) => Math.min((weights * largest) / scale[n], LARGEST_COLUMN_NOISE * own));
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
        plan.value[name],
        plan.gradients[0][name],
        plan.first[name],
        plan.second[name],
        size(shape),
        learningRate,
        beta1,
        beta2,
        epsilon,
        decay,
        1 - wholePower(beta1, count),
        1 - wholePower(beta2, count),
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
