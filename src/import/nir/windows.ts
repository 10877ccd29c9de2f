/** Windows that slide over maps `[channels, height, width]`, for convolutions and pools; a line is a map of height 1. */
import { ShapeError } from "../../errors.ts";
import { shorten } from "../../experiment/json.ts";

/** Values of a node over time, `[steps][...shape]`. */
export interface NirSignal {
  readonly steps: number;
  readonly shape: readonly number[];
  readonly values: Float64Array;
}

interface WindowGrid {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** Values of a channel. */
  readonly size: number;
}

interface Window {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  /** Zeros before the first and after the last value of each axis. */
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** Most values of a map and of a window, which a damaged padding or kernel could exceed. */
const MOST_VALUES = 2 ** 28;
const LARGEST_KERNEL = 2 ** 16;

/** A shape as a map; null if it is none. */
export function gridOf(shape: readonly number[], flat: boolean): WindowGrid | null {
  if (shape.length !== (flat ? 2 : 3)) return null;
  const [channels, height, width] = flat ? [shape[0], 1, shape[1]] : shape;
  return { channels, height, width, size: height * width };
}

/** A number for both axes, or one for each; `first` is that of a line's missing axis. */
export const pairOf = (numbers: Float64Array, first: number | null): readonly number[] =>
  first === null ? [numbers[0], numbers[numbers.length - 1]] : [first, numbers[0]];

/**
 * The sums of all windows. `sum` gets the index of the sample's first value, the output channel, and for each value of the window inside
 * the map its index in the kernel and in the channel.
 */
export function slide(
  grid: WindowGrid,
  { kernel, stride, dilation, before, after }: Window,
  outputs: number,
  { steps }: NirSignal,
  at: string,
  sum: (from: number, output: number, offsets: readonly (readonly [number, number])[]) => number,
): NirSignal {
  const sides = [grid.height, grid.width].map((side, axis) => {
    const whole = [kernel[axis], stride[axis], dilation[axis], before[axis], after[axis]].every(Number.isSafeInteger);
    if (
      !whole ||
      kernel[axis] < 1 ||
      kernel[axis] > LARGEST_KERNEL ||
      stride[axis] < 1 ||
      dilation[axis] < 1 ||
      before[axis] < 0
    )
      return 0;
    return Math.floor((side + before[axis] + after[axis] - dilation[axis] * (kernel[axis] - 1) - 1) / stride[axis]) + 1;
  });
  const [height, width] = sides;
  const count = steps * outputs * height * width;
  if (!(height > 0 && width > 0 && count <= MOST_VALUES)) {
    throw new ShapeError(
      at,
      `The windows of ${shorten(at)} (kernel ${kernel}, stride ${stride}, padding ${before}, dilation ${dilation}) on a map of ` +
        `${grid.height} x ${grid.width} leave one of ${height} x ${width} for ${outputs} channels and ${steps} steps.`,
    );
  }
  const result = new Float64Array(count);
  const reach = (axis: number, place: number, side: number): (readonly [number, number])[] =>
    Array.from(
      { length: kernel[axis] },
      (_, i) => [i, place * stride[axis] + i * dilation[axis] - before[axis]] as const,
    ).filter(([, index]) => index >= 0 && index < side);
  for (let y = 0; y < height; y++) {
    const rows = reach(0, y, grid.height);
    for (let x = 0; x < width; x++) {
      const columns = reach(1, x, grid.width);
      const offsets = rows.flatMap(([i, row]) =>
        columns.map(([j, column]) => [i * kernel[1] + j, row * grid.width + column] as const),
      );
      for (let t = 0; t < steps; t++) {
        const from = t * grid.channels * grid.size;
        for (let o = 0; o < outputs; o++) {
          result[((t * outputs + o) * height + y) * width + x] = sum(from, o, offsets);
        }
      }
    }
  }
  return { steps, shape: [outputs, height, width], values: result };
}
