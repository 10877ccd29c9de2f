/**
 * Which input each line of the first layer's crossbars carries (`crossbar.inputStride`, `crossbar.linesPerInput`), which is a matter of
 * wiring: line l carries another input than input l.
 *
 * With stride s inputs 0, s, 2 s, ... come first, then 1, 1 + s, 1 + 2 s, ... A value that takes s lines, a pixel's thresholds, has them
 * side by side in the input. Side by side on a crossbar they are on or off together, and its columns swing by all of them. In strides it
 * has one threshold of many neighbouring values, where weights of both signs cancel on an even patch: columns swing by less, and a code is
 * a finer step of what is told apart.
 *
 * With n lines to an input all lines come n times, each with an n-th of its input's weights on devices of its own, so that errors of
 * devices, which differ, are smaller by the square root of n. Of n times as many codes each stands for an n-th, and as they are rounded at
 * other places they err by less together, too. Side by side the lines of an input would leave a crossbar fewer inputs, which are on or off
 * together all the more: its columns swing by as much for less.
 */
import type { HardwareSpec } from "../spec/hardware.ts";
import { packSpikes, type SpikeTrain, unpackSpikes } from "../spike/train.ts";

/** Of a layer's lines to its inputs. */
export interface Wiring {
  readonly inputStride: number;
  readonly linesPerInput: number;
}

/** Line l carries input l. */
export const STRAIGHT: Wiring = { inputStride: 1, linesPerInput: 1 };

/** Of layer 0, which reads the input; all after it have a line for each of their inputs, in the order of these. */
export const wiringOf = (layer: number, { inputStride, linesPerInput }: HardwareSpec["crossbar"]): Wiring =>
  layer === 0 ? { inputStride, linesPerInput } : STRAIGHT;

export const isStraight = ({ inputStride, linesPerInput }: Wiring): boolean => inputStride === 1 && linesPerInput === 1;

/** The input that each line carries. */
export function lineOrder(inputs: number, { inputStride, linesPerInput }: Wiring): Int32Array {
  const order = new Int32Array(inputs * linesPerInput);
  for (let i = 0, line = 0; i < linesPerInput * inputStride; i++) {
    for (let input = i % inputStride; input < inputs; input += inputStride) order[line++] = input;
  }
  return order;
}

/** Weights by line, from weights by input. Shapes: [inputs, outputs] to [lines, outputs]. */
export function weightsByLine(weights: Float32Array, outputs: number, wiring: Wiring): Float32Array {
  if (isStraight(wiring)) return weights;
  const ordered = new Float32Array(weights.length * wiring.linesPerInput);
  for (const [line, input] of lineOrder(weights.length / outputs, wiring).entries()) {
    for (let n = 0; n < outputs; n++) {
      ordered[line * outputs + n] = weights[input * outputs + n] / wiring.linesPerInput;
    }
  }
  return ordered;
}

/** What lines carry, from what a layer reads. Shapes: [rows, inputs] to [rows, lines]. */
export function valuesByLine<T extends Float64Array | Uint8Array>(values: T, inputs: number, wiring: Wiring): T {
  if (isStraight(wiring)) return values;
  const order = lineOrder(inputs, wiring);
  const ordered = new (values.constructor as new (length: number) => T)((values.length / inputs) * order.length);
  for (let i = 0, from = 0; i < ordered.length; i += order.length, from += inputs) {
    for (const [line, input] of order.entries()) ordered[i + line] = values[from + input];
  }
  return ordered;
}

export function spikesByLine(train: SpikeTrain, wiring: Wiring): SpikeTrain {
  if (isStraight(wiring)) return train;
  const lines = valuesByLine(unpackSpikes(train), train.features, wiring);
  return packSpikes(lines, train.steps, train.rows, train.features * wiring.linesPerInput);
}
