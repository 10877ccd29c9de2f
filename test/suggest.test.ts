import fc from "fast-check";
import { expect, test } from "vitest";
import { editDistance, suggest } from "../src/errors.ts";

test("a word of a million letters is near to nothing, at no cost", () => {
  const long = "weight".repeat(200_000);
  expect(suggest("weigth", [long, "height", "weight"])).toBe("weight");
  expect(suggest("weigth", [long])).toBeUndefined();
});

test("distances worked by hand", () => {
  expect(editDistance("kitten", "sitting")).toBe(3);
  expect(editDistance("haeds", "heads")).toBe(1);
  expect(editDistance("", "abc")).toBe(3);
  // Optimal string alignment never edits a character twice; unrestricted, this would be 2.
  expect(editDistance("ca", "abc")).toBe(3);
});

test("the distance is symmetric, zero for equal words only, and at most the longer length", () => {
  const word = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 8 });
  fc.assert(
    fc.property(word, word, (a, b) => {
      const distance = editDistance(a, b);
      expect(distance).toBe(editDistance(b, a));
      expect(distance === 0).toBe(a === b);
      expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
      expect(distance).toBeGreaterThanOrEqual(Math.abs(a.length - b.length));
    }),
    { seed: 1, numRuns: 300 },
  );
});

test("the nearest word is suggested, and none when all are far", () => {
  const words = ["width", "depth", "heads", "expansion"];
  expect(suggest("haeds", words)).toBe("heads");
  expect(suggest("Width", words)).toBe("width");
  expect(suggest("expantion", words)).toBe("expansion");
  expect(suggest("temperature", words)).toBeUndefined();
  expect(suggest("w".repeat(100_000), words)).toBeUndefined();
});

test("a name that was not typed to its end is completed, if it has four letters", () => {
  const names = ["paper-2x2", "wireless-2x2", "wireless-4x4"];
  expect(suggest("wireles", names)).toBe("wireless-2x2");
  expect(suggest("Wireless", names)).toBe("wireless-2x2");
  expect(suggest("wir", names)).toBeUndefined();
});

test("nobody mistypes a word of more than 60 letters", () => {
  const word = "a".repeat(60);
  expect(suggest(word, [word])).toBe(word);
  expect(suggest(`${word}a`, [`${word}a`])).toBeUndefined();
});
