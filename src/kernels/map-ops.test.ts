/** Windows and squares of maps against their plain versions, bit for bit: values are copied, and sums are of integers. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BACKENDS } from "../../test/support/backends.ts";
import { valuesByLine } from "../hardware/line-order.ts";
import { gatherWindows, scatterWindows } from "../model/convolution.ts";
import { maxPoolBackward, maxPoolForward } from "../model/max-pool.ts";
import { pixels } from "../model/stem.ts";
import { stream } from "../numeric/stream.ts";
import { packSpikes, unpackSpikes } from "../spike/train.ts";
import { type PackedBits, reserveBits } from "./arena.ts";

const windowSizes = fc
  .record({
    rows: fc.integer({ min: 1, max: 6 }),
    columns: fc.integer({ min: 1, max: 6 }),
    // Below, at and above a word of bits.
    channels: fc.constantFrom(4, 12, 32, 40, 64),
    kernel: fc.constantFrom(1, 3, 5, 7),
    stride: fc.integer({ min: 1, max: 3 }),
  })
  .map(({ rows, columns, channels, kernel, stride }) => {
    const windows = { rows: Math.ceil(rows / stride), columns: Math.ceil(columns / stride) };
    return { grid: { rows, columns }, channels, kernel, stride, windows };
  });

const poolSizes = fc
  .record({
    rows: fc.integer({ min: 1, max: 3 }),
    columns: fc.integer({ min: 1, max: 3 }),
    outputs: fc.constantFrom(8, 24, 32, 40),
    pool: fc.integer({ min: 1, max: 3 }),
    poolWindow: fc.constantFrom(null, 3, 5),
    missing: fc.integer({ min: 0, max: 2 }),
  })
  .map(({ rows, columns, outputs, pool, poolWindow, missing }) => {
    const windows = { rows: rows * pool, columns: columns * pool };
    const size = { outputs, pool, pooled: { rows, columns } };
    if (poolWindow === null) return { ...size, windows };
    // Windows that overlap need no multiple of their distance.
    const cut = Math.min(missing, pool - 1);
    return { ...size, windows: { rows: windows.rows - cut, columns: windows.columns - cut }, poolWindow };
  });

const IMAGES = 2;
const whole = (count: number, seed: number, range: number) => {
  const draws = stream(seed);
  return Float64Array.from({ length: count }, () => draws.integer(range) - (range >> 1));
};
/** Vitest compares long arrays element by element, in seconds. */
function expectSame(actual: Float32Array | Uint32Array | Uint8Array, expected: typeof actual) {
  expect(actual.length).toBe(expected.length);
  expect(actual.findIndex((x, i) => !Object.is(x, expected[i]))).toBe(-1);
}

const spikesOf = (count: number, seed: number) => {
  const draws = stream(seed);
  return Float64Array.from({ length: count }, () => (draws.uniform() < 0.2 ? 1 : 0));
};

describe.each(BACKENDS)("on $name", (backend) => {
  const { ops, arena } = backend.create(4 << 20);
  const start = arena.mark();

  function putBits(values: Float64Array, rows: number): PackedBits {
    const bits = reserveBits(arena, rows, values.length / rows);
    ops.write(bits.at, packSpikes(values, 1, rows, bits.features).words);
    return bits;
  }
  function put(values: Float64Array) {
    const at = arena.words(values.length);
    ops.write(at, Float32Array.from(values));
    return at;
  }
  /** Fills memory so that unwritten values would show. */
  const unset = (count: number) => put(new Float64Array(count).fill(Number.NaN));
  const bitsAt = ({ at, words, features }: PackedBits, rows: number) =>
    unpackSpikes({ steps: 1, rows, features, words: ops.words(at, rows * words) });
  const over = <T>(sizes: fc.Arbitrary<T>, check: (size: T) => void) => {
    const property = fc.property(sizes, (size) => {
      arena.rewind(start);
      check(size);
    });
    fc.assert(property, { numRuns: 60 });
  };

  test("windows of bits and of numbers hold the pixels of the reference", () => {
    over(windowSizes, (size) => {
      const rows = IMAGES * pixels(size.grid);
      const [values, spikes] = [whole(rows * size.channels, 1, 999), spikesOf(rows * size.channels, 2)];
      const count = IMAGES * pixels(size.windows);
      const features = size.kernel ** 2 * size.channels;
      const [windows, map] = [unset(count * features), put(values)];
      ops.gatherWindows({ map, images: IMAGES, size, windows });
      expectSame(ops.floats(windows, count * features), Float32Array.from(gatherWindows(values, size, IMAGES)));
      const packed = reserveBits(arena, count, features);
      ops.gatherBitWindows({ map: putBits(spikes, rows), images: IMAGES, size, windows: packed });
      expectSame(bitsAt(packed, count), Uint8Array.from(gatherWindows(spikes, size, IMAGES)));
      const { words } = packSpikes(gatherWindows(spikes, size, IMAGES), 1, count, features);
      // Bits past the last one are 0, too.
      expectSame(ops.words(packed.at, words.length), words);
    });
  });

  test("bits of lines are those of the reference", () => {
    const sizes = fc.record({
      rows: fc.integer({ min: 1, max: 5 }),
      features: fc.integer({ min: 1, max: 130 }),
      stride: fc.integer({ min: 1, max: 140 }),
      repeats: fc.integer({ min: 1, max: 9 }),
    });
    over(sizes, ({ rows, features, stride, repeats }) => {
      const spikes = spikesOf(rows * features, 7);
      const target = reserveBits(arena, rows, repeats * features);
      ops.wireBits({ source: putBits(spikes, rows), rows, stride, repeats, target });
      const wiring = { inputStride: stride, linesPerInput: repeats };
      const { words } = packSpikes(valuesByLine(spikes, features, wiring), 1, rows, repeats * features);
      expectSame(ops.words(target.at, words.length), words);
    });
  });

  test("the backward pass adds the gradients of all copies of a pixel", () => {
    over(windowSizes, (size) => {
      const dWindows = whole(IMAGES * pixels(size.windows) * size.kernel ** 2 * size.channels, 3, 999);
      const before = whole(IMAGES * pixels(size.grid) * size.channels, 4, 999);
      const dMap = put(before);
      ops.scatterWindows({ dWindows: put(dWindows), images: IMAGES, size, dMap });
      const sums = scatterWindows(dWindows, size, IMAGES).map((sum, i) => sum + before[i]);
      expectSame(ops.floats(dMap, sums.length), Float32Array.from(sums));
    });
  });

  test("a square of spikes keeps whether any fired, and the first that did gets its gradient", () => {
    over(poolSizes, (size) => {
      const [rows, left] = [IMAGES * pixels(size.windows), IMAGES * pixels(size.pooled)];
      const spikes = spikesOf(rows * size.outputs, 5);
      const [map, pooled] = [putBits(spikes, rows), reserveBits(arena, left, size.outputs)];
      const { output, chosen } = maxPoolForward(spikes, size, IMAGES);
      ops.poolBits({ map, images: IMAGES, size, pooled });
      expectSame(ops.words(pooled.at, left * pooled.words), packSpikes(output, 1, left, size.outputs).words);
      const dPooled = whole(output.length, 6, 999);
      const dMap = unset(spikes.length);
      ops.poolBitsBackward({ map, images: IMAGES, size, dPooled: put(dPooled), dMap });
      const expected = maxPoolBackward(dPooled, chosen, size, IMAGES);
      expectSame(ops.floats(dMap, spikes.length), Float32Array.from(expected));
    });
  });

  test("a square of numbers keeps the largest, and the first of these gets its gradient", () => {
    over(poolSizes, (size) => {
      // So few different numbers that squares contain the largest more than once.
      const values = whole(IMAGES * pixels(size.windows) * size.outputs, 7, 5);
      const { output, chosen } = maxPoolForward(values, size, IMAGES);
      const [map, pooled] = [put(values), unset(output.length)];
      ops.maxPool({ map, images: IMAGES, size, pooled });
      expectSame(ops.floats(pooled, output.length), Float32Array.from(output));
      const dPooled = whole(output.length, 8, 999);
      const dMap = unset(values.length);
      ops.maxPoolBackward({ map, images: IMAGES, size, dPooled: put(dPooled), dMap });
      const expected = maxPoolBackward(dPooled, chosen, size, IMAGES);
      expectSame(ops.floats(dMap, values.length), Float32Array.from(expected));
    });
  });
});
