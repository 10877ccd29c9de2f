/**
 * An ANN with few bits: which layers have how many, and how values are rounded to codes, forward and backward.
 *
 *   weights       step clamp(nearest(w / step), low, high), one step per column; binary: sign(w) mean |w| of the column
 *   activations   the input of every linear layer: step clamp(nearest((x - shift) / step), low, high) + shift, one step and one shift
 *                 per tensor. A shift adds the same number to every row of the layer's output, so engines put it into the offset.
 *   attention     q, k and v like activations, in at least 4 bits; softmax weights in multiples of 1 / 255
 *   outer layers  the network's first layer and the head have 8 bits
 *   exact         sums, offsets, softmax, LayerNorm, GELU and the residual stream, which engines hold in 16 to 32 bits
 *
 * A network stores real weights and the natural logarithm of each step, which keeps steps positive and makes optimiser steps relative.
 * Passes read `passParameters`: rounded weights and the steps themselves.
 *
 * Backward: rounding is treated as adding a constant (straight-through estimator), so with v = (x - shift) / step and its code q,
 *
 *              low <= v <= high   beyond
 *   dx         d                  0
 *   dstep      d (q - v)          d q
 *   dshift     0                  d
 *
 * The gradient of a step is scaled by 1 / sqrt(n high), n values per step (per row, for activations).
 *
 * Sources: steps: Esser et al., "Learned step size quantization", ICLR 2020; shifts: Bhalgat et al., "LSQ+", CVPR workshops 2020;
 * logarithms: Jain et al., "Trained quantization thresholds", MLSys 2020; binary weights: Rastegari et al., "XNOR-Net", ECCV 2016;
 * binary activations with two learned levels: Liu et al., "BiT", NeurIPS 2022.
 */
import type { BitWidth } from "../experiment/model.ts";
import { exponential } from "../numeric/exponential.ts";
import { roundHalfEven } from "../numeric/rounding.ts";
import { type Codes, codesOf } from "./bit-widths.ts";
import type { Network, Tensor } from "./network.ts";
import { widthsByLayer } from "./transformer.ts";

/** A step from its stored logarithm, in single precision. */
export const stepFrom = (logarithm: number): number => Math.fround(exponential(logarithm));

/** What a pass computes with: weights rounded, and steps instead of their logarithms; of a network in floating point, its parameters. */
export function passParameters(network: Network): Network["parameters"] {
  const { parameters } = network;
  const widths = widthsByLayer(network);
  if (widths === null) return parameters;
  const seen: Record<string, Tensor> = { ...parameters };
  for (const [layer, { weights }] of widths) {
    const { shape, data } = parameters[`${layer}.weight`];
    for (const part of ["weightLogStep", "inputLogStep", "outputLogStep"]) {
      const logarithms = parameters[`${layer}.${part}`];
      if (logarithms) seen[`${layer}.${part}`] = { ...logarithms, data: logarithms.data.map(stepFrom) };
    }
    const rounded =
      weights === "binary"
        ? binaryWeights(data, shape[1])
        : roundedWeights(data, seen[`${layer}.weightLogStep`].data, codesOf(weights));
    seen[`${layer}.weight`] = { shape, data: rounded };
  }
  return seen;
}

/** Shapes: weights [inputs, outputs], steps [outputs]. */
export function roundedWeights(weights: Float32Array, steps: Float32Array, { low, high }: Codes): Float32Array {
  const columns = steps.length;
  return weights.map((w, i) => {
    const step = steps[i % columns];
    return step * Math.max(low, Math.min(high, roundHalfEven(w / step)));
  });
}

/** Every weight is the mean |w| of its column with its own sign; 0 counts as positive. */
export function binaryWeights(weights: Float32Array, columns: number): Float32Array {
  const sums = new Float64Array(columns);
  for (let i = 0; i < weights.length; i++) sums[i % columns] += Math.abs(weights[i]);
  return weights.map((w, i) => ((w < 0 ? -1 : 1) * sums[i % columns] * columns) / weights.length);
}

/**
 * From gradients with respect to `passParameters` to those with respect to the network's own parameters.
 *
 * State    overwrites `gradients`, by parameter name
 */
export function backThroughRounding(
  network: Network,
  gradients: Readonly<Record<string, Float32Array | Float64Array>>,
): void {
  const { parameters } = network;
  for (const [layer, { weights, activations, attention }] of widthsByLayer(network) ?? []) {
    const { shape, data } = parameters[`${layer}.weight`];
    const [inputs, outputs] = shape;
    if (weights !== "binary") {
      const steps = parameters[`${layer}.weightLogStep`].data.map(stepFrom);
      const codes = codesOf(weights);
      gradients[`${layer}.weightLogStep`].set(weightsBackward(data, steps, codes, gradients[`${layer}.weight`]));
    }
    const toLogarithm = (stepName: string, values: number, width: BitWidth) => {
      const steps = parameters[`${layer}.${stepName}`].data.map(stepFrom);
      const own = gradients[`${layer}.${stepName}`];
      steps.forEach((step, i) => {
        own[i] *= step * gradientScale(values, codesOf(width));
      });
    };
    toLogarithm("inputLogStep", inputs, activations);
    if (attention !== null) toLogarithm("outputLogStep", outputs / 3, attention);
  }
}

/**
 * Returns the gradients of the steps' logarithms.
 *
 * State    sets `gradient`, of the rounded weights, to 0 at weights that are beyond the codes
 */
export function weightsBackward(
  weights: Float32Array,
  steps: Float32Array,
  codes: Codes,
  gradient: Float32Array | Float64Array,
): Float64Array {
  const { low, high } = codes;
  const columns = steps.length;
  const sums = new Float64Array(columns);
  for (let i = 0; i < weights.length; i++) {
    const n = i % columns;
    const v = weights[i] / steps[n];
    const isWithin = v >= low && v <= high;
    sums[n] += gradient[i] * (isWithin ? roundHalfEven(v) - v : v < low ? low : high);
    if (!isWithin) gradient[i] = 0;
  }
  const scale = gradientScale(weights.length / columns, codes);
  return sums.map((sum, n) => sum * steps[n] * scale);
}

const gradientScale = (values: number, { high }: Codes): number => 1 / Math.sqrt(values * Math.max(1, high));
