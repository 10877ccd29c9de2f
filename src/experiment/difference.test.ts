import fc from "fast-check";
import { expect, test } from "vitest";
import { differences, firstDifference } from "./difference.ts";

test("the first field that differs is named as a person writes it", () => {
  const first = { seed: 1, model: { width: 64 }, stages: [{ steps: 3 }, { steps: 4 }] };
  expect(firstDifference(first, { ...first, stages: [{ steps: 3 }, { steps: 5 }] })).toEqual({
    field: "stages[1].steps",
    first: "4",
    second: "5",
  });
  expect(firstDifference(first, { ...first, stages: [{ steps: 3 }] })?.second).toBe("absent");
  expect(firstDifference(first, { seed: 1, model: 64 })?.field).toBe("model");
  expect(firstDifference({ constructor: 1 }, {})).toEqual({ field: "constructor", first: "1", second: "absent" });
});

test("there is none exactly where the JSON is the same", () => {
  const document = fc.jsonValue({ maxDepth: 3 });
  fc.assert(
    fc.property(document, document, (first, second) => {
      const copy = JSON.parse(JSON.stringify(first));
      expect(firstDifference(copy, JSON.parse(JSON.stringify(first)))).toBeNull();
      const same = JSON.stringify(sorted(first)) === JSON.stringify(sorted(second));
      expect(firstDifference(first, second) === null).toBe(same);
    }),
  );
});

test("all fields are named once, and putting each value of the second in its place gives the second", () => {
  const first = { a: 1, b: { c: [1, 2], d: null }, e: {} };
  const second = { a: 2, b: { c: [1, 3, 4], d: null }, f: "x" };
  expect(differences(first, second)).toEqual([
    { field: "a", first: "1", second: "2" },
    { field: "b.c[1]", first: "2", second: "3" },
    { field: "b.c[2]", first: "absent", second: "4" },
    { field: "e", first: "{}", second: "absent" },
    { field: "f", first: "absent", second: '"x"' },
  ]);
  const document = fc.jsonValue({ maxDepth: 3 });
  fc.assert(
    fc.property(document, document, (one, other) => {
      const all = differences(one, other);
      expect(all[0] ?? null).toEqual(firstDifference(one, other));
      expect(new Set(all.map(({ field }) => field)).size).toBe(all.length);
    }),
  );
});

const sorted = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(sorted)
    : typeof value === "object" && value !== null
      ? Object.fromEntries(
          Object.entries(value)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([key, entry]) => [key, sorted(entry)]),
        )
      : value;
