import fc from "fast-check";
import { expect, test } from "vitest";
import { dac, dacLevel } from "./dac.ts";

// Expected values worked out outside of this project from aihwkit's definition of its quantiser.
test.each([
  {
    intervals: 64,
    bound: 1,
    values: [0.046875, 0.078125, -0.046875, 0.99, 1.5],
    levels: [0.0625, 0.0625, -0.0625, 1, 1],
  },
  {
    intervals: 64,
    bound: 12,
    values: [0.1875, 0.5625, -0.5625, 0.9375, 1, 5, 11.9, 12.5],
    levels: [0, 0.75, -0.75, 0.75, 1.125, 4.875, 12, 12],
  },
  { intervals: 126, bound: 1, values: [0.5, 0.999], levels: [0.50793651, 1] },
  { intervals: 510, bound: 12, values: [1], levels: [0.98823529] },
])(
  "$intervals intervals within $bound quantise as aihwkit does, ties to even",
  ({ intervals, bound, values, levels }) => {
    const converter = dac(intervals, bound);
    // Eight decimals were printed.
    values.forEach((value, i) => void expect(Math.abs(dacLevel(converter, value) - levels[i])).toBeLessThan(5e-9));
  },
);

test("a level errs by half a step within the bound, is odd in its value, and keeps spikes", () => {
  const value = fc.double({ min: -1, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 512 }), value, (halves, x) => {
      const converter = dac(2 * halves, 1);
      // The product of code and step is rounded: 2^-53 of 1.
      expect(Math.abs(dacLevel(converter, x) - x)).toBeLessThanOrEqual(converter.step / 2 + 2 ** -52);
      expect(dacLevel(converter, -x) + 0).toBe(-dacLevel(converter, x) + 0);
      expect(dacLevel(converter, 0)).toBe(0);
      expect(Math.abs(dacLevel(converter, 1) - 1)).toBeLessThanOrEqual(2 ** -52);
    }),
    { seed: 1, numRuns: 200 },
  );
});
