import fc from "fast-check";
import { expect, test } from "vitest";
import { exponential, fromDecibels } from "./exponential.ts";

test("the exponential agrees with the platform's to a few units in the last place", () => {
  fc.assert(
    fc.property(fc.double({ min: -708, max: 709, noNaN: true }), (x) => {
      // Ours is accurate to 5e-16 and engines promise about one unit in the last place, 2.2e-16.
      expect(Math.abs(exponential(x) / Math.exp(x) - 1)).toBeLessThan(8e-16);
    }),
    { seed: 1, numRuns: 2000 },
  );
});

test("a sum of exponents is a product of exponentials", () => {
  fc.assert(
    fc.property(fc.integer({ min: -300, max: 300 }), fc.integer({ min: -300, max: 300 }), (a, b) => {
      // Three values, each with a relative error below 5e-16, and one rounding.
      expect(Math.abs(exponential(a + b) / (exponential(a) * exponential(b)) - 1)).toBeLessThan(2e-15);
    }),
    { seed: 1, numRuns: 500 },
  );
});

test("the ends of the range are 0, infinity and NaN", () => {
  expect(exponential(-709)).toBe(0);
  expect(exponential(Number.NEGATIVE_INFINITY)).toBe(0);
  expect(exponential(710)).toBe(Number.POSITIVE_INFINITY);
  expect(exponential(0)).toBe(1);
  expect(exponential(Number.NaN)).toBeNaN();
});

test("10 dB more is ten times the power", () => {
  expect(fromDecibels(0)).toBe(1);
  // The exponent itself is rounded: its error 2^-53 * 4.6 adds to that of the exponential.
  expect(fromDecibels(20)).toBeCloseTo(100, 12);
  expect(fromDecibels(-30)).toBeCloseTo(0.001, 17);
});
