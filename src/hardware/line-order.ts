/**
 * The order of the first layer's lines (`crossbar.inputStride`), which is a matter of wiring: line l of its crossbars carries another input
 * than input l. With stride s inputs 0, s, 2 s, ... come first, then 1, 1 + s, 1 + 2 s, ...
 *
 * A value that takes s lines, a pixel's thresholds, has them side by side in the input. Side by side on a crossbar they are on or off
 * together, and its columns swing by all of them. In strides it has one threshold of many neighbouring values, where weights of both signs
 * cancel on an even patch: columns swing by less, and a code is a finer step of what is told apart.
 */
import type { HardwareSpec } from "../spec/hardware.ts";
import { packSpikes, type SpikeTrain, unpackSpikes } from "../spike/train.ts";

/** Of layer 0, which reads the input; all after it have their lines in the order of what they read, stride 1. */
export const strideOf = (layer: number, { inputStride }: HardwareSpec["crossbar"]): number =>
  layer === 0 ? inputStride : 1;

/** The input that each line carries. */
export function lineOrder(inputs: number, stride: number): Int32Array {
  const order = new Int32Array(inputs);
  for (let first = 0, line = 0; first < stride; first++) {
    for (let input = first; input < inputs; input += stride) order[line++] = input;
  }
  return order;
}

/** Weights by line, from weights by input. Shapes: [inputs, outputs]. */
export function weightsByLine(weights: Float32Array, outputs: number, stride: number): Float32Array {
  if (stride === 1) return weights;
  const ordered = new Float32Array(weights.length);
  for (const [line, input] of lineOrder(weights.length / outputs, stride).entries()) {
    ordered.set(weights.subarray(input * outputs, (input + 1) * outputs), line * outputs);
  }
  return ordered;
}

/** What lines carry, from what a layer reads. Shapes: [rows, inputs]. */
export function valuesByLine<T extends Float64Array | Uint8Array>(values: T, inputs: number, stride: number): T {
  if (stride === 1) return values;
  const [order, ordered] = [lineOrder(inputs, stride), values.slice() as T];
  for (let i = 0; i < ordered.length; i++) ordered[i] = values[i - (i % inputs) + order[i % inputs]];
  return ordered;
}

export const spikesByLine = (train: SpikeTrain, stride: number): SpikeTrain =>
  stride === 1
    ? train
    : packSpikes(valuesByLine(unpackSpikes(train), train.features, stride), train.steps, train.rows, train.features);
