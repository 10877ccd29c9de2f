/**
 * Which input each line of the first layer's crossbars carries (`crossbar.inputStride`, `crossbar.linesPerInput`). This is a
 * matter of wiring: line l need not carry input l.
 *
 * With stride s, inputs 0, s, 2 s, ... come first, then 1, 1 + s, 1 + 2 s, ... A value encoded on s lines, such as the
 * thresholds of a pixel, has them adjacent in the input. On adjacent lines of a crossbar they would switch together, and column
 * currents would swing by all of them. With a stride, a crossbar holds one threshold of many neighbouring values, and weights
 * of both signs cancel on a uniform patch: columns swing less, so a code is a finer step of the signal.
 *
 * With n lines per input, all lines are repeated n times. Each copy carries one n-th of its input's weights on its own devices,
 * so independent device errors shrink by the square root of n. There are also n times as many codes, each worth one n-th; they
 * round at different points, so together they err less, too. Placing the n lines of an input side by side would instead leave a
 * crossbar fewer inputs, which would switch together even more: its columns would swing as much for less signal.
 */
import type { HardwareSpec } from "../experiment/hardware.ts";
import type { LinearLayer } from "../model/layers.ts";
import { packSpikes, type SpikeTrain, unpackSpikes } from "../spike/train.ts";

/** Maps a layer's lines to its inputs. */
export interface Wiring {
  readonly inputStride: number;
  readonly linesPerInput: number;
}

/** Line l carries input l. */
export const STRAIGHT: Wiring = { inputStride: 1, linesPerInput: 1 };

/** For the layer that reads the input; every other layer has one line per input, in input order. */
export const wiringOf = (
  { readsInput }: Pick<LinearLayer, "readsInput">,
  { inputStride, linesPerInput }: HardwareSpec["crossbar"],
): Wiring => (readsInput ? { inputStride, linesPerInput } : STRAIGHT);

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

/** The signals on the lines, from a layer's inputs. Shapes: [rows, inputs] to [rows, lines]. */
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
