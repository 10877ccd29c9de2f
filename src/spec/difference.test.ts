import fc from "fast-check";
import { expect, test } from "vitest";
import { firstDifference } from "./difference.ts";

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
