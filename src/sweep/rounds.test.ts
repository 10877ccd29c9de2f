import { describe, expect, test } from "vitest";
import { SpecError } from "../errors.ts";
import { parseDesign } from "../experiment/design.ts";
import { stream } from "../numeric/stream.ts";
import { frontPoints } from "./front.ts";
import { packWrong } from "./packed.ts";
import type { OpenedDesign, PointValues } from "./points.ts";
import { effortOf, fitnessOf, isAdaptive, lastRows, sweepRounds } from "./rounds.ts";
import type { Measures, Row } from "./unit.ts";

const designOf = (fields: object): OpenedDesign =>
  parseDesign({
    experiment: { hardware: { chips: 8 }, evaluation: { prompts: 1024 } },
    axes: {},
    ...fields,
  }) as OpenedDesign;
const exact = (value: number) => ({ value, low: value, high: value });
const NONE = {
  ...{ errorRate: null, yearLoss: null, blockErrorRate: null, codedEbN0: null },
  ...{ energy: null, latency: null, throughput: null, area: null },
};
const BITS = "hardware.adc.bits";
const [CHIPS, PROMPTS] = ["hardware.chips", "evaluation.prompts"];
const SIZE = { [CHIPS]: null, [PROMPTS]: null };

/** The same point, on at most as many chips and on fewer prompts. */
function expectSmaller({ values, measures }: Row, next: PointValues) {
  expect({ ...values, ...SIZE }).toEqual({ ...next, ...SIZE });
  expect(measures!.chips).toBeLessThanOrEqual(next[CHIPS] as number);
  expect(measures!.chips * measures!.prompts).toBeLessThan((next[CHIPS] as number) * (next[PROMPTS] as number));
}

/** Runs all rounds of a design; equal values give equal rows. */
function runRounds(design: OpenedDesign, rowOf: (values: PointValues, point: number) => Row | null) {
  const known = new Map<string, Row | null>();
  const sizes: number[] = [];
  const rounds = sweepRounds(design);
  for (let next = rounds.next(); !next.done; ) {
    sizes.push(next.value.length);
    next = rounds.next(
      next.value.map(({ values, earlier }) => {
        const key = JSON.stringify(values);
        if (earlier) expectSmaller(earlier, values);
        if (!known.has(key)) known.set(key, rowOf(values, known.size));
        return known.get(key)!;
      }),
    );
  }
  return { rows: [...known.values()].flatMap((row) => row ?? []), sizes };
}

const priced =
  (measures: Partial<Measures>) =>
  (values: PointValues, point: number): Row => ({
    ...{ point, values, hash: `h${point}`, refused: null },
    measures: { ...NONE, chips: 1, prompts: 32, ...measures },
  });

describe("a search", () => {
  const axes = {
    [BITS]: { from: 2, to: 9, whole: true },
    "hardware.adc.mode": ["pair", "differential"],
    "hardware.readTime": { from: 1, to: 1000, scale: "log" },
  };
  const sampling = { kind: "search", points: 60, population: 10 };
  const design = designOf({ axes, sampling, objectives: ["energy", "area"] });
  const answer = (values: PointValues, point: number) => {
    const [bits, time] = [values[BITS], values["hardware.readTime"]] as number[];
    return priced({ energy: exact(bits + Math.log10(time)), area: exact(9 - bits + (time - 30) ** 2 / 1e4) })(
      values,
      point,
    );
  };

  test("stays on the axes, requests no point twice, and finds the front", () => {
    const { rows, sizes } = runRounds(design, answer);
    expect(sizes).toEqual(Array(6).fill(10));
    expect(rows).toHaveLength(60);
    for (const { values } of rows) {
      expect([2, 3, 4, 5, 6, 7, 8, 9]).toContain(values[BITS]);
      expect(["pair", "differential"]).toContain(values["hardware.adc.mode"]);
      expect(values["hardware.readTime"]).toBeGreaterThanOrEqual(1);
      expect(values["hardware.readTime"]).toBeLessThanOrEqual(1000);
    }
    // On the front their sum is 9 to 10.5, elsewhere on the axes up to 106.
    const sumOf = (part: readonly Row[]) =>
      part.reduce((sum, { measures }) => sum + measures!.energy!.value + measures!.area!.value, 0) / part.length;
    expect(sumOf(rows.slice(-20))).toBeLessThan(12);
    expect(sumOf(rows.slice(0, 10))).toBeGreaterThan(12);
    expect(runRounds(design, answer).rows).toEqual(rows);
    expect(isAdaptive(design)).toBe(true);
  });

  test("ranks an invalid experiment or machine below a point that violates a limit", () => {
    const limited = { ...design, constraints: { area: { most: 3 } } };
    const { rows, sizes } = runRounds(limited, (values, point) => {
      if (values["hardware.adc.mode"] === "pair") return null;
      const row = answer(values, point);
      return values[BITS] === 9 ? { ...row, measures: null, refused: "no machine" } : row;
    });
    expect(sizes.slice(0, 5)).toEqual(Array(5).fill(10));
    const last = rows.filter(({ point }) => point >= 40);
    const kept = last.filter(({ measures }) => measures !== null && measures.area!.value <= 3);
    expect(kept.length).toBeGreaterThan(last.length / 2);
  });
});

describe("a budget", () => {
  const axes = { [BITS]: [2, 3, 4, 5, 6, 7, 8, 9] };
  const budget = { chips: 4, prompts: 64 };
  const design = designOf({ axes, budget, objectives: ["errorRate", "energy"] });

  /**
   * Points with prompts that go wrong with a probability of their own, on common random numbers; `twins` compute the same
   * as the point before them.
   */
  const sampled = (
    rateOf: (bits: number) => number,
    energyOf: (bits: number) => number,
    twins: readonly number[] = [],
  ) => {
    return (values: PointValues, point: number): Row => {
      const { [BITS]: bits, "hardware.chips": chips, "evaluation.prompts": prompts } = values as Record<string, number>;
      const own = twins.includes(bits) ? bits - 1 : bits;
      const wrong = Array.from({ length: chips }, (_, chip) =>
        Uint8Array.from({ length: prompts }, (__, k) => {
          return stream(11).fork("common", chip, k).uniform() < rateOf(own) ? 1 : 0;
        }),
      );
      const rate = wrong.flatMap((row) => [...row]).reduce((sum, one) => sum + one, 0) / (chips * prompts);
      return {
        ...{ point, values, hash: `h${point}`, refused: null },
        measures: {
          ...NONE,
          errorRate: { value: rate, low: rate - 0.1, high: rate + 0.1 },
          energy: exact(energyOf(bits)),
          chips,
          prompts,
        },
        samples: {
          ...{ trials: 1, now: wrong.map(packWrong), later: null, losses: wrong.map((_, chip) => own + chip / 10) },
          ...{ operations: [], spikes: [] },
        },
      };
    };
  };

  test("drops surely beaten points after few prompts, and finds the same front as all at full size", () => {
    // 2 to 5 bits trade errors for energy; the others cost as much as 5 and get worse and worse.
    const rateOf = (bits: number) => (bits <= 5 ? 0.6 - 0.1 * bits : 0.1 + 0.1 * (bits - 5));
    const energyOf = (bits: number) => (bits <= 5 ? bits : 6);
    const { rows, sizes } = runRounds(design, sampled(rateOf, energyOf));
    const full = runRounds(
      designOf({ axes, budget: { ...budget, chips: 8, prompts: 1024 }, objectives: ["errorRate", "energy"] }),
      sampled(rateOf, energyOf),
    );
    const last = lastRows(rows, design);
    expect(last).toHaveLength(8);
    expect(last.map(({ point }) => point)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(last.every(({ values }) => Object.keys(values).join() === BITS)).toBe(true);
    expect([...frontPoints(last, design)]).toEqual([0, 1, 2, 3]);
    expect(frontPoints(lastRows(full.rows, design), design)).toEqual(new Set([0, 1, 2, 3]));
    expect(sizes[0]).toBe(8);
    // Those with an error rate above six times 0.1 are eliminated at once.
    expect(sizes.length === 1 || sizes[1] < 8).toBe(true);
    const { spent, full: whole } = effortOf(rows, design);
    expect(whole).toBe(8 * 8 * 1024);
    expect(spent).toBeLessThan(whole / 4);
  });

  test("continues to the full size only with two close points", () => {
    const rateOf = (bits: number) => (bits <= 3 ? 0.2 + 0.002 * bits : 0.5 + 0.02 * bits);
    const { rows, sizes } = runRounds(
      design,
      sampled(rateOf, (bits) => bits),
    );
    expect(sizes).toEqual([8, 2, 2]);
    const sizesOf = rows.slice(-2).map(({ measures }) => [measures!.chips, measures!.prompts]);
    expect(sizesOf).toEqual([
      [8, 1024],
      [8, 1024],
    ]);
    // Six are eliminated after the first round; the two reuse their results of two rounds in the third.
    const programmed = 8 * 4 + 2 * 8 + 2 * 8;
    expect(effortOf(rows, design)).toEqual({
      ...{ spent: 6 * 4 * 64 + 2 * 8 * 1024, full: 8 * 8 * 1024 },
      ...{ programmed, again: programmed - 6 * 4 - 2 * 8 },
    });
    // With all prompts from the start, a round only adds chips.
    const wide = designOf({
      axes,
      budget: { chips: 2, prompts: 1024, growth: 2 },
      objectives: ["errorRate", "energy"],
    });
    const whole = runRounds(
      wide,
      sampled(rateOf, (bits) => bits),
    );
    expect(whole.sizes).toEqual([8, 2]);
    expect(effortOf(whole.rows, wide)).toMatchObject({ programmed: 6 * 2 + 2 * 4, again: 0 });
  });

  test("ends at once if points compute the same and differ only in price", () => {
    const twins = designOf({ axes: { [BITS]: [4, 5] }, budget, objectives: ["errorRate", "energy"] });
    const energyOf = (bits: number) => bits;
    const run = (same: number[]) =>
      runRounds(
        twins,
        sampled(() => 0.3, energyOf, same),
      );
    expect(run([5]).sizes).toEqual([2]);
    expect([...frontPoints(lastRows(run([5]).rows, twins), twins)]).toEqual([0]);
    // Answers that are equal by chance, which more prompts might separate, are no proof.
    expect(run([]).sizes).toEqual([2, 2, 2]);
  });

  test("keeps a point only as long as a limit may hold", () => {
    const limited = { ...design, constraints: { errorRate: { most: 0.25 } } };
    const { rows, sizes } = runRounds(
      limited,
      sampled(
        (bits) => 0.1 * bits,
        (bits) => 10 - bits,
      ),
    );
    expect(sizes[1]).toBeLessThan(5);
    expect([...frontPoints(lastRows(rows, limited), limited)]).toEqual([0]);
  });

  test.each([
    [{ objectives: ["energy", "area"] }, "budget", "Leave the budget out, or add one"],
    [{ axes: { "hardware.chips": [2, 4] } }, 'axes["hardware.chips"]', "neither can be an axis"],
    [{ axes: { evaluation: [{ prompts: 10 }] } }, 'axes["evaluation.prompts"]', "neither can be an axis"],
  ])("is refused with %j", (fields, path, message) => {
    const rounds = () => sweepRounds(designOf({ budget, ...fields })).next();
    expect(rounds).toThrow(SpecError);
    expect(rounds).toThrow(expect.objectContaining({ path, message: expect.stringContaining(message) }));
  });
});

describe("the fitness of a point", () => {
  const violationOf = (constraints: object, measures: Partial<Measures>) =>
    fitnessOf({ ...NONE, chips: 1, prompts: 1, energy: exact(1), ...measures }, { objectives: ["energy"], constraints })
      .violation;

  test("violates limits by a share of each, whatever their unit, summed over them", () => {
    // 3 nJ instead of 2 are as bad as 3 mm^2 instead of 2, or half of the requested throughput.
    expect(violationOf({ energy: { most: 2e-9 } }, { energy: exact(3e-9) })).toBeCloseTo(0.5, 12);
    expect(violationOf({ area: { most: 2e-6 } }, { area: exact(3e-6) })).toBeCloseTo(0.5, 12);
    expect(violationOf({ throughput: { least: 4000 } }, { throughput: exact(2000) })).toBeCloseTo(0.5, 12);
    const both = { energy: { most: 2e-9 }, throughput: { least: 4000 } };
    expect(violationOf(both, { energy: exact(3e-9), throughput: exact(1000) })).toBeCloseTo(1.25, 12);
  });

  test("keeps limits up to their ends, and ignores those of what was not measured", () => {
    expect(violationOf({ energy: { least: 1, most: 1 }, area: { most: 0 } }, {})).toBe(0);
    expect(violationOf({ energy: { least: 0.5, most: 2 } }, {})).toBe(0);
  });

  test("violates a negative limit by a share of its size, and one at 0 by the amount", () => {
    expect(violationOf({ yearLoss: { most: -0.02 } }, { yearLoss: exact(-0.01) })).toBeCloseTo(0.5, 12);
    expect(violationOf({ yearLoss: { most: 0 } }, { yearLoss: exact(0.01) })).toBeCloseTo(0.01, 12);
  });

  test("is worst without measures", () => {
    expect(fitnessOf(null, { objectives: ["energy", "area"], constraints: {} })).toEqual({
      costs: [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
      violation: Number.POSITIVE_INFINITY,
    });
  });
});
