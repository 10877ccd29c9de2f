/** Dense matrices, LayerNorm, activations, softmax attention and cross-entropy on the WebAssembly kernels. */
import type { Activation } from "../../experiment/model.ts";
import type { KernelExports } from "../binary.generated.ts";
import { maskStride } from "../masks.ts";
import type { DenseOps } from "../ops.ts";
import { talliesIn } from "./tallies.ts";

/** Block sizes of `assembly/gemm.ts`. */
const DEPTH = 256;
const ROWS = 64;
const COLUMNS = 256;

/** Words of scratch for a product of these sizes: packed panels of both matrices, and one 2 x 16 edge tile. */
export function productScratch(m: number, n: number, k: number): number {
  const depth = Math.min(k, DEPTH);
  const columns = Math.ceil(Math.min(n, COLUMNS) / 16) * 16;
  const rows = Math.ceil(Math.min(m, ROWS) / 2) * 2;
  return depth * (columns + rows) + 32;
}

/** Words of scratch for softmax attention with heads of `dimension` features: a matrix of scores, and the products with it. */
export function softmaxScratch(tokens: number, dimension: number): number {
  const widest = Math.max(maskStride(tokens), dimension);
  return tokens * maskStride(tokens) + productScratch(widest, widest, widest);
}

/** Kernels by activation; each takes places, and a number of values in second place. */
const activationKernels = (run: KernelExports) =>
  ({
    "gelu-tanh": { forward: run.tanhGeluForward, backward: run.tanhGeluBackward },
    gelu: { forward: run.geluForward, backward: run.geluBackward },
    relu: { forward: run.reluForward, backward: run.reluBackward },
  }) satisfies Record<Activation, unknown>;

export function denseOps(run: KernelExports, buffer: ArrayBufferLike): DenseOps {
  const activations = activationKernels(run);
  const tallies = talliesIn(buffer);
  return {
    product: ({ m, n, k, a, transposeA, b, transposeB, out, accumulate, scratch }) => {
      const [strideA, strideB] = [transposeA ? m : k, transposeB ? k : n];
      run.gemm(flag(transposeA), flag(transposeB), m, n, k, a, strideA, b, strideB, out, n, flag(accumulate), scratch);
    },
    layerNorm: ({ source, rows, width, gain, offset, epsilon, target, statistics }) =>
      run.layerNormForward(source, rows, width, gain, offset, epsilon, target, statistics),
    layerNormBackward: ({ source, rows, width, gain, statistics, dTarget, dSource, dGain, dOffset }) =>
      run.layerNormBackward(source, rows, width, gain, statistics, dTarget, dSource, dGain, dOffset),
    activate: ({ activation, source, count, target }) => activations[activation].forward(source, count, target),
    activateBackward: ({ activation, source, count, dTarget, dSource }) =>
      activations[activation].backward(source, count, dTarget, dSource),
    softmaxAttention: ({ qkv, prompts, tokens, heads, width, mask, probabilities, codes = 0, target, scratch }) =>
      run.softmaxAttentionForward(qkv, prompts, tokens, heads, width, mask, probabilities, codes, target, scratch),
    softmaxAttentionBackward: ({ qkv, prompts, tokens, heads, width, probabilities, dTarget, dQkv, scratch }) =>
      run.softmaxAttentionBackward(qkv, prompts, tokens, heads, width, probabilities, dTarget, dQkv, scratch),
    roundToCodes: ({ source, rows, columns, stride, step, shift, low, high, target }) =>
      run.roundToCodes(source, rows, columns, stride, step, shift, low, high, target),
    roundToCodesBackward: ({ source, rows, columns, stride, step, shift, low, high, d, dStep, dShift }) =>
      run.roundToCodesBackward(source, rows, columns, stride, step, shift, low, high, d, dStep, dShift),
    crossEntropy: ({ logits, targets, rows, outputs, dLogits, scale, tally }) =>
      tallies.add(tally, run.crossEntropy(logits, targets, rows, outputs, dLogits, scale)),
    bitCrossEntropy: ({ logits, targets, rows, outputs, dLogits, scale, tally }) =>
      tallies.add(tally, run.bitCrossEntropy(logits, targets, rows * outputs, dLogits, scale)),
    sumOfSquares: (source, count, tally) => tallies.add(tally, run.sumOfSquares(source, count)),
  };
}

const flag = (set: boolean | undefined): number => (set ? 1 : 0);
