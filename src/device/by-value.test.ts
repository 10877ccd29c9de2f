import fc from "fast-check";
import { expect, test } from "vitest";
import { byValue } from "./by-value.ts";

test("the values are those of the function, for few values and for many", () => {
  const square = byValue((x) => x * x);
  const numbers = fc.oneof(fc.constantFrom(0, -0, 0.5, 1, 25), fc.double({ noNaN: true }));
  fc.assert(
    fc.property(fc.array(numbers, { maxLength: 3000 }), (list) => {
      for (const x of list) expect(square(x)).toBe(x * x);
    }),
    { seed: 1, numRuns: 50 },
  );
});

test("each of sixteen levels is computed once, however often it is requested", () => {
  const asked: number[] = [];
  const of = byValue((x) => asked.push(x));
  for (let i = 0; i < 1000; i++) of(((i % 16) * 25) / 15);
  expect(asked.length).toBe(16);
});
