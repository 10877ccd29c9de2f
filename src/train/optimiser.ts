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
import type { ShardMemory } from "./own-memory.ts";
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
  /**
   * Clips the summed gradient, takes a step, and updates the running statistics. The tally `plan.squares` keeps the squares of the
   * gradient before clipping.
   */
  update(stage: StageSpec, learningRate: number, count: number, orthogonaliseAll: OrthogonaliseAll): Promise<void>;
  /** Clips every weight to this multiple of the root mean square of its column. */
  clipWeights(deviations: number): void;
  readParameters(): Promise<Record<string, Tensor>>;
  /** Sets parameters and clears the moments. */
  writeParameters(parameters: Readonly<Record<string, Tensor>>): void;
  /** Writes the parameters that validation passes read. */
  writeFolded(network: Network): void;
  readMoments(): Promise<{ first: Record<string, Tensor>; second: Record<string, Tensor> }>;
  restore(state: TrainingState): void;
}

/** Orthogonalises Muon's look-ahead momentum, writing over the sum of gradients. `scratch` is a thread's region. */
export function orthogonaliseMatrix(held: ShardMemory, plan: TrainingPlan, name: string, scratch: Place): void {
  const [rows, columns] = plan.layout.find((parameter) => parameter.name === name)!.shape;
  const { deliver, ...places } = held.matrix(name, rows * columns);
  orthogonalise(held.ops, { rows, columns, ...places, scratch });
  deliver();
}

/** The optimiser on the memory of `plan`. */
export function createOptimiser(ops: TrainingOps, plan: TrainingPlan, { training }: Experiment): Optimiser {
  const learned = plan.layout.filter((parameter) => parameter.learned);
  const measured = plan.layout.filter((parameter) => !parameter.learned);
  const read = (layout: TrainingPlan["layout"], from: Readonly<Record<string, Place>>) =>
    readTensors(ops, layout, from);
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
  ): Promise<void> {
    const { matrices, others } = usesMuon(training, stage) ? byMuon : { matrices: [], others: learned };
    const { squares, gradientWords } = plan;
    ops.clearTallies(squares, 1);
    ops.sumOfSquares(total, gradientWords, squares);
    ops.clipNorm({ target: total, count: gradientWords, squares, clipNorm: training.clipNorm });
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
    for (const { name, shape } of measured) {
      const sources = plan.statistics.map((shard) => shard[name]);
      const momentum = STATISTICS_MOMENTUM;
      ops.moveMeans({ running: plan.value[name], sources, columns: size(shape), momentum });
    }
    await orthogonal;
    for (const { name, shape } of matrices) {
      const [rows, columns] = shape;
      const [parameter, step] = [plan.value[name], sums[name]];
      muonStep(ops, { rows, columns, parameter, orthogonal: step, learningRate, decay: weightDecay });
    }
  }

  function clipWeights(deviations: number) {
    for (const { name, shape } of learned.filter(isWeight)) {
      ops.clipColumns({ target: plan.value[name], rows: shape[0], columns: shape[1], deviations });
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
    readMoments: async () => ({ first: await read(learned, plan.first), second: await read(learned, plan.second) }),
    restore: (state) => {
      write(plan.layout, plan.value, state.parameters);
      write(learned, plan.first, state.first);
      write(learned, plan.second, state.second);
    },
  };
}

const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** Copies of arrays, by name. */
export async function readTensors(
  ops: Pick<TrainingOps, "read">,
  layout: TrainingPlan["layout"],
  from: Readonly<Record<string, Place>>,
): Promise<Record<string, Tensor>> {
  const entries = layout.map(
    async ({ name, shape }) => [name, { shape, data: await ops.read(from[name], size(shape)) }] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}
