import fc from "fast-check";
import { expect, test } from "vitest";
import { stream } from "../numeric/stream.ts";
import { deviceOfSpec } from "./catalogue.ts";
import { convertWeights, pairWeights } from "./conversion.ts";

const continuous = { maxConductance: 25, bits: null, clippingQuantile: 1, scaling: "crossbar" } as const;
const weightArrays = fc
  .array(fc.float({ min: -8, max: 8, noNaN: true }), { minLength: 1, maxLength: 64 })
  .map((values) => Float32Array.from(values, (value) => value + 0));

test("continuous pairs on an ideal device return the exact weights", () => {
  const device = deviceOfSpec({ kind: "ideal", maxConductance: 25 });
  fc.assert(
    fc.property(weightArrays, (weights) => {
      const { plus, minus, scales } = convertWeights(weights, 1, continuous);
      const read = (targets: Float64Array) => device.read(device.program(targets, stream(1)), 1, stream(2));
      expect(pairWeights(read(plus), read(minus), scales)).toEqual(weights.map((w) => w + 0));
    }),
    { seed: 1, numRuns: 100 },
  );
});

test("four bits give 31 signed levels, spaced by one fifteenth of the largest weight", () => {
  const weights = Float32Array.from({ length: 2001 }, (_, i) => (i - 1000) / 1000);
  const { plus, minus, scales } = convertWeights(weights, 1, { ...continuous, bits: 4 });
  const levels = new Set(pairWeights(plus, minus, scales).map((w) => Math.round(w * 15 * 1e6)));
  expect([...levels].map((level) => level / 1e6).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 31 }, (_, i) => i - 15),
  );
});

test("quantisation moves a weight by half a level at most, and one device of each pair stays at zero", () => {
  fc.assert(
    fc.property(weightArrays, fc.integer({ min: 1, max: 8 }), (weights, bits) => {
      const { plus, minus, scales } = convertWeights(weights, 1, { ...continuous, bits });
      const half = 25 / scales[0] / (2 ** bits - 1) / 2;
      const back = pairWeights(plus, minus, scales);
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
  const { plus, minus, scales, clipped } = convertWeights(weights, 1, { ...continuous, clippingQuantile: 0.75 });
  expect(clipped).toBe(1);
  expect([...pairWeights(plus, minus, scales)]).toEqual([0.5, -1, 0.25, 1]);
});

test.each(["crossbar", "column"] as const)(
  "where the clipping quantile is zero the largest weight of a %s counts",
  (scaling) => {
    const weights = Float32Array.of(0, 0, 0, 0, -0.5, 2);
    const settings = { ...continuous, scaling, clippingQuantile: 0.5 };
    const { plus, minus, scales, clipped } = convertWeights(weights, 1, settings);
    expect(clipped).toBe(0);
    expect([...pairWeights(plus, minus, scales)]).toEqual([0, 0, 0, 0, -0.5, 2]);
  },
);

test("a crossbar of zeros stays zero", () => {
  const { plus, minus, scales } = convertWeights(new Float32Array(4), 1, { ...continuous, bits: 4 });
  expect([...plus, ...minus]).toEqual(new Array(8).fill(0));
  expect(scales[0]).toBeGreaterThan(0);
});

test("with a scale for each column, every column reaches the largest conductance and keeps its own levels", () => {
  const weights = Float32Array.of(1, 0.01, -0.5, 0.005, 0.25, -0.0025);
  const { plus, minus, scales } = convertWeights(weights, 2, { ...continuous, bits: 4, scaling: "column" });
  expect([...scales]).toEqual([25, 25 / Math.fround(0.01)]);
  // Both columns hold 1, -1/2, 1/4 and 1, 1/2, -1/4 of their largest weight: fifteenths 15, 7.5 and 3.75, rounded half to even.
  expect(Array.from(plus, (g, i) => Math.round(((g - minus[i]) / 25) * 15))).toEqual([15, 15, -8, 8, 4, -4]);
});
