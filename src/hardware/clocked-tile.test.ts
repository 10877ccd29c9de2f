// @module-tag slow
import fc from "fast-check";
import { expect, test } from "vitest";
import { ssaSpec } from "../experiment/hardware.ts";
import { stream } from "../numeric/stream.ts";
import { packSpikes, type SpikeTrain, unpackSpikes } from "../spike/train.ts";
import { emptyTally } from "./actions.ts";
import { runClockedTile, ssaTileLatency } from "./clocked-tile.ts";
import { idealDraws, type LfsrSharing, lfsrDraws, lfsrSeeds, lfsrWiring } from "./draws.ts";
import { type SsaRequest, ssaParameters } from "./ssa-parameters.ts";
import { runSsaTile, ssaTileCycles } from "./ssa-tile.ts";

const causal = (tokens: number) =>
  Uint8Array.from({ length: tokens * tokens }, (_, i) => (i % tokens <= Math.floor(i / tokens) ? 1 : 0));
const open = (tokens: number) => new Uint8Array(tokens * tokens).fill(1);

function setting(request: Partial<SsaRequest> & { tokens: number; dimension: number }, spec: object = {}) {
  const base = { mask: open(request.tokens), scoreGain: 1, valueGain: 1, draws: "independent" as const };
  return ssaParameters(ssaSpec.parse({ random: "lfsr", ...spec }), { ...base, ...request });
}

const randomTrains = (steps: number, tokens: number, dimension: number, rate: number, seed: number): SpikeTrain[] =>
  ["q", "k", "v"].map((name) => {
    const random = stream(seed).fork(name);
    const bits = Array.from({ length: steps * tokens * dimension }, () => (random.uniform() < rate ? 1 : 0));
    return packSpikes(bits, steps, tokens, dimension);
  });

const settings = fc.record({
  steps: fc.integer({ min: 1, max: 5 }),
  tokens: fc.integer({ min: 1, max: 40 }),
  dimension: fc.integer({ min: 1, max: 33 }),
  isCausal: fc.boolean(),
  scoreGain: fc.constantFrom(1, 4),
  valueGain: fc.constantFrom(1, 8),
  draws: fc.constantFrom("independent" as const, "stratified" as const, "ordered" as const),
  sharing: fc.constantFrom<LfsrSharing>("column-row", "row", "column", "cell", "single"),
  shiftsPerClock: fc.constantFrom(1, 8),
  tileTokens: fc.constantFrom(null, 3, 16),
  normaliser: fc.constantFrom("exact", "power-of-two"),
  counterBits: fc.constantFrom(null, 2),
  fifo: fc.constantFrom("cell", "row"),
  seed: fc.nat(1000),
});

test("clock by clock the tile gives the bits and the counts of the functional one, under every setting", () => {
  let fired = 0;
  const property = fc.property(settings, (s) => {
    const { steps, tokens, dimension, draws: kind } = s;
    const mask = s.isCausal ? causal(tokens) : open(tokens);
    const parameters = setting(
      { tokens, dimension, mask, scoreGain: s.scoreGain, valueGain: s.valueGain, draws: kind },
      {
        lfsr: { sharing: s.sharing, shiftsPerClock: s.shiftsPerClock },
        tileTokens: s.tileTokens,
        normaliser: s.normaliser,
        counterBits: s.counterBits,
        counterOverflow: "saturate",
        fifo: s.fifo,
      },
    );
    const [query, key, value] = randomTrains(steps, tokens, dimension, 0.5, s.seed);
    const shape = { steps, tokens, dimension };
    const { lfsr, plan } = parameters;
    const place = { key: stream(s.seed).key, block: 0, prompt: 0, head: 0 };
    const bytes = lfsrDraws(shape, kind, stream(s.seed), lfsr, plan);
    const seeds = lfsrSeeds(lfsrWiring(lfsr.sharing, plan.tileTokens).registers, stream(s.seed));
    const ideal = idealDraws(shape, kind, place);
    for (const [draws, random] of [
      [bytes, { seeds }],
      [ideal, { draws: ideal }],
    ] as const) {
      const [functional, clocked] = [emptyTally(), emptyTally()];
      const expected = runSsaTile(query, key, value, parameters, draws, functional);
      const run = runClockedTile(query, key, value, parameters, random, clocked);
      expect(run.scores).toEqual(expected.scores);
      expect(run.output).toEqual(expected.output);
      expect(clocked).toEqual(functional);
      expect(run.latency).toBe(ssaTileLatency(steps, dimension, plan.passes.length));
      fired += unpackSpikes(run.output).reduce((sum, bit) => sum + bit, 0);
    }
  });
  fc.assert(property, { seed: 1, numRuns: 150 });
  expect(fired).toBeGreaterThan(10_000);
});

test("the first bit appears after one window and the output register, the last after T + 1 windows and the register", () => {
  const [query, key, value] = randomTrains(10, 4, 64, 0.5, 1);
  const parameters = setting({ tokens: 4, dimension: 64 });
  const run = runClockedTile(query, key, value, parameters, { seeds: Uint32Array.of(1, 2) }, emptyTally());
  expect([run.firstOutput, run.latency]).toEqual([64 + 1, 11 * 64 + 1]);
  expect(ssaTileCycles(10, 64)).toBe(704);
});

test("a tile for half the tokens takes four passes per step, three under a causal mask", () => {
  const passes = (mask: Uint8Array) => setting({ tokens: 8, dimension: 4, mask }, { tileTokens: 4 }).plan.passes.length;
  expect([passes(open(8)), passes(causal(8))]).toEqual([4, 3]);
  const [query, key, value] = randomTrains(2, 8, 4, 0.5, 1);
  const parameters = setting({ tokens: 8, dimension: 4, mask: causal(8) }, { tileTokens: 4 });
  const tally = emptyTally();
  const run = runClockedTile(query, key, value, parameters, { seeds: Uint32Array.of(1, 2) }, tally);
  expect(run.latency).toBe((2 * 3 + 1) * 4 + 1);
  // Queries 4 to 7 have two passes: one partial sum for each of 4 queries, 4 features, 2 steps.
  expect(tally).toMatchObject({ partialSums: 32, columnAdditions: 96, bitsRead: 2 * 4 * 4 * (3 + 2 * 3) });
});

test("register activity of a small run, worked by hand", () => {
  // One token, d = 2, one step; q = 11, k = 11, v = 10; gain 2 makes every encoder with a count fire.
  //   clock 0: count 0 -> 1 (1 toggle); FIFO 00 -> 10 (1)
  //   clock 1: count 1 -> 2 (2), then cleared: 2 -> 0 (1); FIFO 10 -> 01 (2); S 0 -> 1 (1)
  //   clock 2: S and V = 1, A = 1 (1 toggle); FIFO 01 -> 00 (1)
  //   clock 3: S and V = 0, A = 0 (1); FIFO stays; S 1 -> 0 (1), because nothing was counted
  const train = (...bits: number[]) => packSpikes(bits, 1, 1, 2);
  const parameters = setting({ tokens: 1, dimension: 2, scoreGain: 2, valueGain: 2 });
  const seeds = Uint32Array.of(1, 4);
  const { activity } = runClockedTile(train(1, 1), train(1, 1), train(1, 0), parameters, { seeds }, emptyTally());
  // LFSRs from 1: ^b4bcd35c (19 bits with the 1 itself), then each shift by hand in lfsr.test.ts.
  const states = [1, 0xb4bcd35c, 0x5a5e69ae, 0x2d2f34d7, 0xa22b4937];
  const flips = (a: number, b: number) => [...((a ^ b) >>> 0).toString(2)].filter((bit) => bit === "1").length;
  const first = [0, 1, 2, 3].reduce((sum, i) => sum + flips(states[i], states[i + 1]), 0);
  // From 4: 2, 1, b4bcd35c, 5a5e69ae.
  const second = flips(4, 2) + flips(2, 1) + flips(1, 0xb4bcd35c) + flips(0xb4bcd35c, 0x5a5e69ae);
  expect(activity).toEqual({
    counterToggles: 1 + 2 + 1,
    scoreToggles: 2,
    fifoToggles: 1 + 2 + 1,
    valueAndOnes: 1,
    outputToggles: 2,
    lfsrToggles: first + second,
  });
});

test.each(["independent", "stratified"] as const)(
  "E[S] is count / d and E[A] is count / N with LFSRs at the default sharing, draws %s",
  (draws) => {
    const [tokens, dimension, steps, runs] = [16, 32, 4, 400];
    // Query i has i ones where keys are all ones, so count_ij = i; value feature f is 1 in tokens 0 .. f / 2.
    const bits = (of: (token: number, feature: number) => boolean) =>
      packSpikes(
        Array.from({ length: steps * tokens * dimension }, (_, n) =>
          of(Math.floor(n / dimension) % tokens, n % dimension) ? 1 : 0,
        ),
        steps,
        tokens,
        dimension,
      );
    const query = bits((token, feature) => feature < 2 * token);
    const key = bits(() => true);
    const value = bits((token, feature) => token <= feature / 2);
    const parameters = setting({ tokens, dimension, draws });
    const scoreSums = Array.from({ length: tokens }, () => [] as number[]);
    // By sum c of a column: for each run the difference of A from c / N, added up over the places where it met that sum.
    const outputErrors = Array.from({ length: tokens + 1 }, () => [] as number[]);
    for (let run = 0; run < runs; run++) {
      const random = stream(11).fork(draws, run);
      const seeds = lfsrSeeds(lfsrWiring("column-row", tokens).registers, random);
      const { scores, output } = runClockedTile(query, key, value, parameters, { seeds }, emptyTally());
      const s = unpackSpikes(scores);
      const a = unpackSpikes(output);
      const rate = new Array<number>(tokens).fill(0);
      const differences = new Array<number>(tokens + 1).fill(0);
      for (let t = 0; t < steps; t++) {
        for (let i = 0; i < tokens; i++) {
          for (let j = 0; j < tokens; j++) rate[i] += s[(t * tokens + i) * tokens + j] / (steps * tokens);
          for (let f = 0; f < dimension; f++) {
            let sum = 0;
            for (let j = 0; j <= f / 2 && j < tokens; j++) sum += s[(t * tokens + i) * tokens + j];
            differences[sum] += a[(t * tokens + i) * dimension + f] - sum / tokens;
          }
        }
      }
      rate.forEach((mean, i) => {
        scoreSums[i].push(mean);
      });
      differences.forEach((difference, sum) => {
        outputErrors[sum].push(difference);
      });
    }
    // Draws within a run depend on each other, so a run is one observation. Four standard errors each.
    const check = (values: number[], expected: number) => {
      const mean = values.reduce((a, b) => a + b, 0) / runs;
      const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (runs - 1);
      expect(Math.abs(mean - expected)).toBeLessThanOrEqual(4 * Math.sqrt(variance / runs));
    };
    for (let i = 0; i < tokens; i++) check(scoreSums[i], (2 * i) / dimension);
    for (const errors of outputErrors) check(errors, 0);
    // Sums from 0 to 12 of 16 did come, in a quarter of the runs or more.
    expect(outputErrors.filter((errors) => errors.filter((e) => e !== 0).length > runs / 4).length).toBeGreaterThan(11);
  },
);

test.each([
  [{ tokens: 0, dimension: 4 }, {}, "N is 0"],
  [{ tokens: 4, dimension: 0 }, {}, "d_K is 0"],
  [{ tokens: 4, dimension: 256 }, { counterBits: 8 }, "a full count would wrap to 0. Use 9 bits"],
  [{ tokens: 4, dimension: 4, scoreGain: 3 }, {}, "not a power of two"],
  [{ tokens: 4, dimension: 4 }, { lfsr: { polynomial: "0x80000000" } }, "not a primitive polynomial"],
])("a tile that cannot be built is refused with the reason: %j %j", (request, spec, reason) => {
  expect(() => setting(request, spec)).toThrow(reason);
});
