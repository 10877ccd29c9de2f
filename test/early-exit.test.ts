/** The arithmetic of experiments/early-exit: the exit rules, and the guarantee with which a threshold is chosen. */
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stream } from "../src/numeric/stream.ts";

// Through a variable, because the programs of experiments/ have no types.
const rules = join(import.meta.dirname, "../experiments/early-exit/exit.mjs");
const { chooseThreshold, outcome, stepsByAgreement, stepsByMargin, upperBound } = await import(rules);

describe("an early exit", () => {
  const prompt = { margins: [0.5, 2, 1, 4], decisions: [1, 2, 2, 3], wrong: [1, 0, 0, 0.5] };

  test("stops at the first margin that reaches the threshold, or at the second of two equal answers, or at the end", () => {
    expect([0.4, 1, 3, 5].map((threshold) => stepsByMargin(prompt, threshold))).toEqual([1, 2, 4, 4]);
    expect(stepsByAgreement(prompt)).toBe(3);
    expect(stepsByAgreement({ decisions: [1, 2, 3] })).toBe(3);
  });

  test("is summarised by mean steps, their distribution, the error rate, and the answers it made worse", () => {
    const other = { margins: [3, 3, 3, 3], decisions: [0, 0, 0, 0], wrong: [1, 1, 1, 0] };
    expect(outcome([prompt, other], (one: typeof prompt) => stepsByMargin(one, 2))).toEqual({
      ...{ meanSteps: 1.5, distribution: [0.5, 0.5, 0, 0], rate: 0.5, worse: 0.5 },
    });
  });

  test("bounds a probability as the binomial distribution does, summed term by term", () => {
    // Without any error, (1 - p)^n = delta.
    expect(upperBound(0, 100, 0.1)).toBeCloseTo(1 - 0.1 ** (1 / 100), 10);
    const choose = (n: number, k: number): number => (k === 0 ? 1 : (choose(n, k - 1) * (n - k + 1)) / k);
    for (const count of [1, 3, 7]) {
      const p = upperBound(count, 20, 0.05);
      const sum = Array.from({ length: count + 1 }, (_, k) => choose(20, k) * p ** k * (1 - p) ** (20 - k));
      expect(sum.reduce((a, b) => a + b)).toBeCloseTo(0.05, 8);
    }
    expect(upperBound(20, 20, 0.05)).toBe(1);
  });

  test("keeps its guarantee: thresholds that violate it are chosen no more often than stated", () => {
    // Confidence u is uniform; an early answer with confidence u is worse with probability 0.2 (1 - u), so at threshold x a
    // share 0.1 (1 - x)^2 is worse.
    const [alpha, delta, runs] = [0.02, 0.1, 400];
    const thresholds = Array.from({ length: 20 }, (_, i) => 1 - i / 20);
    const random = stream(3);
    let broken = 0;
    let chosen = 0;
    for (let run = 0; run < runs; run++) {
      const prompts = Array.from({ length: 300 }, () => {
        const u = random.uniform();
        return { margins: [u, 1], decisions: [0, 0], wrong: [random.uniform() < 0.2 * (1 - u) ? 1 : 0, 0] };
      });
      const threshold: number | null = chooseThreshold(prompts, thresholds, { alpha, delta });
      // Prompts with u >= x leave early: of these, 0.2 (1 - u) are worse, which is 0.1 (1 - x)^2 of all.
      if (threshold !== null && 0.1 * (1 - threshold) ** 2 > alpha) broken++;
      if (threshold !== null && threshold < 1) chosen++;
    }
    // At most four standard errors above delta, and the rule does use what it may.
    expect(broken / runs).toBeLessThan(delta + 4 * Math.sqrt((delta * (1 - delta)) / runs));
    expect(broken).toBeGreaterThan(0);
    expect(chosen).toBe(runs);
  });

  test("never chooses a threshold after one that failed", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.boolean()), { minLength: 5 }),
        (rows) => {
          const prompts = rows.map(([u, worse]) => ({ margins: [u, 1], decisions: [0, 0], wrong: [worse ? 1 : 0, 0] }));
          const thresholds = [0.9, 0.6, 0.3, 0.1];
          const chosen: number | null = chooseThreshold(prompts, thresholds, { alpha: 0.5, delta: 0.2 });
          const passes = thresholds.map((threshold) => {
            const count = rows.filter(([u, worse]) => u >= threshold && worse).length;
            return upperBound(count, rows.length, 0.2) <= 0.5;
          });
          const failed = passes.indexOf(false);
          const expected = failed < 0 ? thresholds.at(-1)! : failed === 0 ? null : thresholds[failed - 1];
          expect(chosen).toBe(expected);
        },
      ),
    );
  });
});
