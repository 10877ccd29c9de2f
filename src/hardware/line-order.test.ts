import fc from "fast-check";
import { expect, test } from "vitest";
import { stream } from "../numeric/stream.ts";
import { packSpikes, unpackSpikes } from "../spike/train.ts";
import { lineOrder, STRAIGHT, spikesByLine, valuesByLine, weightsByLine } from "./line-order.ts";

test("three values of two thresholds each: the first thresholds, then the second", () => {
  const strided = (inputStride: number) => ({ ...STRAIGHT, inputStride });
  expect([...lineOrder(6, strided(2))]).toEqual([0, 2, 4, 1, 3, 5]);
  // Seven inputs are no multiple of three.
  expect([...lineOrder(7, strided(3))]).toEqual([0, 3, 6, 1, 4, 2, 5]);
  const weights = Float32Array.from([1, -1, 2, -2, 3, -3, 4, -4, 5, -5, 6, -6]);
  expect([...weightsByLine(weights, 2, strided(2))]).toEqual([1, -1, 3, -3, 5, -5, 2, -2, 4, -4, 6, -6]);
  expect([...valuesByLine(Float64Array.from([0, 1, 2, 3, 4, 5]), 3, strided(2))]).toEqual([0, 2, 1, 3, 5, 4]);
});

test("with two lines per value, all lines come twice, and a value's lines share its weights", () => {
  const wiring = { inputStride: 2, linesPerInput: 2 };
  expect([...lineOrder(3, wiring)]).toEqual([0, 2, 1, 0, 2, 1]);
  expect([...weightsByLine(Float32Array.of(1, 2, 3), 1, wiring)]).toEqual([0.5, 1.5, 1, 0.5, 1.5, 1]);
  expect([...valuesByLine(Uint8Array.of(0, 1, 1, 1, 0, 0), 3, wiring)]).toEqual([0, 1, 1, 0, 1, 1, 1, 0, 0, 1, 0, 0]);
});

test("every input has the same number of lines for any stride, and column sums are unchanged", () => {
  const sizes = fc.record({
    inputs: fc.integer({ min: 1, max: 90 }),
    inputStride: fc.integer({ min: 1, max: 100 }),
    // Powers of two, so that shares of whole weights are exact.
    linesPerInput: fc.constantFrom(1, 2, 4, 8),
  });
  const property = fc.property(sizes, fc.nat(), ({ inputs, ...wiring }, seed) => {
    const draws = stream(seed);
    const { linesPerInput } = wiring;
    const order = lineOrder(inputs, wiring);
    const expected = Array.from({ length: inputs * linesPerInput }, (_, line) => Math.floor(line / linesPerInput));
    expect([...order].sort((a, b) => a - b)).toEqual(expected);
    const [rows, outputs] = [3, 2];
    const spikes = Uint8Array.from({ length: rows * inputs }, () => draws.integer(2));
    const weights = Float32Array.from({ length: inputs * outputs }, () => draws.integer(31) - 15);
    const train = packSpikes(spikes, 1, rows, inputs);
    const lines = unpackSpikes(spikesByLine(train, wiring));
    expect(lines).toEqual(valuesByLine(spikes, inputs, wiring));
    const sums = (of: Uint8Array, by: Float32Array) =>
      Array.from({ length: rows * outputs }, (_, i) => {
        const [row, column] = [Math.floor(i / outputs), i % outputs];
        let sum = 0;
        const each = of.length / rows;
        for (let k = 0; k < each; k++) sum += of[row * each + k] * by[k * outputs + column];
        return sum;
      });
    expect(sums(lines, weightsByLine(weights, outputs, wiring))).toEqual(sums(spikes, weights));
  });
  fc.assert(property);
});
