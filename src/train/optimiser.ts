/**
 * Operations on all parameters at once, run on the calling thread between the shards' work: AdamW or Muon with gradient clipping,
 * weight clipping, and running BatchNorm statistics.
 *
 * AdamW: Loshchilov and Hutter, ICLR 2019, algorithm 2 (`kernels/assembly/adamw.ts`). Muon: `muon.ts`.
 */
import type { Experiment } from "../experiment/experiment.ts";
import type { StageSpec } from "../experiment/training.ts";
import type { Place } from "../kernels/arena.ts";
import type { TrainingOps } from "../kernels/training-ops.ts";
import { isFeatureWeight, isWeight, type Network, type Tensor } from "../model/network.ts";
import { lookAhead, muonStep, orthogonalise, usesMuon } from "./muon.ts";
import type { TrainingPlan } from "./plan.ts";
import { wholePower } from "./schedule.ts";
import type { TrainingState } from "./state.ts";

/** Weight of a step's new statistics in the running ones. */
const STATISTICS_MOMENTUM = 0.05;

/** Runs `orthogonaliseMatrix` for each of these matrices, on any thread; weights by name, the costliest first. */
export type OrthogonaliseAll = (names: readonly string[]) => Promise<unknown>;

export interface Optimiser {
  /** Adds the gradients of these buffers, in this order, to the sum in the first. */
  addGradients(buffers: readonly number[]): void;
  /** Clips the summed gradient, takes a step, and updates the running statistics; resolves to the norm before clipping. */
  update(stage: StageSpec, learningRate: number, count: number, orthogonaliseAll: OrthogonaliseAll): Promise<number>;
  /** Clips every weight to this multiple of the root mean square of its column. */
  clipWeights(deviations: number): void;
  readParameters(): Record<string, Tensor>;
  /** Sets parameters and clears the moments. */
  writeParameters(parameters: Readonly<Record<string, Tensor>>): void;
  /** Writes the parameters that validation passes read. */
  writeFolded(network: Network): void;
  readMoments(): { first: Record<string, Tensor>; second: Record<string, Tensor> };
  restore(state: TrainingState): void;
}

/** Orthogonalises Muon's look-ahead momentum, writing over the sum of gradients. `scratch` is a thread's region. */
export function orthogonaliseMatrix(ops: TrainingOps, plan: TrainingPlan, name: string, scratch: Place): void {
  const [rows, columns] = plan.layout.find((parameter) => parameter.name === name)!.shape;
  orthogonalise(ops, { rows, columns, source: plan.second[name], target: plan.gradients[0][name], scratch });
}

/** The optimiser on the memory of `plan`. */
export function createOptimiser(ops: TrainingOps, plan: TrainingPlan, { training }: Experiment): Optimiser {
  const learned = plan.layout.filter((parameter) => parameter.learned);
  const measured = plan.layout.filter((parameter) => !parameter.learned);
  const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
  const read = (layout: TrainingPlan["layout"], from: Readonly<Record<string, Place>>) =>
    Object.fromEntries(layout.map(({ name, shape }) => [name, { shape, data: ops.floats(from[name], size(shape)) }]));
  const write = (
    layout: TrainingPlan["layout"],
    to: Readonly<Record<string, Place>>,
    from: Readonly<Record<string, Tensor>>,
  ) => {
    for (const { name } of layout) ops.write(to[name], from[name].data);
  };

  const [total] = plan.gradientStarts;
  const [sums] = plan.gradients;
  const cost = ([rows, columns]: readonly number[]) => rows * columns * Math.min(rows, columns);
  const byMuon = {
    matrices: learned.filter(isFeatureWeight).sort((a, b) => cost(b.shape) - cost(a.shape)),
    others: learned.filter((parameter) => !isFeatureWeight(parameter)),
  };

  function addGradients(buffers: readonly number[]) {
    for (const buffer of buffers) if (buffer > 0) ops.add(total, plan.gradientStarts[buffer], plan.gradientWords);
  }

  async function update(
    stage: StageSpec,
    learningRate: number,
    count: number,
    orthogonaliseAll: OrthogonaliseAll,
  ): Promise<number> {
    const { matrices, others } = usesMuon(training, stage) ? byMuon : { matrices: [], others: learned };
    const norm = Math.sqrt(ops.sumOfSquares(total, plan.gradientWords));
    if (norm > training.clipNorm) ops.scale(total, plan.gradientWords, training.clipNorm / norm);
    for (const { name, shape } of matrices) {
      const [gradient, momentum, ahead] = [sums[name], plan.first[name], plan.second[name]];
      lookAhead(ops, { gradient, momentum, ahead, count: size(shape) });
    }
    const orthogonal = matrices.length > 0 && orthogonaliseAll(matrices.map(({ name }) => name));
    const { beta1, beta2, epsilon, weightDecay } = training;
    const correction1 = 1 - wholePower(beta1, count);
    const correction2 = 1 - wholePower(beta2, count);
    for (const { name, shape } of others) {
      ops.adamw({
        parameter: plan.value[name],
        gradient: sums[name],
        first: plan.first[name],
        second: plan.second[name],
        count: size(shape),
        learningRate,
        beta1,
        beta2,
        epsilon,
        // Decay acts on matrices only: gains and offsets set scales that the task determines.
        decay: shape.length > 1 ? weightDecay : 0,
        correction1,
        correction2,
      });
    }
    for (const { name, shape } of measured) moveStatistics(name, size(shape));
    await orthogonal;
    for (const { name, shape } of matrices) {
      const [rows, columns] = shape;
      const [parameter, step] = [plan.value[name], sums[name]];
      muonStep(ops, { rows, columns, parameter, orthogonal: step, learningRate, decay: weightDecay });
    }
    return norm;
  }

  function moveStatistics(name: string, count: number) {
    const running = ops.floats(plan.value[name], count);
    const shards = plan.statistics.map((shard) => ops.floats(shard[name], count));
    for (let n = 0; n < count; n++) {
      let sum = 0;
      for (const statistics of shards) sum += statistics[n];
      running[n] += STATISTICS_MOMENTUM * (sum / shards.length - running[n]);
    }
    ops.write(plan.value[name], running);
  }

  function clipWeights(deviations: number) {
    for (const { name, shape } of learned.filter(isWeight)) {
      const values = ops.floats(plan.value[name], size(shape));
      const columns = shape[1];
      const squares = new Float64Array(columns);
      values.forEach((value, i) => {
        squares[i % columns] += value * value;
      });
      const limits = squares.map((sum) => deviations * Math.sqrt((sum * columns) / values.length));
      for (let i = 0; i < values.length; i++) {
        const limit = limits[i % columns];
        if (Math.abs(values[i]) > limit) values[i] = values[i] < 0 ? -limit : limit;
      }
      ops.write(plan.value[name], values);
    }
  }

  return {
    addGradients,
    update,
    clipWeights,
    readParameters: () => read(plan.layout, plan.value),
    writeParameters: (parameters) => {
      write(plan.layout, plan.value, parameters);
      for (const { name, shape } of learned) {
        ops.fill(plan.first[name], size(shape), 0);
        ops.fill(plan.second[name], size(shape), 0);
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
