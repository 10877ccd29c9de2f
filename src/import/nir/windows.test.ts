import fc from "fast-check";
import { expect, test } from "vitest";
import { gridOf, pairOf, slide } from "./windows.ts";

/** Sums of windows over a map of one channel, with a stride, a dilation and a padding of each axis. */
function sums(
  map: readonly (readonly number[])[],
  kernel: number[],
  stride: number[],
  dilation: number[],
  pad: number[],
) {
  const [height, width] = [map.length, map[0].length];
  const signal = { steps: 1, shape: [1, height, width], values: Float64Array.from(map.flat()) };
  const both = (numbers: readonly number[]) => pairOf(Float64Array.from(numbers), null);
  const window = {
    kernel: both(kernel),
    stride: both(stride),
    dilation: both(dilation),
    before: both(pad),
    after: both(pad),
  };
  const result = slide(gridOf(signal.shape, false)!, window, 1, signal, "sums", (from, _, offsets) =>
    offsets.reduce((sum, [, at]) => sum + signal.values[from + at], 0),
  );
  const [, rows, columns] = result.shape;
  return Array.from({ length: rows }, (_, y) => [...result.values.subarray(y * columns, (y + 1) * columns)]);
}

const transposed = (map: readonly (readonly number[])[]) => map[0].map((_, x) => map.map((row) => row[x]));

test("windows of a transposed map are the transposed windows, when both numbers of every field change places", () => {
  const pair = (min: number, max: number) => fc.tuple(fc.integer({ min, max }), fc.integer({ min, max }));
  const cases = fc.record({ kernel: pair(1, 3), stride: pair(1, 3), dilation: pair(1, 2), pad: pair(0, 2) });
  const map = Array.from({ length: 7 }, (_, y) => Array.from({ length: 9 }, (_, x) => 2 ** y + x ** 3));
  fc.assert(
    fc.property(cases, ({ kernel, stride, dilation, pad }) => {
      const turned = [kernel, stride, dilation, pad].map((numbers) => numbers.toReversed());
      expect(sums(transposed(map), turned[0], turned[1], turned[2], turned[3])).toEqual(
        transposed(sums(map, kernel, stride, dilation, pad)),
      );
    }),
  );
});
