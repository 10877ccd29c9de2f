import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { normalQuantile, stream } from "../numeric/stream.ts";
import { agreements, bestScale, calibration, informationByRow, mutualInformation } from "./soft-bits.ts";

/**
 * Agreements of BPSK at a noise variance: L = 2 y / v for y = x + n, so x L is normal with mean 2 / v and variance 4 / v. Quantiles at
 * equal steps of probability instead of a random sample.
 */
const binary = (variance: number, count = 20_000) =>
  Float64Array.from(
    { length: count },
    (_, i) => (2 + 2 * Math.sqrt(variance) * normalQuantile((i + 0.5) / count)) / variance,
  );

/** Capacity of the same channel by Simpson's rule over y, from densities rather than from soft bits. */
function capacity(variance: number): number {
  const density = (y: number) => Math.exp((-y * y) / (2 * variance)) / Math.sqrt(2 * Math.PI * variance);
  const [from, to, cells] = [1 - 12 * Math.sqrt(variance), 1 + 12 * Math.sqrt(variance), 4000];
  const width = (to - from) / cells;
  let sum = 0;
  for (let i = 0; i <= cells; i++) {
    const [right, wrong] = [density(from + i * width - 1), density(from + i * width + 1)];
    const weight = i === 0 || i === cells ? 1 : i % 2 === 1 ? 4 : 2;
    if (right > 0) sum += weight * right * Math.log2((2 * right) / (right + wrong));
  }
  return (sum * width) / 3;
}

describe("generalised mutual information", () => {
  test("of BPSK on AWGN is its capacity by numerical integration", () => {
    for (const variance of [0.2, 0.5, 1, 2]) {
      // Equal steps of probability leave out some of the tails.
      expect(Math.abs(mutualInformation(binary(variance)) - capacity(variance))).toBeLessThan(2e-4);
    }
  });

  test("is 0 for soft bits that say nothing, 1 for certain and right ones, and negative for misleading ones", () => {
    expect(mutualInformation(Float64Array.of(0, 0))).toBe(0);
    expect(mutualInformation(Float64Array.of(800, 900))).toBe(1);
    expect(mutualInformation(Float64Array.of(-Math.log(3)))).toBeCloseTo(1 - 2, 12);
  });

  test("never exceeds what the frequencies of right decisions allow, whatever is claimed and at any scale", () => {
    const group = fc.record({
      right: fc.integer({ min: 0, max: 20 }),
      wrong: fc.integer({ min: 1, max: 20 }),
      claim: fc.double({ min: -9, max: 9, noNaN: true }),
    });
    const entropy = (p: number) => (p <= 0 || p >= 1 ? 0 : -p * Math.log2(p) - (1 - p) * Math.log2(1 - p));
    fc.assert(
      fc.property(
        fc.array(group, { minLength: 1, maxLength: 6 }),
        fc.double({ min: 0.1, max: 9, noNaN: true }),
        (all, s) => {
          const bits = all.flatMap(({ right, wrong, claim }) => [
            ...new Array<number>(right).fill(claim),
            ...new Array<number>(wrong).fill(-claim),
          ]);
          const most = all.reduce(
            (sum, { right, wrong }) => sum + (right + wrong) * (1 - entropy(right / (right + wrong))),
            0,
          );
          expect(mutualInformation(Float64Array.from(bits), s)).toBeLessThanOrEqual(most / bits.length + 1e-9);
        },
      ),
    );
  });

  test("is the mean of rows", () => {
    const agreed = binary(1, 40);
    const rows = informationByRow(agreed, 4);
    expect(rows).toHaveLength(10);
    expect(rows.reduce((a, b) => a + b) / 10).toBeCloseTo(mutualInformation(agreed), 12);
  });
});

describe("the best scale", () => {
  test("undoes a factor, and with it the loss", () => {
    const right = binary(0.8, 4000);
    for (const factor of [0.25, 0.7, 1, 3]) {
      const scaled = right.map((a) => factor * a);
      const scale = bestScale(scaled);
      expect(Math.abs(scale * factor - 1)).toBeLessThan(5e-3);
      expect(mutualInformation(scaled, scale)).toBeCloseTo(mutualInformation(right), 5);
      expect(mutualInformation(scaled)).toBeLessThanOrEqual(mutualInformation(scaled, scale));
    }
  });

  test("is an end of its range without any error, and without any right decision", () => {
    expect(bestScale(Float64Array.of(1, 2))).toBe(16);
    expect(bestScale(Float64Array.of(-1, -2))).toBe(1 / 16);
  });
});

describe("calibration", () => {
  test("of a source that is right as often as it claims has an error of sampling only", () => {
    const random = stream(5);
    const agreed = Float64Array.from({ length: 40_000 }, () => {
      const size = 5 * random.uniform();
      return random.uniform() < 1 / (1 + Math.exp(-size)) ? size : -size;
    });
    const { bins, error } = calibration(agreed);
    // Ten bins of thousands each: a share of their count is off by at most 0.5 / sqrt(1000) at one standard error.
    expect(error).toBeLessThan(0.008);
    for (const bin of bins) expect(Math.abs(bin!.claimed - bin!.right)).toBeLessThan(4 * Math.sqrt(0.25 / bin!.count));
    expect(bins.reduce((sum, bin) => sum + bin!.count, 0)).toBe(agreed.length);
  });

  test("error by hand: claims of 9 in 10 that hold have none, doubled to 81 in 82 they have 81/82 - 9/10", () => {
    const size = Math.log(9);
    const agreed = Float64Array.from({ length: 1000 }, (_, i) => (i % 10 === 0 ? -size : size));
    expect(calibration(agreed).error).toBeCloseTo(0, 12);
    expect(calibration(agreed, 2).error).toBeCloseTo(81 / 82 - 0.9, 12);
    expect(calibration(agreed, 0.5).error).toBeCloseTo(0.9 - 3 / 4, 12);
    expect(calibration(agreed).bins.findIndex((bin) => bin !== null)).toBe(8);
  });

  test("counts a soft bit of 0 as half right", () => {
    expect(calibration(Float64Array.of(0, 0, 0)).error).toBe(0);
  });
});

test("agreements have the sign of the sent bit, most significant first", () => {
  expect([...agreements(Float64Array.of(1, 2, 3, -4), [0b01, 0b10], 2)]).toEqual([1, -2, -3, -4]);
  expect(() => agreements(Float64Array.of(1, 2, 3), [0, 1], 2)).toThrow("2 labels of 2 bits need 4 soft bits, not 3");
});
