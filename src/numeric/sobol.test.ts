import fc from "fast-check";
import { expect, test } from "vitest";
import golden from "../../test/golden/sobol.json" with { type: "json" };
import { SOBOL_DIMENSIONS, sobolWord } from "./sobol.ts";

test("the sequence equals SciPy's in all dimensions", () => {
  expect(golden.dimensions).toBe(SOBOL_DIMENSIONS);
  golden.points.forEach((point, i) => {
    expect(
      point.map((_, dimension) => sobolWord(i, dimension) / 2 ** 32),
      `point ${i}`,
    ).toEqual(point);
  });
});

test("every aligned run of 2^k points has one in each of 2^k parts of every axis, and of every pair of axes in the first two", () => {
  const dimension = fc.integer({ min: 0, max: SOBOL_DIMENSIONS - 1 });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 8 }), fc.integer({ min: 0, max: 1000 }), dimension, (k, run, dimension) => {
      const count = 2 ** k;
      const points = Array.from({ length: count }, (_, i) => run * count + i);
      const parts = points.map((i) => Math.floor((sobolWord(i, dimension) / 2 ** 32) * count));
      expect(new Set(parts).size).toBe(count);
      for (let first = 0; first <= k; first++) {
        const boxes = points.map((i) =>
          [(sobolWord(i, 0) / 2 ** 32) * 2 ** first, (sobolWord(i, 1) / 2 ** 32) * 2 ** (k - first)]
            .map(Math.floor)
            .join(),
        );
        expect(new Set(boxes).size).toBe(count);
      }
    }),
  );
});
