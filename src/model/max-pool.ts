/**
 * Max pooling over squares of pixels, channel by channel. For spikes the maximum is an OR: 1 if any pixel of the square fired.
 * Squares may overlap: then they are centred on every `pool`th pixel, and end at the edges of the map.
 *
 * Backward: the gradient goes to the largest value; among equal values to the first, row by row, even if no pixel fired.
 * Other frameworks do the same.
 */
import { expectFeatures, NO_PARAMETERS, type OperationKit, type OperationOf } from "./operation.ts";
import { expectShape } from "./shape.ts";
import { type PoolSize, pixels } from "./stem.ts";

export interface PoolOperation extends OperationOf<"pool"> {
  readonly size: PoolSize;
}

/** Pixels of a square before its corner at a multiple of `pool`: none, or half of a square that overlaps its neighbours. */
export const poolEdge = ({ pool, poolWindow = pool }: Pick<PoolSize, "pool" | "poolWindow">): number =>
  poolWindow === pool ? 0 : (poolWindow - 1) / 2;

export interface MaxPoolForward {
  /** `[images, pooled pixels, channels]` */
  readonly output: Float64Array;
  /** Index in the map of each maximum. */
  readonly chosen: Int32Array;
}

/** Shapes: map [images, pixels, channels]. */
export function maxPoolForward(map: Float64Array, size: PoolSize, images: number): MaxPoolForward {
  const { windows, outputs: channels, pooled } = size;
  expectShape("map", map.length, { images, ...windows, channels });
  const chosen = new Int32Array(images * pixels(pooled) * channels);
  for (let i = 0; i < chosen.length; i++) {
    const channel = i % channels;
    const square = Math.floor(i / channels);
    const image = Math.floor(square / pixels(pooled));
    chosen[i] = -1;
    forEachPixel(size, square % pixels(pooled), (pixel) => {
      const at = (image * pixels(windows) + pixel) * channels + channel;
      if (chosen[i] < 0 || map[at] > map[chosen[i]]) chosen[i] = at;
    });
  }
  return { output: Float64Array.from(chosen, (from) => map[from]), chosen };
}

/** The pixels of a square of one image, row by row. */
export function forEachPixel(size: Omit<PoolSize, "outputs">, square: number, visit: (pixel: number) => void): void {
  const { windows, pool, poolWindow = pool, pooled } = size;
  const edge = poolEdge(size);
  const row = Math.floor(square / pooled.columns) * pool - edge;
  const column = (square % pooled.columns) * pool - edge;
  for (let y = Math.max(0, row); y < Math.min(windows.rows, row + poolWindow); y++) {
    for (let x = Math.max(0, column); x < Math.min(windows.columns, column + poolWindow); x++) {
      visit(y * windows.columns + x);
    }
  }
}

/** Shapes: outputGradient [images, pooled pixels, channels]; returns [images, pixels, channels]. */
export function maxPoolBackward(
  outputGradient: Float64Array,
  chosen: Int32Array,
  size: PoolSize,
  images: number,
): Float64Array {
  expectShape("outputGradient", outputGradient.length, { values: chosen.length });
  const gradient = new Float64Array(images * pixels(size.windows) * size.outputs);
  for (const [i, at] of chosen.entries()) gradient[at] += outputGradient[i];
  return gradient;
}

export const pool: OperationKit<PoolOperation> = {
  shape(operation, [map]) {
    const { outputs, pooled } = operation.size;
    expectFeatures(operation, map, outputs);
    return { rows: pixels(pooled), grid: pooled, features: outputs, domain: map.domain };
  },
  parameters: NO_PARAMETERS,
  forward({ size }, [map], { steps, prompts }) {
    const images = steps * prompts;
    const { output, chosen } = maxPoolForward(map, size, images);
    return { output, backward: (outputGradient) => [maxPoolBackward(outputGradient, chosen, size, images)] };
  },
};
