import { describe, expect, test } from "vitest";
import { parseExperiment } from "../experiment/parse.ts";
import type { NonInferiority } from "../numeric/non-inferiority.ts";
import { sampleOf } from "../numeric/variance-components.ts";
import type { TaskErrors } from "../task/metrics.ts";
import { equalityFigures, equalityOf, equalityText, equalityWords, testEquality, verdictIn } from "./equality.ts";

const experiment = parseExperiment({ evaluation: { equalityMargin: 0.2 } });
const prompts = 1000;
/** Errors on every prompt whose number is a multiple of `every`, from `first` on. */
const errorsOf = (every: number, first = 0): TaskErrors => ({
  prompts,
  wrong: Uint16Array.from({ length: prompts }, (_, k) => Number(k >= first && k % every === 0)),
});

describe("equal accuracy", () => {
  test("is tested in pairs, on the prompts that chips and rival share", () => {
    const rival = Float64Array.from({ length: 40 }, (_, k) => Number(k < 20));
    const row = rival.slice(0, 30);
    // Equal answers: the difference is 0, and half of 30 prompts would not show it without pairs. The last 10 prompts are nobody's.
    const found = testEquality(sampleOf([row, row]), rival, 0.3);
    expect(found).toMatchObject({ prompts: 30, allowed: 0.3 * (20 / 30) });
    const apart = Float64Array.from({ length: 30 }, (_, k) => Number(k >= 10));
    expect(testEquality(sampleOf([apart, apart]), rival, 0.3).verdict).toBe("open");
  });

  test("is claimed in words that say how it was shown, and denied with the sample that did not show it", () => {
    const text = (test: Partial<NonInferiority>) =>
      equalityText({ verdict: "open", allowed: 0.01, prompts: 640, ...test }, 0.05);
    expect(text({ verdict: "shown", prompts: 10_000 })).toBe(
      "not worse by more than 5 % of its error rate, shown with 10,000 prompts",
    );
    expect(text({ verdict: "worse" })).toBe("worse by more than 5 % of its error rate, shown with 640 prompts");
    expect(text({})).toBe("equal accuracy is not shown with 640 prompts");
    expect(equalityText({ verdict: "open", allowed: 0, prompts: 90 }, 0.125, "images")).toBe(
      "equal accuracy is not shown with 90 images",
    );
  });

  test("is two figures of 1 or 0, shown and shown not to hold", () => {
    const found = (test: Partial<NonInferiority>) =>
      equalityFigures("e", "it", { verdict: "open", allowed: 0.01, prompts: 640, ...test }, 0.05).map(
        ({ id, value }) => [id, value],
      );
    expect(found({ verdict: "shown" })).toEqual([
      ["e.shown", 1],
      ["e.exceeded", 0],
    ]);
    expect(found({ verdict: "worse" })).toEqual([
      ["e.shown", 0],
      ["e.exceeded", 1],
    ]);
    expect(found({})).toEqual([
      ["e.shown", 0],
      ["e.exceeded", 0],
    ]);
  });

  test("is read back from the figures as the verdict that they were made of", () => {
    for (const verdict of ["shown", "open", "worse"] as const) {
      const figures = equalityFigures("e", "it", { verdict, allowed: 0.01, prompts: 640 }, 0.05);
      expect(verdictIn(figures, "e")).toBe(verdict);
    }
    expect(verdictIn([], "e")).toBeUndefined();
  });

  test("of a run is that of its chips beside its ANN, at the experiment's margin", () => {
    const run = (chip: TaskErrors) => ({
      ...{ experiment, chips: [{ errors: chip }, { errors: chip }] },
      networks: { ann: { errors: errorsOf(4) } },
    });
    // 2 of 250 errors fewer: within 20 % beyond doubt.
    expect(equalityOf(run(errorsOf(4, 8)))[0]).toMatchObject({ id: "equality.ann.shown", value: 1, trials: prompts });
    expect(equalityWords(run(errorsOf(4, 8)))).toMatch(/^not worse by more than 20 % .* with 1000 prompts$/);
    // Twice as many.
    expect(equalityOf(run(errorsOf(2)))[0]).toMatchObject({ value: 0 });
    expect(equalityWords(run(errorsOf(2)))).toMatch(/^worse by more than 20 %/);
    expect(equalityOf({ ...run(errorsOf(2)), networks: {} })).toEqual([]);
    // A classifier's report holds the errors themselves.
    expect(equalityWords({ ...run(errorsOf(2)), networks: { ann: errorsOf(4) } })).toMatch(/^worse/);
  });
});
