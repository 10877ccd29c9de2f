/**
 * Attention without a product of tokens: neurons count, and their spikes gate K or Q bit by bit.
 *
 *   sdsa-1       A_ic = q_ic SN(scale sum_j mask_ij k_jc v_jc)   Spike-driven Transformer (Yao et al., NeurIPS 2023, arXiv 2307.01694)
 *   qk-channel   A_ic = k_ic SN(scale sum_j mask_ij q_jc)        QKFormer (Zhou et al., NeurIPS 2024, arXiv 2403.16552), no V
 *   qk-token     A_ic = k_ic SN(scale sum_c q_ic)                the same; it mixes no tokens
 *
 * The publications sum over all tokens. With a causal mask the sum runs over the tokens that token i may attend to, and every token has
 * neurons of its own; tokens whose rows of the mask are equal have equal neurons.
 */
import type { HeadShape } from "../heads.ts";
import { neuronModel } from "../neuron/catalogue.ts";
import type { AttendedHead, AttentionModel, AttentionRun } from "./attention.ts";

export const countingAttention =
  ({ scale }: { readonly scale: number }): AttentionModel =>
  (head, shape, run) => {
    const both = times(head.key, head.value);
    const { attended, sumBackward } = gate(overTokens(both, shape, run.mask), head.query, shape, run, scale);
    return {
      ...attended,
      backward: (outputGradient) => {
        const { gated, sums } = sumBackward(outputGradient);
        const ofBoth = overTokensBackward(sums, shape, run.mask);
        return { query: gated, key: times(ofBoth, head.value), value: times(ofBoth, head.key) };
      },
    };
  };

export const channelAttention =
  ({ scale }: { readonly scale: number }): AttentionModel =>
  (head, shape, run) => {
    const { attended, sumBackward } = gate(overTokens(head.query, shape, run.mask), head.key, shape, run, scale);
    return {
      ...attended,
      backward: (outputGradient) => {
        const { gated, sums } = sumBackward(outputGradient);
        return { query: overTokensBackward(sums, shape, run.mask), key: gated, value: NOTHING };
      },
    };
  };

export const tokenAttention =
  ({ scale }: { readonly scale: number }): AttentionModel =>
  (head, shape, run) => {
    const { dimension } = shape;
    const neurons = neuronModel(run.neuron);
    const rows = head.query.length / dimension;
    const sumOf = (values: Float64Array, row: number) =>
      values.subarray(row * dimension, (row + 1) * dimension).reduce((sum, value) => sum + value, 0);
    const current = Float64Array.from({ length: rows }, (_, row) => scale * sumOf(head.query, row));
    const gates = neurons.forward(current, shape.steps, run.smooth ? run.surrogate : null);
    const spread = (perToken: Float64Array) => head.key.map((_, i) => perToken[Math.floor(i / dimension)]);
    return {
      output: times(head.key, spread(gates.output)),
      fires: true,
      scores: null,
      neurons: [gates],
      backward: (outputGradient) => {
        const products = times(outputGradient, head.key);
        const gateGradient = gates.output.map((_, row) => sumOf(products, row));
        const currentGradient = neurons.backward(gateGradient, gates, shape.steps, run.surrogate).current;
        return {
          query: spread(currentGradient.map((dI) => scale * dI)),
          key: times(outputGradient, spread(gates.output)),
          value: NOTHING,
        };
      },
    };
  };

/** Control: A = V, so no token reads another. */
export const noAttention: AttentionModel = ({ value }) => ({
  output: value,
  fires: true,
  scores: null,
  neurons: [],
  backward: (outputGradient) => ({ query: NOTHING, key: NOTHING, value: outputGradient }),
});

/** The gradient of a part that the kind does not read. */
const NOTHING = new Float64Array(0);

/** A = gated SN(scale sums), with the gradients of both factors; all `[T][N][d]`. */
function gate(sums: Float64Array, gated: Float64Array, { steps }: HeadShape, run: AttentionRun, scale: number) {
  const { neuron, surrogate, smooth } = run;
  const neurons = neuronModel(neuron);
  const current = sums.map((sum) => scale * sum);
  const gates = neurons.forward(current, steps, smooth ? surrogate : null);
  const attended: Omit<AttendedHead, "backward"> = {
    output: times(gated, gates.output),
    fires: true,
    scores: null,
    neurons: [gates],
  };
  const sumBackward = (outputGradient: Float64Array): { gated: Float64Array; sums: Float64Array } => ({
    gated: times(outputGradient, gates.output),
    sums: neurons.backward(times(outputGradient, gated), gates, steps, surrogate).current.map((dI) => scale * dI),
  });
  return { attended, sumBackward };
}

const times = (a: Float64Array, b: Float64Array): Float64Array => a.map((x, i) => x * b[i]);

/** sum_ic = sum_j mask_ij values_jc at each step. */
function overTokens(values: Float64Array, shape: HeadShape, mask: Uint8Array): Float64Array {
  const sums = new Float64Array(values.length);
  forEachOpenPair(shape, mask, (i, j) => {
    for (let c = 0; c < shape.dimension; c++) sums[i + c] += values[j + c];
  });
  return sums;
}

/** dvalues_jc = sum_i mask_ij dsum_ic. */
function overTokensBackward(sumGradient: Float64Array, shape: HeadShape, mask: Uint8Array): Float64Array {
  const gradient = new Float64Array(sumGradient.length);
  forEachOpenPair(shape, mask, (i, j) => {
    for (let c = 0; c < shape.dimension; c++) gradient[j + c] += sumGradient[i + c];
  });
  return gradient;
}

/** Visits all (t, i, j) where the mask is open, with the offsets of row (t, i) and of row (t, j). */
function forEachOpenPair(
  { steps, tokens, dimension }: HeadShape,
  mask: Uint8Array,
  visit: (i: number, j: number) => void,
): void {
  for (let t = 0; t < steps; t++) {
    for (let i = 0; i < tokens; i++) {
      for (let j = 0; j < tokens; j++) {
        if (mask[i * tokens + j]) visit((t * tokens + i) * dimension, (t * tokens + j) * dimension);
      }
    }
  }
}
