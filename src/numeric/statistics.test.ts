import { describe, expect, test } from "vitest";
import { ValueError } from "../errors.ts";
import {
  deviation,
  mean,
  meanInterval,
  standardError,
  studentExpansion,
  studentQuantile,
  studentShare,
  wilson,
} from "./statistics.ts";
import { stream } from "./stream.ts";

describe("mean and spread", () => {
  test("a case worked by hand: 2, 4, 4, 4, 5, 5, 7, 9 has mean 5 and squared deviations that add to 32", () => {
    const values = [2, 4, 4, 4, 5, 5, 7, 9];
    expect(mean(values)).toBe(5);
    expect(deviation(values)).toBe(Math.sqrt(32 / 7));
    expect(standardError(values)).toBe(Math.sqrt(32 / 7) / Math.sqrt(8));
  });

  test("certified values of NIST's data set NumAcc1 (10000001, 10000003, 10000002)", () => {
    const values = [10000001, 10000003, 10000002];
    expect(mean(values)).toBe(10000002);
    expect(deviation(values)).toBe(1);
  });

  test("too few values are refused instead of giving NaN", () => {
    expect(() => mean([])).toThrow(ValueError);
    expect(() => deviation([1])).toThrow("A standard deviation needs at least 2 values, not 1.");
    expect(() => meanInterval([1])).toThrow(ValueError);
  });
});

describe("Wilson's interval", () => {
  test("published values: Newcombe, Statistics in Medicine 17 (1998), table I, method 3", () => {
    // Printed to four decimals, so the tolerance is half a unit of the last. Newcombe uses z = 1.9600, with the same accuracy.
    const table = [
      [81, 263, 0.2553, 0.3662],
      [15, 148, 0.0624, 0.1605],
      [0, 20, 0, 0.1611],
      [1, 29, 0.0061, 0.1718],
    ] as const;
    for (const [successes, trials, low, high] of table) {
      const interval = wilson(successes, trials);
      expect(Math.abs(interval.low - low)).toBeLessThanOrEqual(5e-5);
      expect(Math.abs(interval.high - high)).toBeLessThanOrEqual(5e-5);
    }
  });

  test("its bounds are where the z-test just rejects", () => {
    const [successes, trials, z] = [37, 500, 1.96];
    const { low, high } = wilson(successes, trials, z);
    const score = (p: number) => (successes / trials - p) / Math.sqrt((p * (1 - p)) / trials);
    // Double rounding amplified by the division: about 1e-13.
    expect(score(low)).toBeCloseTo(z, 10);
    expect(score(high)).toBeCloseTo(-z, 10);
  });

  test("all successes or none give a bound at exactly 1 or 0", () => {
    expect(wilson(0, 7).low).toBe(0);
    expect(wilson(7, 7).high).toBe(1);
    expect(wilson(7, 7).low).toBeCloseTo(1 - wilson(0, 7).high, 14);
  });

  test("impossible counts are refused", () => {
    for (const [s, n] of [
      [-1, 4],
      [5, 4],
      [0, 0],
      [0.5, 4],
      [Number.NaN, 4],
    ] as const) {
      expect(() => wilson(s, n)).toThrow(ValueError);
    }
  });
});

describe("Student's interval", () => {
  test("the quantile agrees with the published table (Abramowitz and Stegun, table 26.10, and NIST handbook 1.3.6.7.2)", () => {
    const table = {
      1: 12.706,
      2: 4.303,
      3: 3.182,
      4: 2.776,
      5: 2.571,
      9: 2.262,
      10: 2.228,
      30: 2.042,
      60: 2.0,
      120: 1.98,
    };
    // Three decimals are printed.
    for (const [degrees, t] of Object.entries(table)) {
      expect(Math.abs(studentQuantile(Number(degrees)) - t)).toBeLessThanOrEqual(5.01e-4);
    }
  });

  test("one and two degrees of freedom have closed forms", () => {
    // n = 1 is the Cauchy distribution: tan(0.475 pi). n = 2: P = t / sqrt(2 + t^2), so t = p sqrt(2 / (1 - p^2)), p = 0.95.
    expect(studentQuantile(1)).toBeCloseTo(Math.tan(0.475 * Math.PI), 10);
    expect(studentQuantile(2)).toBeCloseTo(0.95 * Math.sqrt(2 / (1 - 0.95 ** 2)), 10);
  });

  test("the finite sum and the expansion agree where they meet", () => {
    // The first omitted term is of order n^-5 = 3e-12, with a coefficient near 1; both sides are even and odd.
    for (const degrees of [199, 200])
      expect(Math.abs(studentQuantile(degrees) - studentExpansion(degrees))).toBeLessThan(1e-11);
    expect(Math.abs(studentShare(studentQuantile(201), 201) - 0.95)).toBeLessThan(1e-11);
    expect(Math.abs(studentShare(studentQuantile(1000), 1000) - 0.95)).toBeLessThan(1e-11);
  });

  test("the quantile is exact to eleven digits at any number of degrees", () => {
    for (const degrees of [1, 3, 8, 21, 40, 63, 100, 150, 200, 201, 500]) {
      expect(Math.abs(studentShare(studentQuantile(degrees), degrees) - 0.95), `${degrees}`).toBeLessThan(1e-11);
    }
  });

  test("it covers the true mean of four normal values in 95 % of samples", () => {
    const random = stream(11).fork("coverage");
    const samples = 4000;
    let covered = 0;
    for (let i = 0; i < samples; i++) {
      const { low, high } = meanInterval([random.normal(), random.normal(), random.normal(), random.normal()]);
      if (low <= 0 && 0 <= high) covered += 1;
    }
    // Four standard errors of a share of 0.95 of 4000; the seed is fixed.
    expect(Math.abs(covered / samples - 0.95)).toBeLessThan(4 * Math.sqrt((0.95 * 0.05) / samples));
  });

  test("a fractional or missing number of degrees is refused", () => {
    for (const degrees of [0, -1, 1.5, Number.NaN]) expect(() => studentQuantile(degrees)).toThrow(ValueError);
  });
});
