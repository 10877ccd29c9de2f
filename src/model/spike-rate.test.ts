import { expect, test } from "vitest";
import { expectClose } from "../../test/support/gradient.ts";
import { centralDifferences } from "./finite-difference.ts";
import { spikeRatePenalty } from "./spike-rate.ts";

test("layers pay the squared excess of their rate over the target, and nothing below it", () => {
  const { penalty, slopes } = spikeRatePenalty({ quiet: 0.1, just: 0.2, loud: 0.5 }, { weight: 3, target: 0.2 });
  expect(penalty).toBeCloseTo(3 * 0.3 ** 2, 14);
  expect(slopes).toEqual({ quiet: 0, just: 0, loud: expect.closeTo(2 * 3 * 0.3, 14) });
});

test("the slopes are the derivative", () => {
  const names = ["a", "b", "c", "d"];
  const rates = Float64Array.of(0.05, 0.15, 0.3, 0.9);
  const penalty = () => spikeRatePenalty(Object.fromEntries(names.map((name, i) => [name, rates[i]])), spec);
  const spec = { weight: 0.7, target: 0.12 };
  const numeric = centralDifferences(() => penalty().penalty, rates, 1e-4);
  // The penalty is a square, so central differences are exact up to rounding, 1e-16 / h.
  expectClose(Object.values(penalty().slopes), numeric, { absolute: 1e-11 });
});
