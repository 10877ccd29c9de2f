import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expectClose, normals, weighted } from "../../test/support/gradient.ts";
import { ShapeError } from "../errors.ts";
import { gatherWindows, scatterWindows } from "./convolution.ts";
import { centralDifferences } from "./finite-difference.ts";
import { linearForward } from "./linear.ts";
import { maxPoolBackward, maxPoolForward } from "./max-pool.ts";
import { pixels, type WindowSize } from "./stem.ts";

function sizeOf(rows: number, columns: number, channels: number, kernel: number, stride: number): WindowSize {
  const windows = { rows: Math.ceil(rows / stride), columns: Math.ceil(columns / stride) };
  return { grid: { rows, columns }, channels, kernel, stride, windows };
}

const sizes = fc
  .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 3 }))
  .chain(([rows, columns, channels]) =>
    fc.tuple(fc.constantFrom(1, 3, 5), fc.integer({ min: 1, max: 3 })).map(([kernel, stride]) => {
      return sizeOf(rows, columns, channels, kernel, stride);
    }),
  );

/** The convolution by its definition: sums over the pixels of the map, with a weight [outputs][channels][k][k]. */
function convolve(map: Float64Array, weight: Float64Array, outputs: number, size: WindowSize, images: number) {
  const { grid, channels, kernel, stride, windows } = size;
  const value = (image: number, row: number, column: number, c: number) =>
    row < 0 || row >= grid.rows || column < 0 || column >= grid.columns
      ? 0
      : map[((image * grid.rows + row) * grid.columns + column) * channels + c];
  return Float64Array.from({ length: images * pixels(windows) * outputs }, (_, i) => {
    const [n, window] = [i % outputs, Math.floor(i / outputs)];
    const image = Math.floor(window / pixels(windows));
    const [y, x] = [Math.floor((window % pixels(windows)) / windows.columns), window % windows.columns];
    let sum = 0;
    for (let c = 0; c < channels; c++) {
      for (let a = 0; a < kernel; a++) {
        for (let b = 0; b < kernel; b++) {
          const from = value(image, y * stride + a - (kernel - 1) / 2, x * stride + b - (kernel - 1) / 2, c);
          sum += weight[((n * channels + c) * kernel + a) * kernel + b] * from;
        }
      }
    }
    return sum;
  });
}

describe("a linear layer on windows", () => {
  test("is a convolution, with the weight's axes in the order kernel row, kernel column, channel, output", () => {
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 2 }), (size, images) => {
        const { channels, kernel } = size;
        const outputs = 2;
        const map = normals(images * pixels(size.grid) * channels, 1);
        const weight = normals(outputs * channels * kernel * kernel, 2);
        const onRows = weight.map((_, i) => {
          const [n, c] = [i % outputs, Math.floor(i / outputs) % channels];
          const place = Math.floor(i / outputs / channels);
          return weight[(n * channels + c) * kernel * kernel + place];
        });
        const windows = gatherWindows(map, size, images);
        const output = linearForward(windows, onRows, null, { inputs: kernel * kernel * channels, outputs });
        // Another order of summation: rounding only.
        expectClose(output, convolve(map, weight, outputs, size, images), { absolute: 1e-12 });
      }),
      { numRuns: 60 },
    );
  });

  test("reads zeros past the edge of its map", () => {
    // Map 1 2 / 3 4: the window of the first pixel is centred on it.
    const windows = gatherWindows(Float64Array.of(1, 2, 3, 4), sizeOf(2, 2, 1, 3, 1), 1);
    expect([...windows.subarray(0, 9)]).toEqual([0, 0, 0, 0, 1, 2, 0, 3, 4]);
    expect([...windows.subarray(27)]).toEqual([1, 2, 0, 3, 4, 0, 0, 0, 0]);
  });

  test("sums the gradients of all copies of a pixel", () => {
    fc.assert(
      fc.property(sizes, (size) => {
        const map = normals(2 * pixels(size.grid) * size.channels, 3);
        const towards = normals(2 * pixels(size.windows) * size.kernel ** 2 * size.channels, 4);
        // <gather(map), towards> = <map, scatter(towards)>: the two are adjoint, whatever the numbers.
        const there = weighted(gatherWindows(map, size, 2), towards);
        expect(weighted(map, scatterWindows(towards, size, 2))).toBeCloseTo(there, 10);
      }),
      { numRuns: 60 },
    );
  });

  test("refuses a map of the wrong size and shows the arithmetic", () => {
    expect(() => gatherWindows(new Float64Array(7), sizeOf(2, 2, 2, 3, 1), 1)).toThrow(ShapeError);
    expect(() => scatterWindows(new Float64Array(7), sizeOf(2, 2, 2, 3, 1), 1)).toThrow(ShapeError);
  });
});

describe("the maximum over squares", () => {
  const size = { windows: { rows: 4, columns: 6 }, outputs: 3, pool: 2, pooled: { rows: 2, columns: 3 } };

  test("of spikes is their OR, and its gradient goes to the first that fired, or else to the first", () => {
    // One channel, one square of 2 x 2 for each of the 16 patterns of spikes.
    for (let pattern = 0; pattern < 16; pattern++) {
      const one = { windows: { rows: 2, columns: 2 }, outputs: 1, pool: 2, pooled: { rows: 1, columns: 1 } };
      const spikes = Float64Array.from({ length: 4 }, (_, i) => (pattern >> i) & 1);
      const { output, chosen } = maxPoolForward(spikes, one, 1);
      expect([...output]).toEqual([pattern === 0 ? 0 : 1]);
      const gradient = [0, 0, 0, 0];
      gradient[Math.max(0, spikes.indexOf(1))] = 5;
      expect([...maxPoolBackward(Float64Array.of(5), chosen, one, 1)]).toEqual(gradient);
    }
  });

  test("has the gradient of a maximum", () => {
    const map = normals(2 * 24 * 3, 5);
    const towards = normals(2 * 6 * 3, 6);
    const { chosen } = maxPoolForward(map, size, 2);
    const loss = () => weighted(maxPoolForward(map, size, 2).output, towards);
    // Linear where no two numbers are equal: rounding only.
    const numeric = centralDifferences(loss, map, 1e-6);
    expectClose(maxPoolBackward(towards, chosen, size, 2), numeric, { absolute: 1e-8 });
  });

  test("leaves the map unchanged when the squares are single pixels", () => {
    const map = normals(24 * 3, 7);
    const single = { ...size, pool: 1, pooled: size.windows };
    expect(maxPoolForward(map, single, 1).output).toEqual(map);
  });
});
