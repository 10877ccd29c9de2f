/**
 * A penalty on neurons that fire often, beside the loss of the answers:
 *
 *   penalty = weight sum over layers max(0, rate - target)^2
 *
 * where a layer is one of LIF neurons as `spiking.ts` names them, and its rate the mean of its spikes over steps, prompts, tokens
 * and features. Layers below the target are left alone. Not counted: the spikes inside attention (scores and its output), and
 * the input.
 *
 * Source: the upper bound on the activity of a population by Zenke and Vogels (Neural Computation 33, 2021). Theirs is taken on
 * the counts of each input by itself, ours on the mean over the batch (in training, over each shard of it). Left out: their lower
 * bound, which keeps neurons alive.
 */
import type { SpikeRateSpec } from "../spec/training.ts";

/** The penalty, and its derivative with respect to each layer's rate. */
export function spikeRatePenalty(
  rates: Readonly<Record<string, number>>,
  { weight, target }: SpikeRateSpec,
): { penalty: number; slopes: Record<string, number> } {
  const slopes: Record<string, number> = {};
  let penalty = 0;
  for (const [layer, rate] of Object.entries(rates)) {
    const excess = Math.max(0, rate - target);
    penalty += weight * excess ** 2;
    slopes[layer] = 2 * weight * excess;
  }
  return { penalty, slopes };
}
