/**
 * Attention with LIF neurons on one head, as in the usual spiking transformer (paper, Table I, middle column; Spikformer):
 *
 *   S = LIF(scoreGain Q K^T / d), 0 where the mask is closed;   A = LIF(valueGain S V / N)
 *
 * This is the digital baseline for stochastic attention, with the same normalisers and gains. However, each of the N N scores and N
 * d outputs keeps a membrane from step to step, and nothing is drawn at random. Membranes behind a closed mask run but are not read.
 */
import type { AttentionOf } from "../../experiment/attention.ts";
import type { SurrogateSpec } from "../../experiment/model.ts";
import type { NeuronSpec } from "../../experiment/neuron.ts";
import {
  type HeadShape,
  type HeadVectors,
  scoreProduct,
  scoreProductBackward,
  valueProduct,
  valueProductBackward,
} from "../heads.ts";
import { neuronModel } from "../neuron/catalogue.ts";
import type { NeuronCache } from "../neuron/neuron.ts";
import type { AttentionModel } from "./attention.ts";

export interface LifAttention {
  /** `[N, N]`, 1 where query token i may attend to key token j. */
  readonly mask: Uint8Array;
  readonly scoreGain: number;
  readonly valueGain: number;
  readonly neuron: NeuronSpec;
  readonly surrogate: SurrogateSpec;
  /** Emit s(V - threshold) instead of bits (see `neuron/lif.ts`). */
  readonly smooth: boolean;
}

export interface LifAttentionCache {
  readonly head: HeadVectors;
  readonly shape: HeadShape;
  readonly attention: LifAttention;
  readonly scoreNeurons: NeuronCache;
  /** S after the mask, `[T][N][N]`. */
  readonly scores: Float64Array;
  readonly outputNeurons: NeuronCache;
}

/** Shapes: head [T][N][d] each; returns A, [T][N][d]. */
export function lifAttentionForward(
  head: HeadVectors,
  shape: HeadShape,
  attention: LifAttention,
): { output: Float64Array; cache: LifAttentionCache } {
  const { steps, tokens, dimension } = shape;
  const { mask, scoreGain, valueGain, neuron, surrogate } = attention;
  const smooth = attention.smooth ? surrogate : null;
  const neurons = neuronModel(neuron);
  const scoreCurrent = scoreProduct(head.query, head.key, shape).map((count) => (scoreGain * count) / dimension);
  const scoreNeurons = neurons.forward(scoreCurrent, steps, smooth);
  const scores = scoreNeurons.output.map((s, i) => (mask[i % mask.length] ? s : 0));
  const outputCurrent = valueProduct(scores, head.value, shape).map((sum) => (valueGain * sum) / tokens);
  const outputNeurons = neurons.forward(outputCurrent, steps, smooth);
  return { output: outputNeurons.output, cache: { head, shape, attention, scoreNeurons, scores, outputNeurons } };
}

/** Gradients with respect to query, key and value, from the gradient with respect to the output, all [T][N][d]. */
export function lifAttentionBackward(outputGradient: Float64Array, cache: LifAttentionCache): HeadVectors {
  const { head, shape, attention, scoreNeurons, scores, outputNeurons } = cache;
  const { steps, tokens, dimension } = shape;
  const { mask, scoreGain, valueGain, neuron, surrogate } = attention;
  const neurons = neuronModel(neuron);
  const sumGradient = neurons
    .backward(outputGradient, outputNeurons, steps, surrogate)
    .current.map((dI) => (dI * valueGain) / tokens);
  const { scores: scoreGradient, value } = valueProductBackward(sumGradient, scores, head.value, shape);
  const open = scoreGradient.map((dS, i) => (mask[i % mask.length] ? dS : 0));
  const countGradient = neurons
    .backward(open, scoreNeurons, steps, surrogate)
    .current.map((dI) => (dI * scoreGain) / dimension);
  return { ...scoreProductBackward(countGradient, head.query, head.key, shape), value };
}

export const lifAttention =
  ({ scoreGain, valueGain }: AttentionOf<"lif">): AttentionModel =>
  (head, shape, { mask, neuron, surrogate, smooth }) => {
    const attention = { mask, scoreGain, valueGain, neuron, surrogate, smooth };
    const { output, cache } = lifAttentionForward(head, shape, attention);
    const { scores, scoreNeurons, outputNeurons } = cache;
    return {
      output,
      fires: true,
      scores,
      neurons: [scoreNeurons, outputNeurons],
      backward: (outputGradient) => lifAttentionBackward(outputGradient, cache),
    };
  };
