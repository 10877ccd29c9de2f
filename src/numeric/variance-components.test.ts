import { describe, expect, test } from "vitest";
import { ShapeError } from "../errors.ts";
import { deviation, mean, meanInterval, wilson } from "./statistics.ts";
import { stream } from "./stream.ts";
import {
  pairedDifference,
  ratioOfMeans,
  type Sample,
  sameOnAllChips,
  sampleMean,
  sampleOf,
  sampleRate,
  sampleSpread,
  scaled,
} from "./variance-components.ts";

interface Deviations {
  chip: number;
  read: number;
  prompt: number;
  pair: number;
  rest: number;
}

/** A sample of the model, from known deviations. */
function draw(chips: number, reads: number, prompts: number, deviations: Deviations, seed: number): Sample {
  const random = stream(seed);
  const normals = (count: number, size: number) => Array.from({ length: count }, () => size * random.normal());
  const ofChip = normals(chips, deviations.chip);
  const ofRead = normals(chips * reads, deviations.read);
  const ofPrompt = normals(prompts, deviations.prompt);
  const ofPair = normals(chips * prompts, deviations.pair);
  const values = new Float64Array(chips * reads * prompts);
  for (let c = 0, i = 0; c < chips; c++) {
    for (let r = 0; r < reads; r++) {
      for (let k = 0; k < prompts; k++, i++) {
        const effects = ofChip[c] + ofRead[c * reads + r] + ofPrompt[k] + ofPair[c * prompts + k];
        values[i] = 5 + effects + deviations.rest * random.normal();
      }
    }
  }
  return { chips, reads, prompts, values };
}

describe("the spread of chips and of reads", () => {
  test("is recovered from samples of a known model, without bias", () => {
    const known = { chip: 0.3, read: 0.2, prompt: 1, pair: 0.5, rest: 0.7 };
    const found = Array.from({ length: 120 }, (_, seed) => sampleSpread(draw(8, 4, 40, known, seed + 1)));
    for (const [name, truth] of [
      ["chips", known.chip],
      ["reads", known.read],
    ] as const) {
      // Variances are unbiased, deviations are not. Four standard errors over 120 samples; seeds are fixed.
      const variances = found.map((spread) => spread[name]! ** 2);
      const error = deviation(variances) / Math.sqrt(variances.length);
      expect(Math.abs(mean(variances) - truth ** 2)).toBeLessThan(4 * error);
      expect(4 * error).toBeLessThan(0.35 * truth ** 2);
    }
  });

  test("is zero if chips differ only by their prompts", () => {
    const alike = { chip: 0, read: 0, prompt: 1, pair: 0, rest: 0 };
    const { chips, reads } = sampleSpread(draw(4, 3, 20, alike, 1));
    expect(chips).toBeLessThan(1e-7);
    expect(reads).toBeLessThan(1e-7);
  });

  test("by hand: two chips that differ by 2, whose reads differ by 1, on any prompts", () => {
    // Means of reads 0, 1 and 2, 3: s_read^2 = 1/2. Means of chips 1/2 and 5/2: their variance 2 holds half of s_read^2.
    const values = Float64Array.of(0, 10, 1, 11, 2, 12, 3, 13);
    const spread = sampleSpread({ chips: 2, reads: 2, prompts: 2, values });
    expect(spread.reads).toBeCloseTo(Math.sqrt(0.5), 12);
    expect(spread.chips).toBeCloseTo(Math.sqrt(2 - 0.25), 12);
  });

  test("by hand: two chips that differ by 4, whose reads differ only in what is left over", () => {
    const values = Float64Array.of(1, -1, -1, 1, 5, 3, 3, 5);
    // MS_chip = 4 * 8, MS_read = MS_cp = 0, MS_rest = 8 / 2: s_chip^2 = (32 + 4) / 4, and s_read^2 is below zero.
    const spread = sampleSpread({ chips: 2, reads: 2, prompts: 2, values });
    expect(spread.chips).toBeCloseTo(3, 12);
    expect(spread.reads).toBe(0);
  });

  test("includes reads if every chip is read once, and is unknown if nothing is repeated", () => {
    const values = Float64Array.of(0, 10, 2, 12);
    expect(sampleSpread({ chips: 2, reads: 1, prompts: 2, values })).toEqual({ chips: Math.sqrt(2), reads: null });
    expect(sampleSpread({ chips: 1, reads: 1, prompts: 4, values })).toEqual({ chips: null, reads: null });
    expect(sampleSpread({ chips: 1, reads: 2, prompts: 2, values }).reads).toBeCloseTo(Math.sqrt(2), 12);
    expect(() => sampleSpread({ chips: 4, reads: 1, prompts: 1, values })).toThrow(ShapeError);
  });
});

describe("the mean of a sample", () => {
  test("by hand: two chips that differ by 2, and three prompts that differ by 2", () => {
    const values = Float64Array.of(0, 2, 4, 2, 4, 6);
    const { mean, low, high } = sampleMean({ chips: 2, reads: 1, prompts: 3, values });
    // Means of chips are 2 and 4, A = 2/2; of prompts 1, 3 and 5, B = 4/3; no interaction. V = 7/3, r = 3/7, w = 9/35. Student's t of one
    // degree of freedom is 12.706, and of two 4.303.
    const half = Math.sqrt((7 / 3) * ((9 / 35) * 12.7062047362 ** 2 + (26 / 35) * 4.3026527297 ** 2));
    expect([mean, low, high].map((x) => x.toFixed(8))).toEqual([3, 3 - half, 3 + half].map((x) => x.toFixed(8)));
  });

  test("by hand: counts the interaction of chips and prompts once", () => {
    const { mean, low, high } = sampleMean({ chips: 2, reads: 1, prompts: 2, values: Float64Array.of(0, 2, 2, 8) });
    // Means of both are 1 and 5, A = B = 8/2. The interactions are 1, -1, -1 and 1, so E = 4 / 4. V = 4 + 4 - 1.
    const half = Math.sqrt(7) * 12.7062047362;
    expect([mean, low, high].map((x) => x.toFixed(8))).toEqual([3, 3 - half, 3 + half].map((x) => x.toFixed(8)));
  });

  test("has Student's interval if all prompts are alike", () => {
    const values = Float64Array.of(1, 1, 2, 2, 4, 4);
    const expected = meanInterval([1, 2, 4]);
    const found = sampleMean({ chips: 3, reads: 1, prompts: 2, values });
    expect(found.low).toBeCloseTo(expected.low, 13);
    expect(found.high).toBeCloseTo(expected.high, 13);
  });

  test("has Student's interval if all chips are alike, or if there is but one", () => {
    const expected = meanInterval([1, 2, 4]);
    for (const chips of [1, 2]) {
      const values = Float64Array.from({ length: 3 * chips }, (_, i) => [1, 2, 4][i % 3]);
      const found = sampleMean({ chips, reads: 1, prompts: 3, values });
      expect(found.low).toBeCloseTo(expected.low, 13);
      expect(found.high).toBeCloseTo(expected.high, 13);
    }
  });

  test("has an interval that covers the truth in 95 % of cases, or slightly more", () => {
    const known = { chip: 0.3, read: 0.2, prompt: 1, pair: 0.5, rest: 0.7 };
    let covered = 0;
    for (let seed = 1; seed <= 400; seed++) {
      const { low, high } = sampleMean(draw(5, 1, 30, known, seed));
      if (low <= 5 && 5 <= high) covered++;
    }
    // 400 tries at 0.95 have a standard deviation of 0.011.
    expect(covered / 400).toBeGreaterThan(0.95 - 4 * 0.011);
    expect(covered / 400).toBeLessThan(0.995);
  });

  test("has far smaller paired differences than its own uncertainty if most of the spread is common", () => {
    const one = draw(5, 1, 200, { chip: 0.3, read: 0, prompt: 1, pair: 0, rest: 0 }, 1);
    const other = { ...one, values: one.values.map((value, i) => value + 0.1 + 0.01 * (i % 2)) };
    const { mean: difference, low, high } = sampleMean(pairedDifference(other as Sample, one));
    expect(difference).toBeCloseTo(0.105, 10);
    expect(high - low).toBeLessThan(0.02);
    expect(sampleMean(one).high - sampleMean(one).low).toBeGreaterThan(0.2);
    expect(sampleMean(scaled(one, 2)).mean).toBeCloseTo(2 * sampleMean(one).mean, 10);
  });

  test("has no pairs in a sample of a different size", () => {
    const one = { chips: 1, reads: 1, prompts: 2, values: Float64Array.of(1, 2) };
    expect(() => pairedDifference(one, { ...one, prompts: 1, reads: 2 })).toThrow(ShapeError);
  });
});

/**
 * Error counts of 4 bits as on links: a prompt is good or bad (20 %), for the network and the chips alike. In a bad prompt, the
 * error rate is 0.3 on the network and 0.3 times the chip's own factor, 1.5 on average, on a chip.
 */
function drawErrors(chips: number, prompts: number, seed: number): { onChips: Sample; network: Sample } {
  const random = stream(seed).fork("errors");
  const bad = Array.from({ length: prompts }, () => random.uniform() < 0.2);
  const factors = Array.from({ length: chips }, () => 1.5 + 0.1 * random.normal());
  const count = (rate: number) => [0, 1, 2, 3].reduce((sum) => sum + (random.uniform() < rate ? 1 : 0), 0);
  const row = (factor: number) => bad.map((isBad) => (isBad ? count(0.3 * factor) : 0));
  const onChips = sampleOf(factors.map(row));
  return { onChips, network: sameOnAllChips(row(1), onChips) };
}

describe("a comparison of chips with a network without a chip", () => {
  test.each([
    ["the difference", 0.2 * 4 * 0.3 * 0.5, (a: Sample, b: Sample) => sampleMean(pairedDifference(a, b))],
    ["the ratio", 1.5, (a: Sample, b: Sample) => ratioOfMeans(a, b)!],
  ] as const)("on three chips %s has an interval that holds the truth 95 times in a hundred", (_, truth, measure) => {
    let covered = 0;
    for (let seed = 1; seed <= 400; seed++) {
      const { onChips, network } = drawErrors(3, 300, seed);
      const { low, high } = measure(onChips, network);
      if (low <= truth && truth <= high) covered++;
    }
    // 400 tries at 0.95 have a standard deviation of 0.011. The interval counts the interaction of chips and prompts twice, so it
    // may cover more often.
    expect(covered / 400).toBeGreaterThan(0.95 - 4 * 0.011);
    expect(covered / 400).toBeLessThan(0.999);
  });

  test("gives a narrower interval for a paired ratio than for shuffled prompts", () => {
    const { onChips, network } = drawErrors(10, 400, 1);
    const shuffled = scaled(network, 1);
    shuffled.values.reverse();
    const width = (other: Sample) => {
      const { low, high } = ratioOfMeans(onChips, other)!;
      return high / low;
    };
    expect(ratioOfMeans(onChips, shuffled)!.mean).toBeCloseTo(ratioOfMeans(onChips, network)!.mean, 12);
    expect(width(network)).toBeLessThan(0.95 * width(shuffled));
  });

  test("by hand: 3 errors over 2, and none over nothing", () => {
    const onChips = sampleOf([
      [1, 0, 0, 1],
      [0, 1, 0, 0],
    ]);
    expect(ratioOfMeans(onChips, sameOnAllChips([0, 1, 0, 0], onChips))!.mean).toBeCloseTo(1.5, 14);
    expect(ratioOfMeans(onChips, sameOnAllChips([0, 0, 0, 0], onChips))).toBeNull();
    expect(() => sampleOf([[1, 0], [1]])).toThrow("Row 1 holds 1 prompts and the first 2");
  });
});

/** Rates or differences with these values on every chip; the other prompts have 0. */
const onEveryChip = (chips: number, prompts: number, first: readonly number[]): Sample =>
  sampleOf(Array.from({ length: chips }, () => Float64Array.from({ length: prompts }, (_, k) => first[k] ?? 0)));

describe("a mean difference of rates", () => {
  const nothing = (chips: number, prompts: number) => onEveryChip(chips, prompts, []);

  test("without any difference is bounded by the rule of three, whatever the number of chips, and by 1", () => {
    for (const chips of [1, 2, 10]) {
      const { low, high } = sampleMean(pairedDifference(nothing(chips, 64), nothing(chips, 64)));
      expect([low, high]).toEqual([-3 / 64, 3 / 64]);
    }
    expect(sampleMean(pairedDifference(nothing(1, 2), nothing(1, 2)))).toEqual({ mean: 0, low: -1, high: 1 });
  });

  test("by hand: a prompt of 62 that only one of the two gets right", () => {
    const one = onEveryChip(1, 62, [1]);
    const { mean, low, high } = sampleMean(pairedDifference(one, nothing(1, 62)));
    // Half a pair in each outcome: 64 pairs with differences whose sum is 1 and whose squares sum to 1 + 1/2 + 1/2.
    const half = 1.9983405 * Math.sqrt((2 - 1 / 64) / 63 / 64);
    expect(mean).toBe(1 / 62);
    expect(low).toBeCloseTo(1 / 64 - half, 7);
    expect(high).toBeCloseTo(1 / 64 + half, 7);
  });

  test("scales with what a prompt can differ by: a bit of four, on one chip of two", () => {
    const bit = sampleMean(pairedDifference(onEveryChip(1, 62, [0.25]), nothing(1, 62)));
    const whole = sampleMean(pairedDifference(onEveryChip(1, 62, [1]), nothing(1, 62)));
    expect([4 * bit.low, 4 * bit.high]).toEqual([whole.low, whole.high]);
    // Two chips whose only differences cancel, in one prompt: that is as much as 1/2 if they were independent.
    const opposite = sampleOf(
      [1, -1].map((first) => Float64Array.from({ length: 62 }, (_, k) => (k === 0 ? first : 0))),
    );
    const { mean, low, high } = sampleMean(pairedDifference(opposite, nothing(2, 62)));
    // A = (1/64)^2; of the prompts with -+ 1/2 added, B = 1/2 / 63 / 64; E = 2 (1 - 1/64) / (63 128).
    const [a, others] = [1 / 4096, 0.5 / 63 / 64 - (2 * (1 - 1 / 64)) / 63 / 128];
    const share = a / (a + Math.max(0, others));
    const weight = (2 * share ** 2) / (1 + share);
    const half = Math.sqrt((a + Math.max(0, others)) * (weight * 12.7062047362 ** 2 + (1 - weight) * 1.9983405 ** 2));
    expect(mean).toBe(0);
    expect(high).toBeCloseTo(half, 7);
    expect(low).toBeCloseTo(-half, 7);
    // Two prompts that cancel so: neither chips nor prompts differ, which leaves the added prompts, s^2 = 1/2.
    const crosswise = [1, -1].map((sign) => Float64Array.from({ length: 62 }, (_, k) => [sign, -sign][k] ?? 0));
    const none = sampleMean(pairedDifference(sampleOf(crosswise), nothing(2, 62)));
    expect(none.high).toBeCloseTo((1.9983405 * Math.SQRT1_2) / 64, 7);
  });

  test("has an interval with a width that holds it and ends at the ends of the scale, on any few chips and prompts", () => {
    const random = stream(11);
    for (let i = 0; i < 400; i++) {
      const [chips, prompts] = [1 + random.integer(3), 1 + random.integer(6)];
      const rows = () => {
        const share = [0, 0.1, 0.5, 1][random.integer(4)];
        return sampleOf(
          Array.from({ length: chips }, () =>
            Float64Array.from({ length: prompts }, () => (random.uniform() < share ? random.integer(5) / 4 : 0)),
          ),
        );
      };
      const change = pairedDifference(rows(), rows());
      for (const [difference, reach] of [
        [change, 1],
        [pairedDifference(change, pairedDifference(rows(), rows())), 2],
      ] as const) {
        const { mean, low, high } = sampleMean(difference);
        expect(high - low).toBeGreaterThan(0.01);
        expect(low).toBeGreaterThanOrEqual(-reach);
        expect(high).toBeLessThanOrEqual(reach);
        expect(low).toBeLessThanOrEqual(mean);
        expect(high).toBeGreaterThanOrEqual(mean);
      }
    }
  });

  test("reaches 2 if it is a difference of two differences, of which one may be a rate", () => {
    const [all, none] = [onEveryChip(2, 2, [1, 1]), onEveryChip(2, 2, [])];
    const worse = pairedDifference(all, none);
    const better = pairedDifference(none, all);
    expect(sampleMean(worse)).toMatchObject({ mean: 1, high: 1 });
    expect(sampleMean(pairedDifference(worse, better))).toMatchObject({ mean: 2, high: 2 });
    expect(sampleMean(pairedDifference(better, all))).toMatchObject({ mean: -2, low: -2 });
    expect(scaled(worse, -0.5).reach).toBe(0.5);
  });

  test("has a ratio whose interval has a width, although both err alike", () => {
    const some = onEveryChip(3, 100, Array<number>(12).fill(1));
    const { mean, low, high } = ratioOfMeans(some, some)!;
    // Nothing differs: the rule of three, 3 / 100, over the rate .12.
    expect(mean).toBe(1);
    expect(low).toBeCloseTo(Math.exp(-0.25), 12);
    expect(high).toBeCloseTo(Math.exp(0.25), 12);
    // Two wrong bits of four where the other has one: the same over the smaller rate, .03.
    const [two, one] = [0.5, 0.25].map((share) => onEveryChip(3, 100, Array<number>(12).fill(share)));
    for (const [ratio, found] of [
      [2, ratioOfMeans(two, one)!],
      [0.5, ratioOfMeans(one, two)!],
    ] as const) {
      expect(found.mean).toBeCloseTo(ratio, 12);
      expect(found.high).toBeCloseTo(ratio * Math.E, 12);
    }
  });
});

describe("a mean rate", () => {
  test("without any error, or with errors only, is bounded by the rule of three, whatever the number of chips", () => {
    for (const chips of [1, 2, 10]) {
      expect(sampleRate(onEveryChip(chips, 300, []))).toEqual({ mean: 0, low: 0, high: 0.01 });
      const ones = onEveryChip(chips, 300, Array<number>(300).fill(1));
      expect(sampleRate(ones)).toEqual({ mean: 1, low: 0.99, high: 1 });
      // 1/49 of 49 wrong bits, which rounding may make less than 1.
      expect(sampleRate(scaled(scaled(ones, 49), 1 / 49)).low).toBe(0.99);
    }
  });

  test("by hand: on one chip it is Wilson's, with Student's t", () => {
    // Ten of 64 answers wrong. The variance of the mean is p (1 - p) / 63, and p (1 - p) / 64 is counted in for an eleventh.
    const p = 10 / 64;
    const q = (1.9983405 ** 2 * (10 / 63 + 1 / 64)) / 11;
    const { low, high } = sampleRate(onEveryChip(1, 64, Array<number>(10).fill(1)));
    const half = Math.sqrt(q * p * (1 - p) + (q * q) / 4) / (1 + q);
    expect(low).toBeCloseTo((p + q / 2) / (1 + q) - half, 7);
    expect(high).toBeCloseTo((p + q / 2) / (1 + q) + half, 7);
    // Within a few per cent of the interval of independent trials.
    expect(low).toBeCloseTo(wilson(10, 64).low, 2);
    expect(high).toBeCloseTo(wilson(10, 64).high, 2);
  });

  test("adds what Student's t adds for chips in squares, and is the mirror image of the rate of right answers", () => {
    const shares = [0.1, 0.2, 0.4];
    const chips = sampleOf(
      shares.map((share) => Float64Array.from({ length: 50 }, (_, k) => (k < 50 * share ? 1 : 0))),
    );
    const right = { ...chips, values: chips.values.map((value) => 1 - value) };
    const rate = sampleRate(chips);
    const mirrored = sampleRate(right);
    expect(rate.low).toBeCloseTo(1 - mirrored.high, 12);
    expect(rate.high).toBeCloseTo(1 - mirrored.low, 12);
    // Chips alone give .233 -+ .38, prompts alone .14 to .37.
    expect(rate.low).toBe(0);
    expect(rate.high).toBeGreaterThan(meanInterval(shares).high - 0.02);
    expect(rate.high).toBeLessThan(meanInterval(shares).high + 0.04);
  });

  test("has an interval with a width, between 0 and 1, on any few chips and prompts", () => {
    const random = stream(12);
    for (let i = 0; i < 400; i++) {
      const [chips, prompts] = [1 + random.integer(3), 1 + random.integer(6)];
      const values = Float64Array.from({ length: chips * prompts }, () => random.integer(5) / 4);
      const { mean, low, high } = sampleRate({ chips, reads: 1, prompts, values });
      expect(high - low).toBeGreaterThan(0.1);
      expect(0 <= low && low <= mean && mean <= high && high <= 1).toBe(true);
    }
  });
});

test("errors without an upper limit have an interval of Student, from 0 on, which their unit scales", () => {
  const rows = [[0.5, 3, 9, 1.5]];
  const sample = { ...sampleOf(rows), isUnbounded: true } as const;
  const { mean, low, high } = sampleRate(sample);
  // Standard deviation 3.808, t(3) = 3.182: 3.5 -+ 6.06.
  expect([mean, low]).toEqual([3.5, 0]);
  expect(high).toBeCloseTo(9.56, 2);
  expect(sampleRate(scaled(sample, 10)).high).toBeCloseTo(10 * high, 10);
  const difference = sampleMean(pairedDifference(scaled(sample, 10), sample));
  expect(difference.mean).toBeCloseTo(31.5, 12);
  expect(difference.high - difference.mean).toBeCloseTo(9 * (high - mean), 10);
});
