import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stream } from "../../numeric/stream.ts";
import { bernoulliBit, bernoulliProbability, bernoulliSlope, stratify } from "./bernoulli.ts";

const WORDS = 2n ** 32n;

test("exactly ceil(P 2^32) of the words fire", () => {
  // Exact integer arithmetic finds the first word that must not fire; sizes go up to the largest that the spec allows.
  const sizes = fc.record({
    denominator: fc.integer({ min: 1, max: 4096 }),
    count: fc.integer({ min: 0, max: 4096 }),
    gain: fc.constantFrom(1, 2, 8, 256),
  });
  fc.assert(
    fc.property(sizes, ({ denominator, count, gain }) => {
      const [n, d] = [BigInt(gain * count), BigInt(denominator)];
      const firing = n >= d ? WORDS : (n * WORDS + d - 1n) / d;
      if (firing > 0n) expect(bernoulliBit(Number(firing - 1n), gain * count, denominator)).toBe(1);
      if (firing < WORDS) expect(bernoulliBit(Number(firing), gain * count, denominator)).toBe(0);
    }),
    { seed: 1, numRuns: 500 },
  );
});

test("the slope is that of min(1, x), and 1 at the kink", () => {
  expect([bernoulliSlope(3, 4), bernoulliSlope(4, 4), bernoulliSlope(5, 4)]).toEqual([1, 1, 0]);
  expect([bernoulliProbability(3, 4), bernoulliProbability(4, 4), bernoulliProbability(5, 4)]).toEqual([0.75, 1, 1]);
});

describe("stratified words", () => {
  test("are the shared word plus bit-reversed steps", () => {
    expect([...stratify(Uint32Array.of(7, 0xffffffff), 4)]).toEqual([
      7, 0xffffffff, 0x80000007, 0x7fffffff, 0x40000007, 0x3fffffff, 0xc0000007, 0xbfffffff,
    ]);
  });

  test("fire T P times, rounded up or down, when T is a power of two", () => {
    const cases = fc.record({
      word: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      steps: fc.constantFrom(1, 2, 4, 8, 16, 64),
      denominator: fc.integer({ min: 1, max: 300 }),
      numerator: fc.integer({ min: 0, max: 300 }),
    });
    fc.assert(
      fc.property(cases, ({ word, steps, numerator, denominator }) => {
        const words = stratify(Uint32Array.of(word), steps);
        const ones = words.reduce((sum, u) => sum + bernoulliBit(u, numerator, denominator), 0);
        const mean = steps * bernoulliProbability(numerator, denominator);
        expect(ones).toBeGreaterThanOrEqual(Math.floor(mean));
        expect(ones).toBeLessThanOrEqual(Math.ceil(mean));
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  test("are Bernoulli at every step, and their mean over the steps varies less than that of independent words", () => {
    const [neurons, steps, numerator, denominator] = [20_000, 6, 3, 7];
    const p = numerator / denominator;
    const draws = stream(3);
    const words = stratify(
      new Uint32Array(neurons).map(() => draws.word()),
      steps,
    );
    const sums = new Float64Array(neurons);
    for (let t = 0; t < steps; t++) {
      let ones = 0;
      for (let i = 0; i < neurons; i++) {
        const bit = bernoulliBit(words[t * neurons + i], numerator, denominator);
        ones += bit;
        sums[i] += bit;
      }
      // Four standard errors, and the seed is fixed. Adding a constant modulo 2^32 keeps a uniform word uniform.
      expect(Math.abs(ones / neurons - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / neurons));
    }
    const variance = sums.reduce((all, s) => all + (s / steps - p) ** 2, 0) / neurons;
    // Independent words would give p (1 - p) / T = 0.041. T = 6 is not a power of two, yet the variance is less than half of that.
    expect(variance).toBeLessThan((0.5 * p * (1 - p)) / steps);
  });
});
