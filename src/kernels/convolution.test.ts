// @module-tag slow
/** Convolutions and their gradients against windows and sums in double precision, bit for bit: all values are small integers. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BACKENDS } from "../../test/support/backends.ts";
import { gatherWindows, scatterWindows } from "../model/convolution.ts";
import { pixels, type StemLayer } from "../model/stem.ts";
import { stream } from "../numeric/stream.ts";
import {
  convolutionWords,
  convolve,
  isPlain,
  mapGradient,
  mapGradientWords,
  readWords,
  weightGradient,
} from "./convolution.ts";

const cases = fc
  .record({
    rows: fc.integer({ min: 1, max: 7 }),
    columns: fc.integer({ min: 1, max: 7 }),
    // Not all multiples of four: the first layer reads the channels of an image.
    channels: fc.constantFrom(3, 4, 12),
    outputs: fc.constantFrom(8, 24),
    kernel: fc.constantFrom(1, 3, 3, 3, 5),
    stride: fc.constantFrom(1, 1, 1, 2),
    // For the smallest maps, more images than are convolved at a time.
    images: fc.constantFrom(1, 3, 150),
  })
  .map(({ rows, columns, kernel, stride, channels, outputs, images }) => {
    const windows = { rows: Math.ceil(rows / stride), columns: Math.ceil(columns / stride) };
    const inputs = kernel ** 2 * channels;
    const grid = { rows, columns };
    const size: StemLayer = {
      name: "stem.1",
      grid,
      channels,
      kernel,
      stride,
      windows,
      inputs,
      outputs,
      pool: 1,
      pooled: windows,
    };
    return { size, images: rows * columns > 9 ? Math.min(images, 3) : images };
  });

/** A map that gets a gradient comes from an earlier layer, which has a multiple of eight features. */
const inner = cases.filter(({ size }) => size.channels % 4 === 0);

const whole = (count: number, seed: number) => {
  const draws = stream(seed);
  return Float64Array.from({ length: count }, () => draws.integer(9) - 4);
};

/** a [rows, inner] times b [inner, columns]. */
function product(a: Float64Array, b: Float64Array, columns: number): Float64Array {
  const depth = b.length / columns;
  const out = new Float64Array((a.length / depth) * columns);
  for (let i = 0; i < a.length; i++) {
    const row = Math.floor(i / depth) * columns;
    if (a[i] !== 0) for (let c = 0; c < columns; c++) out[row + c] += a[i] * b[(i % depth) * columns + c];
  }
  return out;
}

function transpose(a: Float64Array, columns: number): Float64Array {
  const rows = a.length / columns;
  return a.map((_, i) => a[(i % rows) * columns + Math.floor(i / rows)]);
}

describe.each(BACKENDS)("on $name", (backend) => {
  const { ops, arena } = backend.create(32 << 20);
  const start = arena.mark();
  const put = (values: Float64Array) => {
    const at = arena.words(values.length);
    ops.write(at, Float32Array.from(values));
    return at;
  };
  /** Fills memory so that unwritten values would show. */
  const unset = (count: number) => put(new Float64Array(count).fill(Number.NaN));
  const workspace = ({ work, scratch }: { work: number; scratch: number }) => ({
    work: unset(work),
    scratch: unset(scratch),
  });
  const numRuns = backend.name === "the reference" ? 15 : 60;
  const expectSame = (at: number, expected: Float64Array) => {
    const actual = ops.floats(at, expected.length);
    expect(actual.findIndex((x, i) => x !== expected[i])).toBe(-1);
  };

  test("a map is convolved, and the stored input gives the gradient of the weights", () => {
    const property = fc.property(cases, ({ size, images }) => {
      arena.rewind(start);
      const { inputs, outputs, channels } = size;
      const rows = images * pixels(size.windows);
      const values = whole(images * pixels(size.grid) * channels, 1);
      const [weights, offsets] = [whole(inputs * outputs, 2), whole(outputs, 3)];
      const map = put(values);
      const read = isPlain(size) ? map : unset(readWords(size, images));
      const [weight, offset, y] = [put(weights), put(offsets), unset(rows * outputs)];
      const places = { images, read, ...workspace(convolutionWords(size, images)) };
      convolve(ops, size, { ...places, map, weight, offset, y });
      const windows = gatherWindows(values, size, images);
      expectSame(
        y,
        product(windows, weights, outputs).map((sum, i) => sum + offsets[i % outputs]),
      );

      const [gradient, before] = [whole(rows * outputs, 4), whole(inputs * outputs, 5)];
      const dWeight = put(before);
      weightGradient(ops, size, { ...places, dy: put(gradient), dWeight });
      expectSame(
        dWeight,
        product(transpose(windows, inputs), gradient, outputs).map((sum, i) => sum + before[i]),
      );
    });
    fc.assert(property, { numRuns });
  });

  test("a map gets the gradients of all windows that contain its pixels", () => {
    const property = fc.property(inner, ({ size, images }) => {
      arena.rewind(start);
      const { inputs, outputs } = size;
      const [gradient, weights] = [whole(images * pixels(size.windows) * outputs, 6), whole(inputs * outputs, 7)];
      const dMap = unset(images * pixels(size.grid) * size.channels);
      const places = { images, ...workspace(mapGradientWords(size, images)) };
      mapGradient(ops, size, { ...places, weight: put(weights), dy: put(gradient), dMap });
      expectSame(dMap, scatterWindows(product(gradient, transpose(weights, outputs), inputs), size, images));
    });
    fc.assert(property, { numRuns });
  });
});
