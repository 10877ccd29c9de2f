import { expect, test } from "vitest";
import type { DrawKind } from "../experiment/attention.ts";
import { attentionDraws } from "../kernels/draws.ts";
import { stream } from "../numeric/stream.ts";
import { idealDraws, lfsrDraws, lfsrSeeds, orderedDraws, type TileDraws } from "./draws.ts";
import { lfsrNext } from "./lfsr.ts";

const shape = { steps: 4, tokens: 5, dimension: 6 };
const all = (draws: TileDraws, step: number) => {
  const values: number[] = [];
  for (let i = 0; i < shape.tokens; i++) {
    for (let j = 0; j < shape.tokens; j++) values.push(draws.score(step, i, j));
    for (let f = 0; f < shape.dimension; f++) values.push(draws.output(step, i, f));
  }
  return values;
};

const ideal = (kind: DrawKind, seed: number) =>
  idealDraws(shape, kind, { key: stream(seed).key, block: 2, prompt: 3, head: 1 });
const lfsr = (kind: DrawKind, seed: number) => lfsrDraws(shape, kind, stream(seed));

test.each([ideal, lfsr])("draws are functions of their position, whatever was drawn before", (make) => {
  for (const kind of ["independent", "stratified"] as const) {
    const a = make(kind, 1);
    const b = make(kind, 1);
    const forwards = [0, 1, 2, 3].map((step) => all(a, step));
    expect([3, 2, 1, 0].map((step) => all(b, step)).reverse()).toEqual(forwards);
    expect(all(make(kind, 2), 0)).not.toEqual(forwards[0]);
  }
});

test.each([
  ["ideal", ideal],
  ["lfsr", lfsr],
] as const)("%s stratified draws of four steps are a quarter of the range apart", (_name, make) => {
  const draws = make("stratified", 3);
  const range = 2 ** draws.bits;
  const steps = [0, 1, 2, 3].map((step) => all(draws, step));
  for (let n = 0; n < steps[0].length; n++) {
    const offsets = steps.map((values) => (values[n] - steps[0][n] + range) % range);
    // XOR with a row byte may change their order, not their set.
    expect(offsets.sort((a, b) => a - b)).toEqual([0, range / 4, range / 2, (3 * range) / 4]);
  }
});

test.each([
  [5, 6],
  [9, 70],
])(
  "ideal draws of %i tokens and %i features are the words of the digital network, and no two places share one",
  (tokens, dimension) => {
    const sizes = { steps: 3, tokens, dimension };
    for (const kind of ["independent", "stratified"] as const) {
      const { scoreDraws, outputDraws } = attentionDraws([7, -8], 2, 4, { ...sizes, prompts: 2, heads: 3 }, kind);
      const scores: number[] = [];
      const outputs: number[] = [];
      for (let step = 0; step < 3; step++) {
        for (const [prompt, head] of [4, 5].flatMap((prompt) => [0, 1, 2].map((head) => [prompt, head]))) {
          const draws = idealDraws(sizes, kind, { key: [7, -8], block: 2, prompt, head });
          for (let i = 0; i < tokens; i++) {
            for (let j = 0; j < tokens; j++) scores.push(draws.score(step, i, j));
            for (let f = 0; f < dimension; f++) outputs.push(draws.output(step, i, f));
          }
        }
      }
      expect(Uint32Array.from(scores)).toEqual(scoreDraws);
      expect(Uint32Array.from(outputs)).toEqual(outputDraws);
      // Of 13,000 random words two are equal with a chance of 2 %; the key is fixed.
      expect(new Set([...scores, ...outputs]).size).toBe(scores.length + outputs.length);
    }
  },
);

test("LFSR bytes are those of the registers, clock by clock", () => {
  // 5 tokens need two LFSRs a side; seeds are the stream's first four words, columns before rows.
  const random = stream(4);
  const draws = lfsrDraws(shape, "independent", stream(4));
  let states = [0, 1, 2, 3].map(() => random.word());
  const byte = (side: number, n: number) => (states[2 * side + (n >> 2)] >>> (8 * (n & 3))) & 255;
  for (let clock = 0; clock < 5 * 6; clock++) {
    const [window, f] = [Math.floor(clock / 6), clock % 6];
    for (let i = 0; i < 5; i++) {
      if (window > 0) expect(draws.output(window - 1, i, f)).toBe(byte(0, i));
      if (f === 5 && window < 4) expect(draws.score(window, i, 4 - i)).toBe(byte(0, i) ^ byte(1, 4 - i));
    }
    states = states.map((state) => lfsrNext(state));
  }
  expect(draws.lfsrShifts).toBe(4 * 30);
});

test("no register is seeded with zero, where it would stay", () => {
  const words = [5, 0, 7];
  const seeds = lfsrSeeds(3, { ...stream(1), word: () => words.shift()! });
  expect([...seeds]).toEqual([5, 1, 7]);
  expect(lfsrNext(0)).toBe(0);
});

test.each([1, 6, 16, 33, 64])(
  "ordered draws of %i features are the words of the digital network, to the last bit",
  (dimension) => {
    const sizes = { steps: 4, tokens: 3, dimension };
    const { scoreDraws, outputDraws } = attentionDraws([7, -8], 2, 4, { ...sizes, prompts: 2, heads: 2 }, "ordered");
    const draws = orderedDraws(sizes);
    const perStep = 2 * 2 * 3;
    outputDraws.forEach((word, n) => {
      const [row, feature] = [Math.floor(n / dimension), n % dimension];
      expect(word).toBe(draws.output(Math.floor(row / perStep), row % 3, feature) * 2 ** 24);
    });
    scoreDraws.forEach((word, n) => {
      expect(word).toBe(draws.score(Math.floor(n / (3 * perStep)), 0, n % 3) * 2 ** 24);
    });
  },
);

test.each([1, 2, 4, 8])(
  "at step %i of a run ordered outputs of sixteen features lie in the middle of sixteen levels",
  (steps) => {
    const sizes = { steps, tokens: 2, dimension: 16 };
    const draws = orderedDraws(sizes);
    const bytes = Array.from({ length: 16 }, (_, f) => draws.output(steps - 1, 1, f));
    expect(bytes.sort((a, b) => a - b)).toEqual(Array.from({ length: 16 }, (_, n) => 16 * n + 8));
  },
);
