import fc from "fast-check";
import { expect, test } from "vitest";
import { quantile } from "./quantile.ts";
import { roundHalfEven } from "./rounding.ts";

test("ties round to the even integer", () => {
  const rounded = [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 2.4, -2.6].map((x) => roundHalfEven(x) + 0);
  expect(rounded).toEqual([-2, -2, 0, 0, 2, 2, 2, -3]);
});

test("rounding finds the nearest integer", () => {
  fc.assert(
    fc.property(fc.double({ min: -(2 ** 50), max: 2 ** 50, noNaN: true }), (x) => {
      const rounded = roundHalfEven(x);
      expect(Number.isInteger(rounded)).toBe(true);
      expect(Math.abs(rounded - x)).toBeLessThanOrEqual(0.5);
      expect(roundHalfEven(rounded + 0.5) % 2 === 0).toBe(true);
    }),
    { seed: 1, numRuns: 200 },
  );
});

test("a quantile is the sample value at its rank, and does not change the sample", () => {
  const values = Float32Array.of(5, 1, 4, 2, 3);
  expect([0.2, 0.21, 0.8, 1].map((q) => quantile(values, q))).toEqual([1, 2, 4, 5]);
  expect(quantile(new Float32Array(0), 0.9)).toBe(0);
  expect([...values]).toEqual([5, 1, 4, 2, 3]);
});
