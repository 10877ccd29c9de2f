/**
 * A convolution as a linear layer on windows (im2col): each output pixel reads the input pixels around one position of the map.
 *
 *   window (y, x), of kernel k and stride s, holds the pixels (s y + i - (k - 1) / 2, s x + j - (k - 1) / 2),   i, j = 0 .. k - 1
 *
 * row by row, channels innermost, with zeros for pixels outside the map. A weight [k k channels, outputs] is therefore the usual
 * [outputs][channels][k][k] weight with its axes in the order 2, 3, 1, 0. Windows of binary pixels are binary, so a crossbar
 * reads them like any other row.
 *
 * Backward: a pixel's gradient is the sum of the gradients of its copies (col2im).
 */
import { expectFeatures, NO_PARAMETERS, type OperationKit, type OperationOf } from "./operation.ts";
import { expectShape } from "./shape.ts";
import { pixels, type WindowSize } from "./stem.ts";

export interface WindowsOperation extends OperationOf<"windows"> {
  readonly size: WindowSize;
}

/** Shapes: map [images, rows, columns, channels]; returns [images, windows, k k channels]. */
export function gatherWindows(map: Float64Array, size: WindowSize, images: number): Float64Array {
  expectShape("map", map.length, { images, ...size.grid, channels: size.channels });
  const windows = new Float64Array(images * pixels(size.windows) * size.kernel ** 2 * size.channels);
  forEachCopy(size, images, (from, to) => {
    windows[to] = map[from];
  });
  return windows;
}

/** Shapes: windowGradient [images, windows, k k channels]; returns [images, rows, columns, channels]. */
export function scatterWindows(windowGradient: Float64Array, size: WindowSize, images: number): Float64Array {
  const { kernel, channels, windows } = size;
  expectShape("windowGradient", windowGradient.length, {
    images,
    windows: pixels(windows),
    kernel,
    rows: kernel,
    channels,
  });
  const gradient = new Float64Array(images * pixels(size.grid) * channels);
  forEachCopy(size, images, (from, to) => {
    gradient[from] += windowGradient[to];
  });
  return gradient;
}

/** Every value of the map, once for each window that contains it. */
export function forEachCopy(
  { grid, channels, kernel, stride, windows }: WindowSize,
  images: number,
  visit: (inMap: number, inWindows: number) => void,
): void {
  const edge = (kernel - 1) / 2;
  let to = 0;
  for (let image = 0; image < images; image++) {
    for (let y = 0; y < windows.rows; y++) {
      for (let x = 0; x < windows.columns; x++) {
        for (let i = 0; i < kernel; i++) {
          for (let j = 0; j < kernel; j++, to += channels) {
            const [row, column] = [stride * y + i - edge, stride * x + j - edge];
            if (row < 0 || row >= grid.rows || column < 0 || column >= grid.columns) continue;
            const from = ((image * grid.rows + row) * grid.columns + column) * channels;
            for (let c = 0; c < channels; c++) visit(from + c, to + c);
          }
        }
      }
    }
  }
}

export const windows: OperationKit<WindowsOperation> = {
  shape(operation, [map]) {
    const { channels, kernel, windows: grid } = operation.size;
    expectFeatures(operation, map, channels);
    return { rows: pixels(grid), grid, features: kernel ** 2 * channels, domain: map.domain };
  },
  parameters: NO_PARAMETERS,
  forward({ size }, [map], { steps, prompts }) {
    const images = steps * prompts;
    return {
      output: gatherWindows(map, size, images),
      backward: (outputGradient) => [scatterWindows(outputGradient, size, images)],
    };
  },
};
