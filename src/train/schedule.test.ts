import fc from "fast-check";
import { expect, test } from "vitest";
import { stageSpec } from "../experiment/training.ts";
import { halfCosine, scheduledRate, wholePower } from "./schedule.ts";

test("the learning rate climbs to its peak, then follows a half cosine down", () => {
  const stage = stageSpec.parse({ steps: 12, warmup: 4, learningRate: 0.8, finalFraction: 0.25 });
  // Warm-up: (step + 1) / 4 of 0.8. Then 0.8 (0.25 + 0.75 (1 + cos(pi p)) / 2) with p = (step - 4) / 8: at p = 0 the peak, at
  // p = 1/2 0.8 * 0.625 = 0.5, and at p = 1 0.8 * 0.25 = 0.2.
  const rates = [0, 1, 2, 3, 4, 8, 12].map((step) => scheduledRate(stage, step));
  for (const [i, rate] of [0.2, 0.4, 0.6, 0.8, 0.8, 0.5, 0.2].entries()) expect(rates[i]).toBeCloseTo(rate, 15);
});

test("without warm-up the first step takes the peak", () => {
  expect(scheduledRate(stageSpec.parse({ steps: 1, warmup: 0, learningRate: 0.1 }), 0)).toBe(0.1);
});

test("a warm-up longer than the stage never passes the peak", () => {
  expect(scheduledRate(stageSpec.parse({ steps: 2, warmup: 10, learningRate: 1 }), 1)).toBe(0.2);
});

test("the half cosine agrees with the platform's cosine", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (p) => {
      // Both are accurate to a few units in the last place of 1, 2.2e-16.
      expect(Math.abs(halfCosine(p) - 0.5 * (1 + Math.cos(Math.PI * p)))).toBeLessThan(5e-16);
    }),
    { seed: 1, numRuns: 1000 },
  );
});

test("a whole power is the product of its factors", () => {
  expect([0, 1, 2, 3, 10].map((exponent) => wholePower(2, exponent))).toEqual([1, 2, 4, 8, 1024]);
  // Each of 1000 factors may add half a unit in the last place.
  let product = 1;
  for (let i = 0; i < 1000; i++) product *= 0.99;
  expect(Math.abs(wholePower(0.99, 1000) / product - 1)).toBeLessThan(1000 * 1.2e-16);
});
