import fc from "fast-check";
import { expect, test } from "vitest";
import { power } from "./power.ts";

test("a power agrees with the platform's", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
      fc.oneof(fc.integer({ min: -40, max: 40 }), fc.double({ min: -40, max: 40, noNaN: true })),
      (base, exponent) => {
        // |40 ln 1000| = 276: twice the bound in the header, because both sides are computed.
        expect(Math.abs(power(base, exponent) / base ** exponent - 1)).toBeLessThan(277 * 2 ** -51);
      },
    ),
    { seed: 1, numRuns: 2000 },
  );
});

test("whole powers of small whole numbers are exact, and so are the limits", () => {
  for (const [base, exponent, value] of [
    [3, 20, 3486784401],
    [0.5, 1000, 2 ** -1000],
    [10, -3, 0.001],
    [0.99, 0, 1],
    [0, 0, 1],
    [0, 0.5, 0],
    [0, 197, 0],
    [0, -1, Number.POSITIVE_INFINITY],
    [1, 1e9, 1],
  ]) {
    expect(power(base, exponent)).toBe(value);
  }
});

test("keeps its bits: values recorded on Node 20 in version 0.1.0", () => {
  expect(power(0.85, 128)).toBe(9.238947333569263e-10);
  expect(power(64 / 0.75, 0.5)).toBe(9.23760430703401);
  expect(power(14 / 45, 1.7320508)).toBe(0.13234389861748366);
  expect(power(1e-3, -0.1)).toBe(1.9952623149688797);
});
