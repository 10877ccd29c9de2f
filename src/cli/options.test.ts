import fc from "fast-check";
import { expect, test } from "vitest";
import { commandLine, wordsOf } from "./options.ts";

test("the words of a command are those that it was made of, whatever a shell would make of them", () => {
  const word = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom("a", " ", "'", "\\", "\n", '"', "é") }));
  fc.assert(
    fc.property(word, fc.array(word), (source, more) => {
      expect(wordsOf(commandLine("run", source, { seed: 7 }, more))).toEqual([
        "xpike",
        "run",
        source,
        ...more,
        "--seed",
        "7",
      ]);
    }),
    { seed: 1, numRuns: 500 },
  );
});
