import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PIECE, scalarMath } from "../numeric/array-math.ts";
import { normalQuantile, type Stream, streamOfKey } from "../numeric/stream.ts";
import { kernelMath } from "./array-math.ts";
import { standaloneKernels } from "./memory.ts";

/** The same bits: -0 is not 0, and NaN is NaN. */
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
  /** What both give from `position` on, and then again from where they left the stream. */
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

  test("are so where the lower half of the counter runs over, and beyond", () => {
    for (const position of [2 ** 33 - 7, 2 ** 33 - 4, 2 ** 33, 2 ** 34 + 1, 2 ** 50 + 3])
      compare([3, -4], position, 21);
  });

  test("are asked of a stream one by one where its numbers were written down", () => {
    const written = { ...streamOfKey(1, 2), counterBased: false, normal: () => 7, uniform: () => 0.25 };
    const value = name === "normals" ? 7 : 0.25;
    expectSame(drawn(kernelMath, written, 3), Float64Array.of(value, value, value));
  });
});

test("normals of chosen words are the quantiles: the ends, the limits of the branches, and their neighbours", () => {
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

/** Both on the same values. */
function compare(values: Float64Array, work: (math: typeof scalarMath, values: Float64Array) => void): void {
  const [slow, fast] = [values.slice(), values.slice()];
  work(scalarMath, slow);
  work(kernelMath, fast);
  expectSame(fast, slow);
}

const arraysOf = (value: fc.Arbitrary<number>) =>
  fc.oneof(fc.array(value, { maxLength: 40 }), fc.array(value, { minLength: PIECE - 3, maxLength: PIECE + 40 }));
const doubles = fc.double();

test("exponentials are those of `exponential`, bit for bit, beyond its limits, too", () => {
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

test("logarithms are those of `naturalLog`, bit for bit, whatever the values are", () => {
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

test("clamped values are those of Math.min and Math.max, NaN and zeros of either sign among them", () => {
  const bounds = fc.double({ min: 0, noNaN: true });
  const values = arraysOf(fc.oneof(doubles, fc.constantFrom(0, -0, NaN)));
  fc.assert(
    fc.property(values, bounds, bounds, (list, a, b) =>
      compare(Float64Array.from(list), (math, array) => math.clamp(array, Math.min(a, b), Math.max(a, b))),
    ),
    { seed: 1, numRuns: 60 },
  );
});
