import fc from "fast-check";
import { expect, test } from "vitest";
import { beats, type Costs, costsOf, frontOf, frontPoints, keepsLimits } from "./front.ts";
import type { Measures, Row } from "./unit.ts";

const exact = (value: number) => ({ value, low: value, high: value });
const none = {
  ...{ errorRate: null, yearLoss: null, blockErrorRate: null, codedEbN0: null },
  ...{ energy: null, latency: null, throughput: null, area: null },
};
const rowOf = (point: number, measures: Partial<Measures> | null): Row => ({
  ...{ point, hash: "", values: {}, refused: measures ? null : "MappingError" },
  measures: measures && { ...none, chips: 1, prompts: 1, ...measures },
});

test("the front equals the result of comparing all pairs", () => {
  // Few distinct values, so that ties and duplicates are common.
  const points = (objectives: number) => fc.array(fc.tuple(...Array(objectives).fill(fc.integer({ min: 0, max: 5 }))));
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }).chain(points), (all) => {
      const list = all as unknown as Costs[];
      const brute = list.flatMap((own, i) => (list.some((other) => beats(other, own)) ? [] : [i]));
      expect(frontOf(list)).toEqual(brute);
    }),
  );
});

test("throughput is maximised, limits are kept, and refused points are on no front", () => {
  const rows = [
    rowOf(0, { errorRate: exact(0.1), throughput: exact(5) }),
    rowOf(1, { errorRate: exact(0.1), throughput: exact(7) }),
    rowOf(2, { errorRate: exact(0.05), throughput: exact(1) }),
    rowOf(3, null),
    rowOf(4, { errorRate: exact(0.5), throughput: exact(9) }),
    rowOf(5, { errorRate: exact(0.01) }),
  ];
  const objectives = ["errorRate", "throughput"] as const;
  const front = (constraints: object) => [...frontPoints(rows, { objectives: [...objectives], constraints })];
  expect(front({})).toEqual([1, 2, 4]);
  expect(front({ errorRate: { most: 0.2 } })).toEqual([1, 2]);
  expect(front({ throughput: { least: 2 }, area: { most: 0 } })).toEqual([1, 4]);
});

test("limits include their ends", () => {
  const measures = { ...none, chips: 1, prompts: 1, errorRate: exact(0.1), throughput: exact(5) };
  const keeps = (constraints: object) => keepsLimits(measures, { constraints });
  expect([keeps({ errorRate: { most: 0.1 } }), keeps({ errorRate: { least: 0.1 } })]).toEqual([true, true]);
  expect(keeps({ errorRate: { least: 0.1, most: 0.1 }, throughput: { least: 5, most: 5 } })).toBe(true);
  expect([keeps({ errorRate: { most: 0.0999 } }), keeps({ errorRate: { least: 0.1001 } })]).toEqual([false, false]);
  // One limit out of two is not enough; one on something that was not measured does not count.
  expect(keeps({ errorRate: { most: 1 }, throughput: { least: 6 } })).toBe(false);
  expect(keeps({ area: { most: 0, least: 1 } })).toBe(true);
});

test("with a budget, only points on as many chips and prompts as any can be on the front; without one, all", () => {
  const sized = (point: number, rate: number, chips: number, prompts: number) =>
    rowOf(point, { errorRate: exact(rate), chips, prompts });
  // Ten times eight is as much as eight times ten; more prompts on fewer chips can be less.
  const rows = [
    sized(0, 0.1, 8, 10),
    sized(1, 0.01, 4, 19),
    sized(2, 0.1, 10, 8),
    sized(3, 0.001, 1, 1),
    rowOf(4, null),
  ];
  const front = (design: object) => [...frontPoints(rows, { objectives: ["errorRate"], constraints: {}, ...design })];
  expect(front({ budget: { chips: 4, prompts: 16, growth: 4 } })).toEqual([0, 2]);
  expect(front({})).toEqual([3]);
});

test("a point that lacks an objective has no costs, and throughput counts against them", () => {
  const measures = { ...none, chips: 1, prompts: 1, energy: exact(2), throughput: exact(5) };
  expect(costsOf(measures, ["throughput", "energy"])).toEqual([-5, 2]);
  expect(costsOf(measures, ["energy", "area"])).toBeNull();
  expect(costsOf(null, ["energy"])).toBeNull();
});
