/**
 * The penalty on firing rates, and its gradient at the spikes of each layer. Twin: `model/spike-rate.ts`.
 *
 *   rate = spikes / count,  count = T B N n
 *   d spike = 2 weight max(0, rate - target) / count, the same for every spike of the layer
 *
 * The rate is that of the prompts of this call, like BatchNorm's statistics.
 */
import type { SpikeRateSpec } from "../experiment/training.ts";
import type { PackedBits, Place } from "./arena.ts";
import type { Ops } from "./ops.ts";

export interface SpikeRatePenalty {
  /** Starts the backward pass of a loss that is a sum over this many answers, with gradients scaled by `scale`. */
  start(answers: number, scale: number): void;
  /** Includes a layer, and adds to the gradient of its spikes, dSpikes [rows, features]; rows are T B N. */
  add(spikes: PackedBits, rows: number, dSpikes: Place): void;
  /** The penalty since `start`, times the number of answers: the term added to the sum of their losses. */
  sum(): number;
}

/** `row`: a place with as many words as the widest layer has neurons. */
export function bindSpikeRatePenalty(ops: Ops, { weight, target }: SpikeRateSpec, row: Place): SpikeRatePenalty {
  let answers = 0;
  let scale = 0;
  let penalty = 0;
  return {
    start: (ofAnswers, ofGradient) => {
      [answers, scale, penalty] = [ofAnswers, ofGradient, 0];
    },
    add: (spikes, rows, dSpikes) => {
      const { features } = spikes;
      const count = rows * features;
      const excess = ops.countBits(spikes, rows) / count - target;
      if (excess <= 0) return;
      penalty += weight * excess ** 2;
      ops.fill(row, features, (scale * answers * 2 * weight * excess) / count);
      ops.addRow({ source: dSpikes, row, rows, columns: features, target: dSpikes });
    },
    sum: () => answers * penalty,
  };
}
