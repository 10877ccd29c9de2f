import fc from "fast-check";
import { expect, test } from "vitest";
import { stream } from "../numeric/stream.ts";
import { density, emptySpikeTrain, packSpikes, popcount32, unpackSpikes, wordsPerRow } from "./train.ts";

const shape = fc.record({
  steps: fc.integer({ min: 1, max: 5 }),
  rows: fc.integer({ min: 1, max: 5 }),
  // Around the word size, where packing could go wrong.
  features: fc.constantFrom(1, 2, 31, 32, 33, 63, 64, 65, 100),
  seed: fc.nat(),
});

test("unpacking returns what was packed, and bits past the last feature stay 0", () => {
  fc.assert(
    fc.property(shape, ({ steps, rows, features, seed }) => {
      const random = stream(seed);
      const values = Uint8Array.from({ length: steps * rows * features }, () => random.word() & 1);
      const train = packSpikes(values, steps, rows, features);
      expect(unpackSpikes(train)).toEqual(values);
      // The number of spikes counted over whole words equals the number given: padding holds none.
      let ones = 0;
      for (const word of train.words) ones += popcount32(word);
      expect(ones).toBe(values.reduce((a, b) => a + b, 0));
      expect(density(train)).toBeCloseTo(ones / values.length, 15);
    }),
    { seed: 1, numRuns: 100 },
  );
});

test("feature f of a row is bit f mod 32 of word f div 32", () => {
  const values = new Uint8Array(2 * 40);
  values[40 + 0] = 1; // row 1, feature 0
  values[40 + 33] = 1; // row 1, feature 33
  const train = packSpikes(values, 1, 2, 40);
  expect(wordsPerRow(40)).toBe(2);
  expect([...train.words]).toEqual([0, 0, 1, 2]);
});

test("bits are counted one by one or by popcount with the same result", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffffffff }), (word) => {
      expect(popcount32(word)).toBe([...word.toString(2)].filter((digit) => digit === "1").length);
    }),
    { seed: 1, numRuns: 500 },
  );
  expect(popcount32(0xffffffff)).toBe(32);
});

test("an empty train has density 0, and values of the wrong length are refused", () => {
  expect(density(emptySpikeTrain(2, 3, 33))).toBe(0);
  expect(() => packSpikes(new Uint8Array(5), 1, 2, 3)).toThrow("1 steps x 2 rows x 3 features are 6 values, but 5");
});
