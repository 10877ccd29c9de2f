/**
 * Attention that weighs each pair of tokens by a whole number or a bit, with neurons on the weighted sums of values:
 *
 *   A = SN(scale sum_j mask_ij w_ij V_j),   w_ij a function of the bits of Q_i and K_j
 *
 *   spikformer   w = sum_c q k                            Spikformer (Zhou et al., ICLR 2023, arXiv 2209.15425), equation 6
 *   sdsa-3       the same numbers, computed as Q (K^T V)  Spike-driven Transformer V2 (Yao et al., ICLR 2024, arXiv 2404.03663)
 *   alpha-xnor   w = sum_c (q k + alpha (1 - q)(1 - k))   two zeros count, too
 *   binary-map   w = 1 where sum_c q k >= cut             BESTformer (arXiv 2501.05904), with a fixed cut for the learned one
 *
 * By the associative law, V2's attention equals Spikformer's: only the hardware differs, N^2 d steps of work against N d^2.
 *
 * Backward: the surrogate replaces the derivative of neurons, and of the binary map at (count - cut) / cut.
 */

import {
  type HeadShape,
  type HeadVectors,
  scoreProduct,
  scoreProductBackward,
  valueProduct,
  valueProductBackward,
} from "../heads.ts";
import { neuronModel } from "../neuron/catalogue.ts";
import { surrogateDerivative, surrogateIntegral } from "../neuron/surrogate.ts";
import type { AttendedHead, AttentionModel, AttentionRun } from "./attention.ts";

/** The weights of all pairs, `[T][N][N]`, and the gradients of queries and keys from those of the weights. */
interface PairWeights {
  readonly weights: Float64Array;
  backward(weightGradient: Float64Array): Pick<HeadVectors, "query" | "key">;
}

type Weigh = (head: HeadVectors, shape: HeadShape, run: AttentionRun) => PairWeights;

/** w = sum_c q k. */
const countOnes: Weigh = ({ query, key }, shape) => ({
  weights: scoreProduct(query, key, shape),
  backward: (gradient) => scoreProductBackward(gradient, query, key, shape),
});

/** Two ones count 1, two zeros alpha: (1 + alpha) q k - alpha q - alpha k + alpha. */
const countEqual =
  (alpha: number): Weigh =>
  ({ query, key }, shape) => {
    const invert = (bits: Float64Array) => bits.map((bit) => 1 - bit);
    const [absent, missing] = [invert(query), invert(key)];
    const zeros = scoreProduct(absent, missing, shape);
    return {
      weights: scoreProduct(query, key, shape).map((ones, i) => ones + alpha * zeros[i]),
      backward: (gradient) => {
        const ofOnes = scoreProductBackward(gradient, query, key, shape);
        const ofZeros = scoreProductBackward(gradient, absent, missing, shape);
        const join = (part: "query" | "key") => ofOnes[part].map((d, i) => d - alpha * ofZeros[part][i]);
        return { query: join("query"), key: join("key") };
      },
    };
  };

/** A bit for each pair; equality counts as enough. */
const cutCount =
  (cut: number): Weigh =>
  ({ query, key }, shape, { smooth, surrogate }) => {
    const distance = scoreProduct(query, key, shape).map((count) => (count - cut) / cut);
    const decide = smooth ? (x: number) => surrogateIntegral(surrogate, x) : (x: number) => (x >= 0 ? 1 : 0);
    return {
      weights: distance.map(decide),
      backward: (gradient) => {
        const ofCounts = gradient.map((dw, i) => (dw * surrogateDerivative(surrogate, distance[i])) / cut);
        return scoreProductBackward(ofCounts, query, key, shape);
      },
    };
  };

export const onesAttention = ({ scale }: { readonly scale: number }): AttentionModel => weighted(countOnes, scale);

export const xnorAttention = (of: { readonly alpha: number; readonly scale: number }): AttentionModel =>
  weighted(countEqual(of.alpha), of.scale);

/** Its weights are bits, S of the trace. */
export const binaryMapAttention =
  ({ cut, scale }: { readonly cut: number; readonly scale: number }): AttentionModel =>
  (head, shape, run) => {
    const { attended, weights } = attendPairs(head, shape, run, cutCount(cut), scale);
    return { ...attended, scores: weights };
  };

/** No gradient reaches queries and keys, so their random weights stay as they are. */
export const frozenAttention =
  ({ scale }: { readonly scale: number }): AttentionModel =>
  (head, shape, run) => {
    const { attended } = attendPairs(head, shape, run, countOnes, scale);
    const still = () => new Float64Array(head.query.length);
    return {
      ...attended,
      backward: (gradient) => ({ query: still(), key: still(), value: attended.backward(gradient).value }),
    };
  };

const weighted =
  (weigh: Weigh, scale: number): AttentionModel =>
  (head, shape, run) =>
    attendPairs(head, shape, run, weigh, scale).attended;

function attendPairs(
  head: HeadVectors,
  shape: HeadShape,
  run: AttentionRun,
  weigh: Weigh,
  scale: number,
): { attended: AttendedHead; weights: Float64Array } {
  const { mask, neuron, surrogate, smooth } = run;
  const neurons = neuronModel(neuron);
  const open = (values: Float64Array) => values.map((value, i) => (mask[i % mask.length] ? value : 0));
  const pairs = weigh(head, shape, run);
  const weights = open(pairs.weights);
  const current = valueProduct(weights, head.value, shape).map((sum) => scale * sum);
  const outputs = neurons.forward(current, shape.steps, smooth ? surrogate : null);
  const attended: AttendedHead = {
    output: outputs.output,
    fires: true,
    scores: null,
    neurons: [outputs],
    backward: (outputGradient) => {
      const sumGradient = neurons
        .backward(outputGradient, outputs, shape.steps, surrogate)
        .current.map((dI) => scale * dI);
      const { scores, value } = valueProductBackward(sumGradient, weights, head.value, shape);
      return { ...pairs.backward(open(scores)), value };
    },
  };
  return { attended, weights };
}
