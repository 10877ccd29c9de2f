// @module-tag slow
import { describe, expect, test } from "vitest";
import { ValueError } from "../errors.ts";
import { nonInferiority } from "./non-inferiority.ts";
import { stream } from "./stream.ts";
import { pairedDifference, sampleMean, sampleOf } from "./variance-components.ts";

const pair = (mean: number, low: number, high: number, prompts = 640) =>
  nonInferiority({ rival: 0.5, difference: { mean, low, high }, prompts, margin: 0.25 });

describe("non-inferiority", () => {
  test("is shown by an interval that ends within the margin, the margin included", () => {
    // A quarter of 0.5 is 0.125, exact in binary.
    expect(pair(0.0625, 0, 0.125)).toEqual({ verdict: "shown", allowed: 0.125, prompts: 640 });
    expect(pair(0.0625, 0, 0.1250001).verdict).toBe("open");
    expect(pair(-0.25, -0.5, 0).verdict).toBe("shown");
    // Worse beyond chance, but by less than the margin.
    expect(pair(0.0625, 0.03125, 0.09375).verdict).toBe("shown");
  });

  test("is refuted by an interval that begins beyond the margin", () => {
    expect(pair(0.25, 0.1250001, 0.375)).toEqual({ verdict: "worse", allowed: 0.125, prompts: 640 });
    expect(pair(0.25, 0.125, 0.375).verdict).toBe("open");
  });

  test("is open where the interval holds the margin, at which no number of prompts would show it", () => {
    expect(pair(0.0625, -0.1875, 0.3125)).toEqual({ verdict: "open", allowed: 0.125, prompts: 640 });
    expect(pair(0.2, -0.1, 0.5, 8)).toEqual({ verdict: "open", allowed: 0.125, prompts: 8 });
  });

  test("of a rival without errors is shown by no errors only where the interval says so", () => {
    const faultless = (high: number) =>
      nonInferiority({ rival: 0, difference: { mean: 0, low: 0, high }, prompts: 100, margin: 0.05 });
    expect(faultless(0.03)).toMatchObject({ verdict: "open" });
    expect(faultless(0).verdict).toBe("shown");
  });

  test("refuses an interval without its mean, and what is not a number", () => {
    expect(() => pair(0.2, 0.3, 0.4)).toThrow(ValueError);
    expect(() => pair(Number.NaN, 0, 1)).toThrow(ValueError);
    expect(() =>
      nonInferiority({ rival: -1, difference: { mean: 0, low: 0, high: 0 }, prompts: 1, margin: 1 }),
    ).toThrow(ValueError);
  });

  test("is claimed of a rate at the margin in about 2.5 % of samples", () => {
    const [rival, margin, prompts, draws] = [0.2, 0.05, 1000, 2000];
    const random = stream(5);
    let shown = 0;
    for (let draw = 0; draw < draws; draw++) {
      // Independent answers, with a true difference of exactly the margin.
      const answers = (rate: number) => Float64Array.from({ length: prompts }, () => Number(random.uniform() < rate));
      const [theirs, ours] = [answers(rival), answers(rival * (1 + margin))];
      const difference = sampleMean(pairedDifference(sampleOf([ours]), sampleOf([theirs])));
      const found = theirs.reduce((sum, wrong) => sum + wrong, 0) / prompts;
      if (nonInferiority({ rival: found, difference, prompts, margin }).verdict === "shown") shown++;
    }
    // 2.8 % is expected, with a standard error of 0.4 %.
    expect(shown / draws).toBeGreaterThan(0.015);
    expect(shown / draws).toBeLessThan(0.042);
  });
});
