import fc from "fast-check";
import { expect, test } from "vitest";
import { keepUntil, type MemoryKeeper, Stopped } from "../../test/support/memory-keeper.ts";
import { stream } from "../numeric/stream.ts";
import type { NO_KEEPER } from "./keeper.ts";
import { answerPoints, endOf, type Failures } from "./sequential.ts";

test("a point ends with the block that brings enough errors, or after the most blocks, by hand", () => {
  const failed = [0, 1, 0, 1, 1, 0];
  expect(endOf(failed, { errors: 2, blocks: 6 })).toBe(4);
  expect(endOf(failed, { errors: 3, blocks: 6 })).toBe(5);
  expect(endOf(failed, { errors: 3, blocks: 4 })).toBe(4);
  expect(endOf(failed, { errors: 4, blocks: 6 })).toBe(6);
  expect(endOf(failed, { errors: 4, blocks: 7 })).toBeNull();
  expect(endOf([], { errors: 1, blocks: 1 })).toBeNull();
});

interface Answers extends Failures {
  readonly blocks: readonly number[];
}

/** Block k of point p fails with probability `rates[p]`. */
const failsAt = (p: number, k: number, rates: readonly number[]) => (stream(7).fork(p, k).uniform() < rates[p] ? 1 : 0);

test("whatever the rounds, order and interruptions, all answers up to the end are there, each once and in order", async () => {
  const cases = fc.record({
    rates: fc.array(fc.constantFrom(0, 0.01, 0.3, 1), { minLength: 1, maxLength: 3 }),
    errors: fc.integer({ min: 1, max: 40 }),
    blocks: fc.integer({ min: 1, max: 300 }),
    slice: fc.integer({ min: 1, max: 50 }),
    sitting: fc.integer({ min: 1, max: 9 }),
    seed: fc.nat(),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ rates, slice, sitting, seed, ...limits }) => {
      const names = rates.map((_, p) => `point ${p}`);
      const random = stream(seed);
      const answer = (keeper: MemoryKeeper | typeof NO_KEEPER) =>
        answerPoints<Answers>({ limits, keeper, names }, async (asked, keep) => {
          const pieces = asked.flatMap(({ point, ranges }) =>
            ranges.flatMap(({ firstPrompt, prompts }) =>
              Array.from({ length: Math.ceil(prompts / slice) }, (_, i) => ({
                point,
                firstPrompt: firstPrompt + i * slice,
                prompts: Math.min(slice, prompts - i * slice),
              })),
            ),
          );
          const order = pieces.map((piece) => ({ piece, at: random.uniform() })).sort((a, b) => a.at - b.at);
          for (const { piece } of order) {
            const blocks = Array.from({ length: piece.prompts }, (_, i) => piece.firstPrompt + i);
            const failed = Uint8Array.from(blocks, (k) => failsAt(piece.point, k, rates));
            keep({ blocks, failed }, piece.point, piece);
          }
        });
      let units: MemoryKeeper["units"] = [];
      let answers: Answers[][] | null = null;
      while (answers === null) {
        const keeper = keepUntil(sitting, units);
        try {
          answers = await answer(keeper);
        } catch (error) {
          if (!(error instanceof Stopped)) throw error;
          units = keeper.units;
        }
      }
      answers.forEach((own, p) => {
        const blocks = own.flatMap((unit) => unit.blocks);
        expect(blocks).toEqual(blocks.map((_, k) => k));
        const expected = Array.from({ length: limits.blocks }, (_, k) => failsAt(p, k, rates));
        const end = endOf(expected, limits)!;
        expect(blocks.length).toBeGreaterThanOrEqual(end);
        expect(
          endOf(
            own.flatMap(({ failed }) => [...failed]),
            limits,
          ),
        ).toBe(end);
      });
    }),
    { numRuns: 60 },
  );
});

test("a point that ends early asks for no more than twice the blocks it needs, and a point that is kept for none", async () => {
  const limits = { errors: 10, blocks: 100_000 };
  const keeper = keepUntil(1000);
  let asked = 0;
  const run = (own: typeof keeper) =>
    answerPoints<Answers>({ limits, keeper: own, names: ["one"] }, async (missing, keep) => {
      for (const { point, ranges } of missing) {
        for (const range of ranges) {
          asked += range.prompts;
          const failed = Uint8Array.from({ length: range.prompts }, (_, i) =>
            (range.firstPrompt + i) % 20 === 19 ? 1 : 0,
          );
          keep({ blocks: [], failed }, point, range);
        }
      }
    });
  await run(keeper);
  expect(asked).toBeGreaterThanOrEqual(200);
  expect(asked).toBeLessThanOrEqual(400);
  asked = 0;
  await run(keepUntil(0, keeper.units));
  expect(asked).toBe(0);
});
