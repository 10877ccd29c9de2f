import fc from "fast-check";
import { expect, test } from "vitest";
import { beats, type Costs, frontOf, frontPoints } from "./front.ts";
import type { Measures, Row } from "./unit.ts";

const exact = (value: number) => ({ value, low: value, high: value });
const none = { errorRate: null, yearLoss: null, energy: null, latency: null, throughput: null, area: null };
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
