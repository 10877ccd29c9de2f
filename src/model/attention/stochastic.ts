/**
 * Stochastic spiking attention on one head, forward and backward: Algorithm 1 of the paper.
 *
 *   count_ij = sum_d Q_id K_jd          S_ij ~ Bern(P_ij),   P_ij = min(1, scoreGain count_ij / d) where mask_ij, else 0
 *   c_id = sum_j S_ij V_jd              A_id ~ Bern(PA_id),  PA_id = min(1, valueGain c_id / N)
 *
 * at every time step, without memory. In Algorithm 1 both gains are 1; `docs/model.md#gains` explains why ours are larger.
 * The random words are an input: `sampled` attention is a pure function of them, while `expected` attention needs none and
 * passes P and PA on as reals.
 *
 * Backward is straight-through (Bengio, Leonard and Courville, arXiv 1308.3432): dP = dS and dPA = dA, through the minimum
 * where it is not saturated and through the mask where it is open. With sampled bits the products use S, not P.
 */
import type { AttentionOf } from "../../experiment/attention.ts";
import {
  type HeadShape,
  type HeadVectors,
  scoreProduct,
  scoreProductBackward,
  valueProduct,
  valueProductBackward,
} from "../heads.ts";
import { bernoulliBit, bernoulliProbability, bernoulliSlope } from "../neuron/bernoulli.ts";
import { expectShape } from "../shape.ts";
import type { AttentionModel } from "./attention.ts";
import type { AttentionDraws } from "./draws.ts";

export interface StochasticAttention {
  /** `[N, N]`, 1 where query token i may attend to key token j. */
  readonly mask: Uint8Array;
  readonly scoreGain: number;
  readonly valueGain: number;
}

export interface StochasticAttentionCache {
  readonly head: HeadVectors;
  readonly shape: HeadShape;
  readonly attention: StochasticAttention;
  /** `[T][N][N]` */
  readonly counts: Float64Array;
  /** S (sampled) or P (expected), `[T][N][N]`. */
  readonly scores: Float64Array;
  /** c, `[T][N][d]`. */
  readonly sums: Float64Array;
}

/**
 * Shapes   head: [T][N][d] each; draws: those of this head, or null for expected attention; returns A (or PA), [T][N][d]
 * Random   none beyond the given words
 */
export function stochasticAttentionForward(
  head: HeadVectors,
  shape: HeadShape,
  attention: StochasticAttention,
  draws: AttentionDraws | null,
): { output: Float64Array; cache: StochasticAttentionCache } {
  const { steps, tokens, dimension } = shape;
  const { mask, scoreGain, valueGain } = attention;
  if (draws) {
    expectShape("scoreDraws", draws.scoreDraws.length, { steps, queries: tokens, keys: tokens });
    expectShape("outputDraws", draws.outputDraws.length, { steps, tokens, dimension });
  }
  const counts = scoreProduct(head.query, head.key, shape);
  const scores = counts.map((count, i) => {
    if (!mask[i % mask.length]) return 0;
    const numerator = scoreGain * count;
    return draws ? bernoulliBit(draws.scoreDraws[i], numerator, dimension) : bernoulliProbability(numerator, dimension);
  });
  const sums = valueProduct(scores, head.value, shape);
  const output = sums.map((sum, i) => {
    const numerator = valueGain * sum;
    return draws ? bernoulliBit(draws.outputDraws[i], numerator, tokens) : bernoulliProbability(numerator, tokens);
  });
  return { output, cache: { head, shape, attention, counts, scores, sums } };
}

/** Gradients with respect to query, key and value, from the gradient with respect to the output, all [T][N][d]. */
export function stochasticAttentionBackward(
  outputGradient: Float64Array,
  cache: StochasticAttentionCache,
): HeadVectors {
  const { head, shape, attention, counts, scores, sums } = cache;
  const { tokens, dimension } = shape;
  const { mask, scoreGain, valueGain } = attention;
  const sumGradient = outputGradient.map(
    (dA, i) => ((dA * valueGain) / tokens) * bernoulliSlope(valueGain * sums[i], tokens),
  );
  const { scores: scoreGradient, value } = valueProductBackward(sumGradient, scores, head.value, shape);
  const countGradient = scoreGradient.map((dS, i) =>
    mask[i % mask.length] ? ((dS * scoreGain) / dimension) * bernoulliSlope(scoreGain * counts[i], dimension) : 0,
  );
  return { ...scoreProductBackward(countGradient, head.query, head.key, shape), value };
}

export const stochasticAttention =
  ({ scoreGain, valueGain }: AttentionOf<"stochastic">): AttentionModel =>
  (head, shape, { mask, draws }) => {
    const { output, cache } = stochasticAttentionForward(head, shape, { mask, scoreGain, valueGain }, draws);
    return {
      output,
      fires: draws !== null,
      scores: draws && cache.scores,
      neurons: [],
      backward: (outputGradient) => stochasticAttentionBackward(outputGradient, cache),
    };
  };
