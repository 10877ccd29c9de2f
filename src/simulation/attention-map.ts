/**
 * Where a network attends: the probability that a token attends to another, from the spikes of q and k kept by a simulation.
 *
 *   map_t(j) = mean over heads and query tokens i of  min(1, scoreGain sum_d (Q_i and K_j) / d_K)   at step t
 *
 * This is the probability with which the SSA engine draws the score S_ij, so the map shows the engine's input without the noise
 * of its draw.
 */
import { ShapeError } from "../errors.ts";
import { type ByAttention, forAttention } from "../experiment/by-attention.ts";
import type { AttentionOperation } from "../model/attention/operation.ts";
import { type SpikeTrain, unpackSpikes } from "../spike/train.ts";

/** The gain of a score's probability; null for kinds whose scores have none. */
const SCORE_GAINS: ByAttention<number | null> = {
  stochastic: ({ scoreGain }) => scoreGain,
  lif: () => null,
  spikformer: () => null,
  "sdsa-1": () => null,
  "sdsa-3": () => null,
  "qk-token": () => null,
  "qk-channel": () => null,
  "alpha-xnor": () => null,
  "binary-map": () => null,
  random: () => null,
  none: () => null,
};

/**
 * Shapes   qkv: [T][prompts tokens][3 D], the train that the operation reads, as in `Trace.rasters`; returns [T][prompts, tokens], or null
 *          for other than stochastic attention, whose scores have no probability
 * Throws   ShapeError when the train is not the q, k and v of the operation
 */
export function attentionMaps(operation: AttentionOperation, qkv: SpikeTrain): Float64Array[] | null {
  const { how, tokens, mask, heads, dimension } = operation;
  const width = heads * dimension;
  const scoreGain = "attention" in how ? forAttention(how.attention, SCORE_GAINS) : null;
  if (scoreGain === null) return null;
  if (qkv.features !== 3 * width || qkv.rows % tokens !== 0) {
    throw new ShapeError(
      "qkv",
      `${qkv.rows} rows of ${qkv.features} features are not q, k and v of prompts with ${tokens} tokens and width ${width}.`,
    );
  }
  const bits = unpackSpikes(qkv);
  return Array.from({ length: qkv.steps }, (_, t) => {
    const map = new Float64Array(qkv.rows);
    for (let first = 0; first < qkv.rows; first += tokens) {
      for (let i = 0; i < tokens; i++) {
        for (let j = 0; j < tokens; j++) {
          if (!mask[i * tokens + j]) continue;
          const query = (t * qkv.rows + first + i) * 3 * width;
          const key = (t * qkv.rows + first + j) * 3 * width + width;
          for (let head = 0; head < heads; head++) {
            let count = 0;
            for (let d = head * dimension; d < (head + 1) * dimension; d++) count += bits[query + d] & bits[key + d];
            map[first + j] += Math.min(1, (scoreGain * count) / dimension) / (heads * tokens);
          }
        }
      }
    }
    return map;
  });
}
