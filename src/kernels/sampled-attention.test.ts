// @module-tag slow
/** The sampling kernels against the functional tile on random shapes: bits of S and A, and the sum of counts. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { DrawKind } from "../experiment/attention.ts";
import { emptyTally } from "../hardware/actions.ts";
import { idealDraws, LFSR_SETUP, lfsrDraws, lfsrSeeds, lfsrWiring } from "../hardware/draws.ts";
import { runSsaTile } from "../hardware/ssa-tile.ts";
import { stream } from "../numeric/stream.ts";
import { emptySpikeTrain } from "../spike/train.ts";

import { standaloneKernels } from "./memory.ts";
import { DRAW_KINDS, sampledScratch } from "./wasm/attention-ops.ts";

const KEY = [5, -6] as const;
const MEMORY = 2 << 20;
const { kernels, arena } = standaloneKernels(MEMORY);
const start = arena.mark();

interface Case {
  readonly tokens: number;
  readonly dimension: number;
  readonly steps: number;
  readonly density: number;
  readonly openness: number;
  readonly scoreGain: number;
  readonly valueGain: number;
  readonly powerOfTwo: boolean;
  readonly random: "ideal" | "lfsr";
  readonly draws: DrawKind;
  readonly seed: number;
}

function nextPowerOfTwo(n: number): number {
  return 2 ** Math.ceil(Math.log2(n));
}

/** The same head by tile and by kernel, as S, A and the sum of counts. */
function runBoth(settings: Case) {
  const { tokens, dimension, steps, density, openness, scoreGain, valueGain, powerOfTwo, random, draws, seed } =
    settings;
  const source = stream(seed);
  const trains = ["query", "key", "value"].map((name) => {
    const train = emptySpikeTrain(steps, tokens, dimension);
    const stride = Math.ceil(dimension / 32);
    const numbers = source.fork(name);
    for (let row = 0; row < steps * tokens; row++) {
      for (let f = 0; f < dimension; f++) {
        if (numbers.uniform() < density) train.words[row * stride + (f >> 5)] |= 1 << (f & 31);
      }
    }
    return train;
  });
  const cells = source.fork("mask");
  const mask = Uint8Array.from({ length: tokens ** 2 }, () => (cells.uniform() < openness ? 1 : 0));
  const scoreNormaliser = powerOfTwo ? nextPowerOfTwo(dimension) : dimension;
  const valueNormaliser = powerOfTwo ? nextPowerOfTwo(tokens) : tokens;
  const shape = { steps, tokens, dimension };
  const numbers =
    random === "ideal"
      ? idealDraws(shape, draws, { key: KEY, block: 0, prompt: 3, head: 0 })
      : lfsrDraws(shape, draws, source.fork("lfsr"));
  const tally = emptyTally();
  const encoders = { mask, scoreGain, valueGain, scoreNormaliser, valueNormaliser };
  const [query, key, value] = trains;
  const { scores, output } = runSsaTile(query, key, value, encoders, numbers, tally);

  const { run, u32, f32 } = kernels;
  arena.rewind(start);
  f32.fill(Number.NaN, start / 4, (start + MEMORY) / 4);
  const zeros = (count: number) => {
    const at = arena.words(count);
    u32.fill(0, at / 4, at / 4 + count);
    return at;
  };
  const maskWords = 2 * Math.ceil(tokens / 64);
  const words = Math.ceil((3 * dimension) / 32);
  const outWords = Math.ceil(dimension / 32);
  const qkv = zeros(steps * tokens * words + 3);
  trains.forEach((train, part) => {
    for (let row = 0; row < steps * tokens; row++) {
      for (let f = 0; f < dimension; f++) {
        const bit = (train.words[row * outWords + (f >> 5)] >>> (f & 31)) & 1;
        const place = part * dimension + f;
        u32[qkv / 4 + row * words + (place >> 5)] |= bit << (place & 31);
      }
    }
  });
  const open = zeros(tokens * maskWords);
  mask.forEach((cell, n) => {
    const [i, j] = [Math.floor(n / tokens), n % tokens];
    u32[open / 4 + i * maskWords + (j >> 5)] |= cell << (j & 31);
  });
  const registers = lfsrSeeds(lfsrWiring(LFSR_SETUP.sharing, tokens).registers, source.fork("lfsr"));
  const seeds = arena.words(registers.length);
  const S = arena.words(steps * tokens * maskWords);
  const A = arena.words(steps * tokens * outWords);
  const scratch = arena.words(sampledScratch(tokens));
  const sample = (out: number) => {
    u32.set(registers, seeds / 4);
    const input = [qkv, words, steps, 1, tokens, dimension, 1, open] as const;
    const rules = [scoreNormaliser, scoreGain, valueNormaliser, valueGain] as const;
    const rest = [DRAW_KINDS[draws], S, out, outWords, scratch] as const;
    const counted =
      random === "ideal" || draws === "ordered"
        ? run.stochasticAttention(...input, ...rules, ...KEY, 3, ...rest)
        : run.lfsrAttention(...input, ...rules, seeds, ...rest);
    const scoreWords = Math.ceil(tokens / 32);
    const bits = Array.from({ length: steps * tokens }, (_, row) => {
      const at = S / 4 + row * maskWords;
      return [...u32.subarray(at, at + scoreWords)];
    }).flat();
    return { counted, scores: bits };
  };
  const actual = { ...sample(A), output: [...u32.subarray(A / 4, A / 4 + steps * tokens * outWords)] };
  const expected = { counted: tally.counterIncrements, scores: [...scores.words], output: [...output.words] };
  return { actual, expected, scoresAlone: sample(0) };
}

const cases = fc.record({
  tokens: fc.oneof(fc.integer({ min: 1, max: 70 }), fc.constantFrom(16, 32, 37, 64, 65, 128)),
  dimension: fc.oneof(fc.integer({ min: 1, max: 64 }), fc.constantFrom(16, 32, 48, 64)),
  steps: fc.integer({ min: 1, max: 4 }),
  density: fc.constantFrom(0, 0.05, 0.15, 0.25, 0.6, 1),
  openness: fc.constantFrom(0, 0.03, 0.5, 1),
  scoreGain: fc.constantFrom(1, 2, 4, 16, 256),
  valueGain: fc.constantFrom(1, 2, 8, 64, 256),
  powerOfTwo: fc.boolean(),
  random: fc.constantFrom("ideal", "lfsr"),
  draws: fc.constantFrom("independent", "stratified", "ordered"),
  seed: fc.nat(),
}) as fc.Arbitrary<Case>;

test("S, A and counts equal those of the functional tile for any shape, mask, gain and kind of draws", () => {
  fc.assert(
    fc.property(cases, (settings) => {
      const { actual, expected, scoresAlone } = runBoth(settings);
      expect(actual).toEqual(expected);
      expect(scoresAlone).toEqual({ counted: expected.counted, scores: expected.scores });
    }),
    { numRuns: 150, seed: 1 },
  );
});

// Counts for which a constant one higher or lower would decide differently: 256 x 8 lies between 32 x 63 and 33 x 63, and 256 c /
// 64 hits every second constant.
test("ordered constants of the kernel equal those of the tile up to the last of 256 steps", () => {
  for (const [dimension, tokens, density] of [
    [63, 64, 0.36],
    [16, 63, 0.6],
    [16, 64, 0.6],
  ]) {
    const { actual, expected } = runBoth({
      ...{ tokens, dimension, density, steps: 4, openness: 1, scoreGain: 1, valueGain: 1 },
      ...{ powerOfTwo: false, random: "ideal", draws: "ordered", seed: 1 },
    });
    expect(actual).toEqual(expected);
  }
});

// The largest sums that fit in a byte, the smallest that do not, an I_max of 256 and one of 512.
test.each([
  { tokens: 255, powerOfTwo: false },
  { tokens: 255, powerOfTwo: true },
  { tokens: 256, powerOfTwo: false },
  { tokens: 300, powerOfTwo: true },
])("sums up to all tokens equal the functional tile's: %o", ({ tokens, powerOfTwo }) => {
  for (const random of ["ideal", "lfsr"] as const) {
    for (const density of [0.5, 1]) {
      const { actual, expected } = runBoth({
        ...{ tokens, powerOfTwo, random, density, dimension: 5, steps: 2, openness: 1, scoreGain: 4, valueGain: 1 },
        ...{ draws: "stratified", seed: 1 },
      });
      expect(actual).toEqual(expected);
    }
  }
});
