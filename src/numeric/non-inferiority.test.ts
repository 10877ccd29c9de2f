// @module-tag slow
import { describe, expect, test } from "vitest";
import { ValueError } from "../errors.ts";
import { LEAST_PROMPTS, nonInferiority } from "./non-inferiority.ts";
import { stream } from "./stream.ts";
import { pairedDifference, sampleMean, sampleOf } from "./variance-components.ts";

const pair = (mean: number, low: number, high: number, prompts = 640) =>
  nonInferiority({ rival: 0.5, difference: { mean, low, high }, prompts, margin: 0.25 });

describe("non-inferiority", () => {
  test("is shown by an interval that ends within the margin, the margin included", () => {
    // A quarter of 0.5 is 0.125, exact in binary.
    expect(pair(0.0625, 0, 0.125)).toEqual({ verdict: "shown", allowed: 0.125, prompts: 640, needed: null });
    expect(pair(0.0625, 0, 0.1250001).verdict).toBe("open");
    expect(pair(-0.25, -0.5, 0).verdict).toBe("shown");
    // Worse beyond chance, but by less than the margin.
    expect(pair(0.0625, 0.03125, 0.09375).verdict).toBe("shown");
  });

  test("is refuted by an interval that begins beyond the margin", () => {
    expect(pair(0.25, 0.1250001, 0.375)).toEqual({ verdict: "worse", allowed: 0.125, prompts: 640, needed: null });
    expect(pair(0.25, 0.125, 0.375).verdict).toBe("open");
  });

  test("needs as many prompts as make the interval end at the margin, if the difference stays", () => {
    // Half width 0.25, room 0.0625: a fourfold smaller interval takes sixteen times the prompts.
    expect(pair(0.0625, -0.1875, 0.3125).needed).toBe(10_000);
    expect(pair(0.0625, -0.1875, 0.3125, 600).needed).toBe(9600);
    // A small sample gives no estimate: its difference is a guess.
    expect(pair(0.0625, -0.1875, 0.3125, LEAST_PROMPTS).needed).toBe(1000);
    expect(pair(0.0625, -0.1875, 0.3125, LEAST_PROMPTS - 1)).toMatchObject({ verdict: "open", needed: null });
    // The difference itself is at the margin, or beyond.
    expect(pair(0.125, -0.1, 0.35)).toMatchObject({ verdict: "open", needed: null });
    expect(pair(0.2, -0.1, 0.5)).toMatchObject({ verdict: "open", needed: null });
  });

  test("of a rival without errors is shown by no errors only where the interval says so", () => {
    const faultless = (high: number) =>
      nonInferiority({ rival: 0, difference: { mean: 0, low: 0, high }, prompts: 100, margin: 0.05 });
    expect(faultless(0.03)).toMatchObject({ verdict: "open", needed: null });
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
