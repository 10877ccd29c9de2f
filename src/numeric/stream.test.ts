import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { deviation, mean } from "./statistics.ts";
import { naturalLog, normalQuantile, type Stream, stream, streamOfKey, threefry2x32 } from "./stream.ts";

const words = (source: Stream, count: number): number[] => Array.from({ length: count }, () => source.word());
const hex = (values: ArrayLike<number>): string[] =>
  Array.from(values, (value) => (value >>> 0).toString(16).padStart(8, "0"));

describe("Threefry-2x32-20", () => {
  test("gives the known answers of Random123 (file tests/kat_vectors, lines `threefry2x32 20`)", () => {
    const block = (key: [number, number], counter: [number, number]) => {
      const out = new Int32Array(2);
      threefry2x32(key[0], key[1], counter[0], counter[1], out);
      return hex(out);
    };
    expect(block([0, 0], [0, 0])).toEqual(["6b200159", "99ba4efe"]);
    expect(block([0xffffffff, 0xffffffff], [0xffffffff, 0xffffffff])).toEqual(["1cb996fc", "bb002be7"]);
    // The digits of pi: counter first in the file, then key.
    expect(block([0x13198a2e, 0x03707344], [0x243f6a88, 0x85a308d3])).toEqual(["c4923a9c", "483df7a0"]);
  });
});

describe("a stream", () => {
  test("never changes its words: golden values of stream(7).fork('a', 1), recorded on Node 20 in version 0.1.0", () => {
    expect(hex(words(stream(7).fork("a", 1), 5))).toEqual(["ec2f2162", "f17298de", "64c64e5a", "6f03bb93", "789b68d1"]);
  });

  test("forks the same, whatever was drawn before", () => {
    const fresh = stream(3);
    const used = stream(3);
    words(used, 5);
    expect(words(used.fork("noise", 2), 4)).toEqual(words(fresh.fork("noise", 2), 4));
    // And forking took nothing from the parent.
    expect(words(used, 3)).toEqual(words(stream(3), 8).slice(5));
  });

  test("gives the same word at a position, whether reached in order or directly", () => {
    const sequence = words(stream(5), 64);
    const source = stream(5);
    fc.assert(
      fc.property(fc.nat({ max: 63 }), (position) => {
        source.position = position;
        expect(source.word()).toBe(sequence[position]);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  test("counts positions beyond 2^32 without repeating", () => {
    const far = stream(5);
    far.position = 2 ** 34;
    expect(words(far, 4)).not.toEqual(words(stream(5), 4));
  });

  test("differs for every label: 20,000 labels of five kinds give 20,000 keys", () => {
    const root = stream(1);
    const keys = new Set<string>();
    for (let i = 0; i < 4000; i++) {
      for (const labels of [[i], [-1 - i], [`${i}`], [i + 0.5], ["layer", i]])
        keys.add(root.fork(...labels).key.join());
    }
    expect(keys.size).toBe(20_000);
  });

  test("forks by a list of labels as by one label after another, and the order matters", () => {
    const root = stream(1);
    expect(root.fork("a", "b").key).toEqual(root.fork("a").fork("b").key);
    expect(root.fork("a", "b").key).not.toEqual(root.fork("b", "a").key);
  });

  test("takes every safe integer as a seed", () => {
    const seeds = [0, 1, -1, 2 ** 32, 2 ** 32 + 1, -(2 ** 32), Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER];
    expect(new Set(seeds.map((seed) => stream(seed).key.join())).size).toBe(seeds.length);
  });

  test("can be continued from its key alone", () => {
    const source = stream(9).fork("x");
    expect(words(streamOfKey(...source.key), 4)).toEqual(words(source, 4));
  });
});

describe("distributions", () => {
  const n = 50_000;

  test("uniform numbers have the moments and the distribution of [0, 1)", () => {
    const source = stream(21).fork("uniform");
    const values = Float64Array.from({ length: n }, () => source.uniform());
    // Four standard errors: the variance is 1/12, and that of the squared deviation is 1/180. The seed is fixed.
    expect(Math.abs(mean(values) - 0.5)).toBeLessThan(4 * Math.sqrt(1 / 12 / n));
    expect(Math.abs(deviation(values) ** 2 - 1 / 12)).toBeLessThan(4 * Math.sqrt(1 / 180 / n));
    // Kolmogorov-Smirnov: sqrt(n) D exceeds 1.95 with probability 0.001.
    expect(kolmogorovSmirnov(values, (x) => x) * Math.sqrt(n)).toBeLessThan(1.95);
  });

  test("normal numbers have the moments and distribution of the standard normal", () => {
    const source = stream(22).fork("normal");
    const values = Float64Array.from({ length: n }, () => source.normal());
    // Four standard errors: the variance of x is 1, of x^2 is 2, of x^3 is 15, of x^4 is 96.
    for (const [power, moment, variance] of [
      [1, 0, 1],
      [2, 1, 2],
      [3, 0, 15],
      [4, 3, 96],
    ] as const) {
      const measured = mean(values.map((x) => x ** power));
      expect(Math.abs(measured - moment)).toBeLessThan(4 * Math.sqrt(variance / n));
    }
    expect(kolmogorovSmirnov(values, normalDistribution) * Math.sqrt(n)).toBeLessThan(1.95);
  });

  test("neighbouring words and streams are uncorrelated", () => {
    const [a, b] = [stream(23).fork(0), stream(23).fork(1)];
    const x = Float64Array.from({ length: n }, () => a.uniform() - 0.5);
    const y = Float64Array.from({ length: n }, () => b.uniform() - 0.5);
    // A product of two independent values has mean 0 and variance 1/144; four standard errors.
    const bound = 4 * Math.sqrt(1 / 144 / n);
    expect(Math.abs(mean(x.map((value, i) => value * y[i])))).toBeLessThan(bound);
    expect(Math.abs(mean(x.map((value, i) => value * x[(i + 1) % n])))).toBeLessThan(bound);
  });

  test("integers below a bound are equally frequent", () => {
    const source = stream(24);
    const counts = new Array(7).fill(0);
    for (let i = 0; i < n; i++) counts[source.integer(7)] += 1;
    const chiSquared = counts.reduce((sum, count) => sum + (count - n / 7) ** 2 / (n / 7), 0);
    // Six degrees of freedom: 22.46 is exceeded with probability 0.001.
    expect(chiSquared).toBeLessThan(22.46);
  });
});

describe("naturalLog", () => {
  test("agrees with Math.log from the smallest normal number to the largest", () => {
    let worst = 0;
    for (let i = -1022; i <= 1023; i++) {
      for (const m of [1, 1.1, 1.25, 1.41, 1.42, 1.6, 1.9, 1.9999999]) {
        const exact = Math.log(m * 2 ** i);
        if (exact !== 0) worst = Math.max(worst, Math.abs(naturalLog(m * 2 ** i) - exact) / Math.abs(exact));
      }
    }
    // Three units in the last place of ours and one of Math.log: 4 x 2^-52 = 8.9e-16.
    expect(worst).toBeLessThan(8.9e-16);
    expect(naturalLog(1)).toBe(0);
  });

  test("keeps its relative accuracy near 1, where the logarithm vanishes", () => {
    for (let i = 1; i < 50; i++) {
      for (const x of [1 + 2 ** -i, 1 - 2 ** -i]) {
        expect(Math.abs(naturalLog(x) / Math.log(x) - 1)).toBeLessThan(8.9e-16);
      }
    }
  });
});

describe("normalQuantile", () => {
  test("gives the published values (Abramowitz and Stegun, tables 26.5 and 26.6; Wichura 1988 checks)", () => {
    const table = [
      [0.5, 0],
      [0.75, 0.6744897501960817],
      [0.25, -0.6744897501960817],
      [0.975, 1.959963984540054],
      [0.001, -3.090232306167814],
      // The extreme tail, PPND16's third branch: printed by Wichura as -9.262340089798408.
      [1e-20, -9.262340089798408],
    ] as const;
    // AS 241 claims about 1e-16; a few roundings in two polynomials of degree 7 come on top.
    for (const [p, x] of table)
      expect(Math.abs(normalQuantile(p) - x)).toBeLessThanOrEqual(1e-15 * Math.max(1, Math.abs(x)));
  });

  test("is odd around one half and undoes the distribution function", () => {
    for (let i = 1; i < 100; i++) {
      const p = i / 100;
      expect(normalQuantile(1 - p)).toBeCloseTo(-normalQuantile(p), 12);
      // `normalDistribution` below is accurate to 1.2e-7.
      expect(Math.abs(normalDistribution(normalQuantile(p)) - p)).toBeLessThan(1.2e-7);
    }
  });

  test("joins its three branches without a step", () => {
    // Branches meet at |p - 0.5| = 0.425 and at sqrt(-ln p) = 5; a step would show as a jump beyond slope x distance.
    for (const p of [0.075, 0.925, Math.exp(-25)]) {
      const [below, above] = [normalQuantile(p * (1 - 1e-9)), normalQuantile(p * (1 + 1e-9))];
      expect(above).toBeGreaterThan(below);
      expect(above - below).toBeLessThan(3e-8);
    }
  });
});

/** Largest distance between the empirical distribution and `distribution`. */
function kolmogorovSmirnov(values: Float64Array, distribution: (x: number) => number): number {
  const sorted = values.slice().sort();
  let distance = 0;
  sorted.forEach((value, i) => {
    const p = distribution(value);
    distance = Math.max(distance, p - i / sorted.length, (i + 1) / sorted.length - p);
  });
  return distance;
}

/** Abramowitz and Stegun 7.1.26, halved and shifted: absolute error below 7.5e-8 plus rounding. */
function normalDistribution(x: number): number {
  const t = 1 / (1 + (0.3275911 * Math.abs(x)) / Math.SQRT2);
  const series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const tail = (series * Math.exp((-x * x) / 2)) / 2;
  return x < 0 ? tail : 1 - tail;
}
