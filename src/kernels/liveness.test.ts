import fc from "fast-check";
import { expect, test } from "vitest";
import { countingArena } from "./arena.ts";
import { type Buffer, placeBuffers } from "./liveness.ts";

const lives = fc.array(fc.record({ words: fc.integer({ min: 1, max: 400 }), first: fc.nat(20), length: fc.nat(6) }), {
  minLength: 1,
  maxLength: 25,
});
const buffersOf = (of: readonly { words: number; first: number; length: number }[]): Buffer[] =>
  of.map(({ words, first, length }) => ({ words, first, last: first + length, at: 0 }));

test("arrays that are needed at the same step have places of their own", () => {
  fc.assert(
    fc.property(lives, (of) => {
      const buffers = buffersOf(of);
      placeBuffers(countingArena(), buffers);
      for (const [i, a] of buffers.entries()) {
        for (const b of buffers.slice(i + 1)) {
          const meet = a.first <= b.last && b.first <= a.last;
          const apart = a.at + 4 * a.words <= b.at || b.at + 4 * b.words <= a.at;
          expect(!meet || apart).toBe(true);
        }
      }
    }),
  );
});

test("arrays of one size take no more memory than are needed at the busiest step", () => {
  fc.assert(
    fc.property(lives, (of) => {
      const buffers = buffersOf(of.map((life) => ({ ...life, words: 16 })));
      const arena = countingArena();
      // Placed by their first step, as a pass makes them, intervals never need more slots than meet at a step.
      placeBuffers(
        arena,
        buffers.toSorted((a, b) => a.first - b.first),
      );
      const steps = Array.from({ length: 27 }, (_, step) => step);
      const busiest = Math.max(...steps.map((step) => buffers.filter((b) => b.first <= step && step <= b.last).length));
      expect(arena.used).toBe(64 * busiest);
    }),
  );
});
