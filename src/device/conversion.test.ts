import fc from "fast-check";
import { expect, test } from "vitest";
import { stream } from "../numeric/stream.ts";
import { deviceOfSpec } from "./catalogue.ts";
import { convertWeights, pairWeights } from "./conversion.ts";

const continuous = { maxConductance: 25, bits: null, clippingQuantile: 1 };
const weightArrays = fc
  .array(fc.float({ min: -8, max: 8, noNaN: true }), { minLength: 1, maxLength: 64 })
  .map((values) => Float32Array.from(values, (value) => value + 0));

test("continuous pairs on an ideal device give back the very weights", () => {
  const device = deviceOfSpec({ kind: "ideal", maxConductance: 25 });
  fc.assert(
    fc.property(weightArrays, (weights) => {
      const { plus, minus, scale } = convertWeights(weights, continuous);
      const read = (targets: Float64Array) => device.read(device.program(targets, stream(1)), 1, stream(2));
      expect(pairWeights(read(plus), read(minus), scale)).toEqual(weights.map((w) => w + 0));
    }),
    { seed: 1, numRuns: 100 },
  );
});

test("four bits give 31 signed levels, spaced by one fifteenth of the largest weight", () => {
  const weights = Float32Array.from({ length: 2001 }, (_, i) => (i - 1000) / 1000);
  const { plus, minus, scale } = convertWeights(weights, { ...continuous, bits: 4 });
  const levels = new Set(pairWeights(plus, minus, scale).map((w) => Math.round(w * 15 * 1e6)));
  expect([...levels].map((level) => level / 1e6).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 31 }, (_, i) => i - 15),
  );
});

test("quantisation moves a weight by half a level at most, and one device of each pair stays at zero", () => {
  fc.assert(
    fc.property(weightArrays, fc.integer({ min: 1, max: 8 }), (weights, bits) => {
      const { plus, minus, scale } = convertWeights(weights, { ...continuous, bits });
      const half = 25 / scale / (2 ** bits - 1) / 2;
      const back = pairWeights(plus, minus, scale);
      weights.forEach((w, i) => {
        // A float holds 24 bits, so the difference carries rounding of 1e-6 of the largest weight, 8, at most.
        expect(Math.abs(back[i] - w)).toBeLessThanOrEqual(half + 8e-6);
        expect(Math.min(plus[i], minus[i])).toBe(0);
      });
    }),
    { seed: 1, numRuns: 100 },
  );
});

test("weights beyond the clipping quantile are clipped and counted", () => {
  const weights = Float32Array.of(0.5, -1, 0.25, 4);
  const { plus, minus, scale, clipped } = convertWeights(weights, { ...continuous, clippingQuantile: 0.75 });
  expect(clipped).toBe(1);
  expect([...pairWeights(plus, minus, scale)]).toEqual([0.5, -1, 0.25, 1]);
});

test("a crossbar of zeros stays zero", () => {
  const { plus, minus, scale } = convertWeights(new Float32Array(4), { ...continuous, bits: 4 });
  expect([...plus, ...minus]).toEqual(new Array(8).fill(0));
  expect(scale).toBeGreaterThan(0);
});
