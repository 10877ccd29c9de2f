/**
 * Softmax attention on one head (paper, Table I, left column). Used only by the ANN:
 *
 *   Z = Q K^T / sqrt(d),   W_i = softmax of Z_i over the keys that mask row i allows,   A = W V
 *
 * Where W is rounded, to multiples of 1 / codes, the backward pass uses the rounded W.
 *
 * A token that may attend to no key gets A = 0. Such tokens exist: in-context prompts open with a query that has no context.
 *
 * Backward: dZ_ij = W_ij (dW_ij - sum_k W_ik dW_ik).
 */
import { roundHalfEven } from "../numeric/rounding.ts";
import {
  type HeadShape,
  type HeadVectors,
  scoreProduct,
  scoreProductBackward,
  valueProduct,
  valueProductBackward,
} from "./heads.ts";

export interface SoftmaxAttentionCache {
  readonly head: HeadVectors;
  readonly shape: HeadShape;
  /** W, `[T][N][N]`; 0 where the mask is closed. */
  readonly weights: Float64Array;
}

/** Shapes: head [T][N][d] each (T is 1 in the ANN), mask [N, N]; returns A, [T][N][d]. */
export function softmaxAttentionForward(
  head: HeadVectors,
  shape: HeadShape,
  mask: Uint8Array,
  codes: number | null = null,
): { output: Float64Array; cache: SoftmaxAttentionCache } {
  const { steps, tokens, dimension } = shape;
  const scores = scoreProduct(head.query, head.key, shape).map((product) => product / Math.sqrt(dimension));
  const weights = new Float64Array(scores.length);
  for (let row = 0; row < steps * tokens; row++) {
    const start = row * tokens;
    const allowed = mask.subarray((row % tokens) * tokens, ((row % tokens) + 1) * tokens);
    let largest = Number.NEGATIVE_INFINITY;
    for (let j = 0; j < tokens; j++) if (allowed[j]) largest = Math.max(largest, scores[start + j]);
    let sum = 0;
    for (let j = 0; j < tokens; j++) {
      if (allowed[j]) sum += weights[start + j] = Math.exp(scores[start + j] - largest);
    }
    for (let j = 0; j < tokens; j++) if (allowed[j]) weights[start + j] /= sum;
    if (codes === null) continue;
    for (let j = start; j < start + tokens; j++) weights[j] = roundHalfEven(weights[j] * codes) / codes;
  }
  return { output: valueProduct(weights, head.value, shape), cache: { head, shape, weights } };
}

/** Gradients with respect to query, key and value, from the gradient with respect to the output, all [T][N][d]. */
export function softmaxAttentionBackward(outputGradient: Float64Array, cache: SoftmaxAttentionCache): HeadVectors {
  const { head, shape, weights } = cache;
  const { steps, tokens, dimension } = shape;
  const { scores: weightGradient, value } = valueProductBackward(outputGradient, weights, head.value, shape);
  const scoreGradient = new Float64Array(weights.length);
  for (let row = 0; row < steps * tokens; row++) {
    const start = row * tokens;
    let mean = 0;
    for (let j = start; j < start + tokens; j++) mean += weights[j] * weightGradient[j];
    for (let j = start; j < start + tokens; j++) {
      scoreGradient[j] = (weights[j] * (weightGradient[j] - mean)) / Math.sqrt(dimension);
    }
  }
  return { ...scoreProductBackward(scoreGradient, head.query, head.key, shape), value };
}
