import fc from "fast-check";
import { expect, test } from "vitest";
import { quantile } from "./quantile.ts";

test("the quantile is the value at its rank of the sorted values, whatever their order and however many are equal", () => {
  const values = fc.oneof(
    fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 60 }),
    fc.array(fc.float({ noNaN: true }), { minLength: 1, maxLength: 60 }),
  );
  fc.assert(
    fc.property(values, fc.double({ min: 1e-6, max: 1, noNaN: true }), (list, q) => {
      const sample = Float32Array.from(list);
      const sorted = sample.toSorted();
      // + 0 turns -0 into 0.
      expect(quantile(sample, q) + 0).toBe(sorted[Math.ceil(q * list.length) - 1] + 0);
      expect(sample).toEqual(Float32Array.from(list));
    }),
    { seed: 1, numRuns: 500 },
  );
});

test("sorted, reversed and constant samples have their quantile", () => {
  const n = 20_000;
  const ramp = Float32Array.from({ length: n }, (_, i) => i);
  expect(quantile(ramp, 0.9995)).toBe(19_989);
  expect(quantile(ramp.toReversed(), 0.9995)).toBe(19_989);
  expect(quantile(new Float32Array(n).fill(2), 0.9995)).toBe(2);
});

test("the quantile of an empty sample is 0", () => {
  expect(quantile(new Float32Array(0), 0.5)).toBe(0);
});
