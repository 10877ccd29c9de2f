/**
 * Max pooling over squares of pixels, channel by channel. For spikes the maximum is an OR: 1 if any pixel of the square fired.
 *
 * Backward: the gradient goes to the largest value; among equal values to the first, row by row, even if no pixel fired.
 * Other frameworks do the same.
 */

import { expectShape } from "./shape.ts";
import type { StemLayer } from "./stem.ts";
import { pixels } from "./stem.ts";

/** Squares of `pool` x `pool` of the `windows` map of a layer, with its `outputs` channels. */
export type PoolSize = Pick<StemLayer, "windows" | "outputs" | "pool" | "pooled">;

export interface MaxPoolForward {
  /** `[images, pooled pixels, channels]` */
  readonly output: Float64Array;
  /** Index in the map of each maximum. */
  readonly chosen: Int32Array;
}

/** Shapes: map [images, pixels, channels]. */
export function maxPoolForward(map: Float64Array, size: PoolSize, images: number): MaxPoolForward {
  const { windows, outputs: channels, pool, pooled } = size;
  expectShape("map", map.length, { images, ...windows, channels });
  const chosen = new Int32Array(images * pixels(pooled) * channels);
  for (let i = 0; i < chosen.length; i++) {
    const channel = i % channels;
    const pixel = Math.floor(i / channels);
    const column = (pixel % pooled.columns) * pool;
    // Squares fill the map, so the rows of squares of all images are the rows of the map.
    const row = Math.floor(pixel / pooled.columns) * pool;
    const at = (y: number, x: number) => ((row + y) * windows.columns + column + x) * channels + channel;
    chosen[i] = at(0, 0);
    for (let y = 0; y < pool; y++) {
      for (let x = 0; x < pool; x++) if (map[at(y, x)] > map[chosen[i]]) chosen[i] = at(y, x);
    }
  }
  return { output: Float64Array.from(chosen, (from) => map[from]), chosen };
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
