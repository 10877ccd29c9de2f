/**
 * The penalty on firing rates, and its gradient at the spikes of each layer. Twin: `model/spike-rate.ts`.
 *
 *   rate = spikes / count,  count = T B N n
 *   d spike = 2 weight max(0, rate - target) / count, the same at every place of the layer
 *
 * The rate is that of the prompts of this call, as BatchNorm's statistics are.
 */
import type { SpikeRateSpec } from "../spec/training.ts";
import type { Arena, Kernels } from "./memory.ts";
import type { PackedBits } from "./spike-linear.ts";

export interface SpikeRatePenalty {
  /** Begins the backward pass of a loss that is a sum over so many answers, and times `scale` where gradients are concerned. */
  start(answers: number, scale: number): void;
  /** Counts a layer in, and adds to the gradient of its spikes, ds [rows, features]; rows are T B N. */
  add(spikes: PackedBits, rows: number, ds: number): void;
  /** The penalty since `start`, times the answers: what is added to the sum of their losses. */
  sum(): number;
}

/** For layers of at most `maxFeatures` neurons. */
export function createSpikeRatePenalty(
  kernels: Kernels | null,
  arena: Arena,
  { weight, target }: SpikeRateSpec,
  maxFeatures: number,
): SpikeRatePenalty {
  const row = arena.words(maxFeatures);
  let answers = 0;
  let scale = 0;
  let penalty = 0;
  return {
    start: (ofAnswers, ofGradient) => {
      [answers, scale, penalty] = [ofAnswers, ofGradient, 0];
    },
    add: ({ at, words, features }, rows, ds) => {
      const { run } = kernels!;
      const count = rows * features;
      const excess = run.countBits(at, rows * words) / count - target;
      if (excess <= 0) return;
      penalty += weight * excess ** 2;
      run.fill(row, features, (scale * answers * 2 * weight * excess) / count);
      run.addRow(ds, row, rows, features, ds);
    },
    sum: () => answers * penalty,
  };
}
