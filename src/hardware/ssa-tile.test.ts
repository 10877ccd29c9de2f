import fc from "fast-check";
import { expect, test } from "vitest";
import { stochasticAttentionForward } from "../model/attention/stochastic.ts";
import { type Stream, stream } from "../numeric/stream.ts";
import { emptySpikeTrain, packSpikes, type SpikeTrain, unpackSpikes } from "../spike/train.ts";
import { emptyTally } from "./actions.ts";
import { idealDraws, lfsrDraws, type TileShape } from "./draws.ts";
import { encoderFires, runSsaTile, ssaTileCycles } from "./ssa-tile.ts";

const causal = (tokens: number) =>
  Uint8Array.from({ length: tokens * tokens }, (_, i) => (i % tokens <= Math.floor(i / tokens) ? 1 : 0));

const randomTrain = ({ steps, tokens, dimension }: TileShape, random: Stream): SpikeTrain =>
  packSpikes(
    Array.from({ length: steps * tokens * dimension }, () => random.integer(2)),
    steps,
    tokens,
    dimension,
  );

test("the tile computes the reference attention bit for bit on the same random words", () => {
  const cases = fc.record({
    steps: fc.integer({ min: 1, max: 4 }),
    tokens: fc.integer({ min: 1, max: 37 }),
    dimension: fc.integer({ min: 1, max: 40 }),
    gain: fc.constantFrom(1, 4, 8),
    kind: fc.constantFrom("independent" as const, "stratified" as const),
    seed: fc.nat(1000),
  });
  fc.assert(
    fc.property(cases, ({ steps, tokens, dimension, gain, kind, seed }) => {
      const shape = { steps, tokens, dimension };
      const random = stream(seed);
      const [query, key, value] = ["q", "k", "v"].map((name) => randomTrain(shape, random.fork(name)));
      const draws = idealDraws(shape, kind, { key: random.key, block: 0, prompt: 0, head: 0 });
      const settings = { mask: causal(tokens), scoreGain: gain, valueGain: gain };
      const tile = runSsaTile(query, key, value, settings, draws, emptyTally());

      const words = (size: number, draw: (t: number, i: number, k: number) => number) =>
        Uint32Array.from({ length: steps * tokens * size }, (_, n) =>
          draw(Math.floor(n / (tokens * size)), Math.floor(n / size) % tokens, n % size),
        );
      const reals = (train: SpikeTrain) => Float64Array.from(unpackSpikes(train));
      const { output, cache } = stochasticAttentionForward(
        { query: reals(query), key: reals(key), value: reals(value) },
        shape,
        settings,
        { scoreDraws: words(tokens, draws.score), outputDraws: words(dimension, draws.output) },
      );
      expect([...unpackSpikes(tile.scores)]).toEqual([...cache.scores]);
      expect([...unpackSpikes(tile.output)]).toEqual([...output]);
    }),
    { seed: 1, numRuns: 40 },
  );
});

test.each([
  ["exactly at gain c / I_max with 32-bit words", 32, (share: number) => share],
  ["at the next multiple of 1/256 with LFSR bytes", 8, (share: number) => Math.ceil(256 * share) / 256],
] as const)("an encoder fires %s", (_name, bits, expected) => {
  for (const [numerator, denominator] of [
    [3, 37],
    [8, 64],
    [40, 37],
    [0, 37],
    [36, 37],
  ] as const) {
    const probability = Math.min(1, expected(numerator / denominator));
    const draws = 65_536;
    let fired = 0;
    // Equally spaced draws: all bytes equally often, or every 65536th of the 2^32 words.
    for (let n = 0; n < draws; n++) {
      if (encoderFires(Math.floor((n * 2 ** bits) / draws), bits, numerator, denominator)) fired++;
    }
    // Words are sampled at every 65536th, so the count of firing ones is rounded up by less than one.
    expect(fired - probability * draws).toBeGreaterThanOrEqual(0);
    expect(fired - probability * draws).toBeLessThan(1);
  }
});

test.each([
  ["ideal", 8 / 37],
  ["LFSR", Math.ceil((256 * 8) / 37) / 256],
] as const)("with %s draws a tile's output has the rate of Algorithm 1", (name, rate) => {
  // All of q, k and v are 1, so every score fires (d / d = 1), and with valueGain 1 and 8 open keys each output fires at 8/37.
  const shape = { steps: 4, tokens: 37, dimension: 16 };
  const ones = emptySpikeTrain(4, 37, 16);
  ones.words.fill(0xffff);
  const mask = Uint8Array.from({ length: 37 * 37 }, (_, i) => (i % 37 < 8 ? 1 : 0));
  const settings = { mask, scoreGain: 1, valueGain: 1 };
  let fired = 0;
  const runs = 40;
  for (let run = 0; run < runs; run++) {
    const draws =
      name === "LFSR"
        ? lfsrDraws(shape, "independent", stream(5).fork(run))
        : idealDraws(shape, "independent", { key: stream(5).key, block: 0, prompt: run, head: 0 });
    const { output, scores } = runSsaTile(ones, ones, ones, settings, draws, emptyTally());
    expect(unpackSpikes(scores).reduce((a, b) => a + b, 0)).toBe(4 * 37 * 8);
    fired += unpackSpikes(output).reduce((a, b) => a + b, 0);
  }
  const n = runs * 4 * 37 * 16;
  // Four standard errors; successive LFSR bytes share seven of eight bits, which at worst widens them by sqrt(16).
  const error = 4 * Math.sqrt((rate * (1 - rate)) / n) * (name === "LFSR" ? 4 : 1);
  expect(Math.abs(fired / n - rate)).toBeLessThan(error);
});

test("actions of a two-token tile, counted by hand", () => {
  // q = [11, 10], k = [10, 11], v = [01, 11], causal: counts are 1 (0,0), 1 (1,0), 1 (1,1); gains saturate every encoder
  // with a count, so S = [1 0, 1 1] and A: row 0 sums v0 = [0 1], row 1 sums v0 + v1 = [1 2].
  const train = (...bits: number[]) => packSpikes(bits, 1, 2, 2);
  const settings = { mask: causal(2), scoreGain: 2, valueGain: 2 };
  const tally = emptyTally();
  const draws = lfsrDraws({ steps: 1, tokens: 2, dimension: 2 }, "independent", stream(1));
  const { output, scores } = runSsaTile(
    train(1, 1, 1, 0),
    train(1, 0, 1, 1),
    train(0, 1, 1, 1),
    settings,
    draws,
    tally,
  );
  expect([...unpackSpikes(scores)]).toEqual([1, 0, 1, 1]);
  expect([...unpackSpikes(output)]).toEqual([0, 1, 1, 1]);
  expect(tally).toEqual({
    ...emptyTally(),
    scoreAnds: 3 * 2,
    counterIncrements: 3,
    scoreComparisons: 3,
    valueAnds: 3 * 2,
    columnAdditions: 4,
    fifoShifts: 2 * 2 * 3 * 2, // two windows of two clocks, three cells, two bits
    outputComparisons: 4,
    randomNumbers: 7,
    lfsrShifts: 2 * 2 * 2, // two LFSRs, two windows of two clocks
    bitsRead: 12,
    bitsWritten: 4,
  });
  expect(ssaTileCycles(10, 64)).toBe(704);
});
