import { describe, expect, test } from "vitest";
import { ShapeError } from "../errors.ts";
import { deviation, mean, meanInterval } from "./statistics.ts";
import { stream } from "./stream.ts";
import {
  pairedDifference,
  ratioOfMeans,
  type Sample,
  sameOnAllChips,
  sampleMean,
  sampleOf,
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

  test("includes reads if every chip is read once, and is unknown if nothing is repeated", () => {
    const values = Float64Array.of(0, 10, 2, 12);
    expect(sampleSpread({ chips: 2, reads: 1, prompts: 2, values })).toEqual({ chips: Math.sqrt(2), reads: null });
    expect(sampleSpread({ chips: 1, reads: 1, prompts: 4, values })).toEqual({ chips: null, reads: null });
    expect(sampleSpread({ chips: 1, reads: 2, prompts: 2, values }).reads).toBeCloseTo(Math.sqrt(2), 12);
    expect(() => sampleSpread({ chips: 4, reads: 1, prompts: 1, values })).toThrow(ShapeError);
  });
});

describe("the mean of a sample", () => {
  test("by hand: two chips and two prompts, both of which differ by 2", () => {
    const { mean, low, high } = sampleMean({ chips: 2, reads: 1, prompts: 2, values: Float64Array.of(0, 2, 2, 4) });
    // Means of chips and of prompts are 1 and 3, standard error 1. Student's t of one degree is 12.706; both sources add in squares.
    const half = Math.hypot(12.7062047362, 1.96);
    expect([mean, low, high].map((x) => x.toFixed(8))).toEqual([2, 2 - half, 2 + half].map((x) => x.toFixed(8)));
  });

  test("has Student's interval if all prompts are alike", () => {
    const values = Float64Array.of(1, 1, 2, 2, 4, 4);
    const expected = meanInterval([1, 2, 4]);
    expect(sampleMean({ chips: 3, reads: 1, prompts: 2, values })).toEqual(expected);
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
