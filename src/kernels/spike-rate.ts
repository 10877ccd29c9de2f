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
  /**
   * Starts the backward pass of a loss that is a sum over this many answers, with gradients scaled by `scale`. The tally receives the
   * penalty; times `answers`, it is the term added to the sum of their losses.
   */
  start(answers: number, scale: number, tally: Place): void;
  /** Includes a layer, and adds to the gradient of its spikes, dSpikes [rows, features]; rows are T B N. */
  add(spikes: PackedBits, rows: number, dSpikes: Place): void;
}

/** `row`: a place with as many words as the widest layer has neurons. */
export function bindSpikeRatePenalty(ops: Ops, { weight, target }: SpikeRateSpec, row: Place): SpikeRatePenalty {
  let scale = 0;
  let tally: Place = 0;
  return {
    start: (answers, ofGradient, place) => {
      [scale, tally] = [ofGradient * answers, place];
    },
    add: (bits, rows, dSpikes) =>
      ops.penaliseRate({ bits, rows, rate: target, weight, scale, dSpikes, tally, scratch: row }),
  };
}
