/**
 * A penalty on neurons that fire often, added to the loss of the answers:
 *
 *   penalty = weight sum over layers max(0, rate - target)^2
 *
 * A layer here is a layer of LIF neurons, as named in `spiking.ts`. Its rate is the mean of its spikes over steps, prompts, tokens
 * and features. Layers below the target are not penalised. Not counted: spikes inside attention (scores and output), and the input.
 *
 * Source: the upper bound on population activity by Zenke and Vogels (Neural Computation 33, 2021). They apply it to the counts
 * of each input separately; we apply it to the mean over the batch (in training, over each shard). Left out: their lower bound,
 * which keeps neurons active.
 */
import type { SpikeRateSpec } from "../experiment/training.ts";

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
