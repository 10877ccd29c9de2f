import fc from "fast-check";
import { expect, test } from "vitest";
import { stream } from "../numeric/stream.ts";
import { packSpikes, unpackSpikes } from "../spike/train.ts";
import { lineOrder, spikesByLine, valuesByLine, weightsByLine } from "./line-order.ts";

test("three values of two thresholds each: the first thresholds, then the second", () => {
  expect([...lineOrder(6, 2)]).toEqual([0, 2, 4, 1, 3, 5]);
  // Seven inputs are no multiple of three.
  expect([...lineOrder(7, 3)]).toEqual([0, 3, 6, 1, 4, 2, 5]);
  const weights = Float32Array.from([1, -1, 2, -2, 3, -3, 4, -4, 5, -5, 6, -6]);
  expect([...weightsByLine(weights, 2, 2)]).toEqual([1, -1, 3, -3, 5, -5, 2, -2, 4, -4, 6, -6]);
  expect([...valuesByLine(Float64Array.from([0, 1, 2, 3, 4, 5]), 3, 2)]).toEqual([0, 2, 1, 3, 5, 4]);
});

test("every input has one line, whatever the stride, and what a column adds up stays", () => {
  const sizes = fc.record({ inputs: fc.integer({ min: 1, max: 90 }), stride: fc.integer({ min: 1, max: 100 }) });
  const property = fc.property(sizes, fc.nat(), ({ inputs, stride }, seed) => {
    const draws = stream(seed);
    const order = lineOrder(inputs, stride);
    expect([...order].sort((a, b) => a - b)).toEqual([...order.keys()]);
    const [rows, outputs] = [3, 2];
    const spikes = Uint8Array.from({ length: rows * inputs }, () => draws.integer(2));
    const weights = Float32Array.from({ length: inputs * outputs }, () => draws.integer(31) - 15);
    const train = packSpikes(spikes, 1, rows, inputs);
    const lines = unpackSpikes(spikesByLine(train, stride));
    expect(lines).toEqual(valuesByLine(spikes, inputs, stride));
    const sums = (of: Uint8Array, by: Float32Array) =>
      Array.from({ length: rows * outputs }, (_, i) => {
        const [row, column] = [Math.floor(i / outputs), i % outputs];
        let sum = 0;
        for (let k = 0; k < inputs; k++) sum += of[row * inputs + k] * by[k * outputs + column];
        return sum;
      });
    expect(sums(lines, weightsByLine(weights, outputs, stride))).toEqual(sums(spikes, weights));
  });
  fc.assert(property);
});
