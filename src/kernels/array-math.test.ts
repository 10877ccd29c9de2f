import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PIECE, scalarMath } from "../numeric/array-math.ts";
import { normalQuantile, type Stream, streamOfKey } from "../numeric/stream.ts";
import { kernelMath } from "./array-math.ts";
import { standaloneKernels } from "./memory.ts";

/** Bitwise equality: -0 differs from 0, and NaN equals NaN. */
function expectSame(values: Float64Array, expected: Float64Array): void {
  expect(values.length).toBe(expected.length);
  const first = values.findIndex((value, i) => !Object.is(value, expected[i]));
  expect(first, `entry ${first}: ${values[first]}, expected ${expected[first]}`).toBe(-1);
}

const lengths = fc.oneof(fc.nat({ max: 40 }), fc.nat({ max: 3 * PIECE }));
const keys = fc.tuple(fc.integer(), fc.integer());

describe.each(["normals", "uniforms"] as const)("%s", (name) => {
  const drawn = (math: typeof scalarMath, random: Stream, count: number) => {
    const values = new Float64Array(count);
    math[name](random, values);
    return values;
  };
  /** Results of both from `position` on, and then again from where they left the stream. */
  const compare = (key: [number, number], position: number, count: number) => {
    const [slow, fast] = [streamOfKey(...key), streamOfKey(...key)];
    for (const random of [slow, fast]) random.position = position;
    for (const size of [count, 9]) {
      expectSame(drawn(kernelMath, fast, size), drawn(scalarMath, slow, size));
      expect(fast.position).toBe(slow.position);
    }
    expect(fast.word()).toBe(slow.word());
  };

  test("are those of the stream, bit for bit, from any position on", () => {
    fc.assert(
      fc.property(keys, fc.nat({ max: 9999 }), lengths, (key, position, count) => compare(key, position, count)),
      { seed: 1, numRuns: 60 },
    );
  });

  test("also when the lower half of the counter overflows, and beyond", () => {
    for (const position of [2 ** 33 - 7, 2 ** 33 - 4, 2 ** 33, 2 ** 34 + 1, 2 ** 50 + 3])
      compare([3, -4], position, 21);
  });

  test("are drawn one by one from a stream with predefined numbers", () => {
    const written = { ...streamOfKey(1, 2), counterBased: false, normal: () => 7, uniform: () => 0.25 };
    const value = name === "normals" ? 7 : 0.25;
    expectSame(drawn(kernelMath, written, 3), Float64Array.of(value, value, value));
  });
});

test("normals of chosen words are the quantiles: the extremes, the branch limits, and their neighbours", () => {
  const around = [0, 0.075, 0.5, 0.925, 1].map((p) => Math.round(p * 2 ** 32));
  const words = around.flatMap((word) => [-3, -2, -1, 0, 1, 2, 3].map((step) => (word + step) >>> 0));
  const { kernels, arena } = standaloneKernels(1 << 16);
  const [at, out, scratch] = [words.length + 8, 2 * words.length + 16, 3 * words.length + 48].map(arena.words);
  kernels.u32.set(words, at / 4);
  kernels.run.normalsOfWords(at, words.length, out, scratch);
  expectSame(
    new Float64Array(kernels.memory.buffer, out, words.length),
    Float64Array.from(words, (word) => normalQuantile((word + 0.5) / 2 ** 32)),
  );
});

/** Both versions on the same values. */
function compare(values: Float64Array, work: (math: typeof scalarMath, values: Float64Array) => void): void {
  const [slow, fast] = [values.slice(), values.slice()];
  work(scalarMath, slow);
  work(kernelMath, fast);
  expectSame(fast, slow);
}

const arraysOf = (value: fc.Arbitrary<number>) =>
  fc.oneof(fc.array(value, { maxLength: 40 }), fc.array(value, { minLength: PIECE - 3, maxLength: PIECE + 40 }));
const doubles = fc.double();

test("exponentials are those of `exponential`, bit for bit, also beyond its limits", () => {
  const values = arraysOf(fc.oneof(doubles, fc.double({ min: -720, max: 720 }), fc.double({ min: -1, max: 1 })));
  fc.assert(
    fc.property(values, fc.double({ min: -3, max: 3 }), (list, factor) =>
      compare(Float64Array.from(list), (math, array) => math.exponentials(array, factor)),
    ),
    { seed: 1, numRuns: 60 },
  );
  const limits = [-708, 709].flatMap((limit) => [limit, limit * (1 + 2 ** -52), limit * (1 - 2 ** -52)]);
  compare(Float64Array.of(...limits, 0, -0, Infinity, -Infinity, NaN), (math, array) => math.exponentials(array, 1));
});

test("logarithms are those of `naturalLog`, bit for bit, for any values", () => {
  const values = arraysOf(fc.oneof(doubles, fc.double({ min: 0, max: 2 })));
  fc.assert(
    fc.property(values, (list) => compare(Float64Array.from(list), (math, array) => math.naturalLogs(array))),
    { seed: 1, numRuns: 60 },
  );
  const roots = [1, 2, 2 ** -30].map((power) => power * Math.SQRT2);
  compare(Float64Array.of(...roots, 1, 1 + 2 ** -52, 1 - 2 ** -53, 0, 2 ** -1074), (math, array) =>
    math.naturalLogs(array),
  );
});

test("clamped values are those of Math.min and Math.max, including NaN and zeros of either sign", () => {
  const bounds = fc.double({ min: 0, noNaN: true });
  const values = arraysOf(fc.oneof(doubles, fc.constantFrom(0, -0, NaN)));
  fc.assert(
    fc.property(values, bounds, bounds, (list, a, b) =>
      compare(Float64Array.from(list), (math, array) => math.clamp(array, Math.min(a, b), Math.max(a, b))),
    ),
    { seed: 1, numRuns: 60 },
  );
});

test("noisy decays are those of scalars, bit for bit: with and without decay, with given deviations or a law", () => {
  const value = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 30, noNaN: true }));
  const size = fc.oneof(fc.nat({ max: 40 }), fc.constantFrom(PIECE, 2 * PIECE + 5));
  const law = fc.record({
    unit: fc.double({ min: 1, max: 40, noNaN: true }),
    power: fc.double({ min: 0.3, max: 2, noNaN: true }),
    factor: fc.double({ min: 1e-3, max: 0.1, noNaN: true }),
    most: fc.double({ min: 0.05, max: 0.5, noNaN: true }),
  });
  const cases = fc.record({
    values: size.chain((count) => fc.array(value, { minLength: count, maxLength: count })),
    law: fc.option(law),
    decays: fc.boolean(),
    rate: fc.double({ min: -20, max: 0, noNaN: true }),
    factors: fc.tuple(fc.double({ min: 0, max: 2, noNaN: true }), fc.double({ min: 0, max: 8, noNaN: true })),
    position: fc.nat(9),
    seed: fc.nat(),
  });
  fc.assert(
    fc.property(cases, ({ values: list, law, decays, rate, factors, position, seed }) => {
      const values = Float64Array.from(list);
      const decay = {
        values,
        exponents: decays ? values.map((x) => x / 100) : null,
        rate,
        deviations: law ?? values.map((x) => x / 60),
        factors,
      };
      const drawn = [scalarMath, kernelMath].map((math) => {
        const random = Object.assign(streamOfKey(seed, 1), { position });
        const out = new Float64Array(values.length).fill(3);
        math.noisyDecays(random, decay, out);
        return { out, next: random.word() };
      });
      expectSame(drawn[1].out, drawn[0].out);
      expect(drawn[1].next).toBe(drawn[0].next);
    }),
    { seed: 1, numRuns: 60 },
  );
});

test("a law gives its maximum at 0, and until its power falls below it", () => {
  const law = { unit: 2, power: 0.5, factor: 0.1, most: 0.2 };
  // 0.1 / sqrt(x / 2) is 0.2 at x = 1/2, and 0.1 at x = 2.
  const values = Float64Array.of(0, 0.1, 0.5, 2, 8);
  const noisy = (math: typeof scalarMath, random: Stream, of: Float64Array) => {
    const out = new Float64Array(of.length);
    math.noisyDecays(random, { values: of, exponents: null, rate: 0, deviations: law, factors: [1, 1] }, out);
    return out;
  };
  const ones = { ...streamOfKey(1, 2), counterBased: false, normal: () => 1 };
  for (const [i, share] of [0.2, 0.2, 0.2, 0.1, 0.05].entries()) {
    expect(noisy(scalarMath, ones, values)[i]).toBeCloseTo(values[i] * (1 + share), 12);
  }
  const around = Float64Array.from({ length: 1000 }, (_, i) => i / 1000);
  expectSame(noisy(kernelMath, streamOfKey(1, 2), around), noisy(scalarMath, streamOfKey(1, 2), around));
});
