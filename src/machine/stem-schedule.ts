/**
 * When the windows of a stem's maps can be read, and how long their pixels are kept.
 *
 * A window is available when its last pixel is. With max pooling, a pixel takes its place in the buffer at the first result of
 * its square and is complete at the last. It stays until the last window that contains it has been read. A buffer therefore
 * holds only the map lines that windows are working on, not the whole map.
 */
import type { LoopOrder } from "../experiment/hardware.ts";
import { forEachCopy } from "../model/convolution.ts";
import { forEachPixel } from "../model/max-pool.ts";
import { type PoolSize, pixels, type WindowSize } from "../model/stem.ts";

/** Index of a vector at a step, in the order in which a layer takes them. */
export type Places = (vector: number, step: number) => number;

export const placesOf = (order: LoopOrder, vectors: number, steps: number): Places =>
  order === "token-major" ? (n, t) => n * steps + t : (n, t) => t * vectors + n;

/** The arrival of each window, from the arrival of each pixel. */
export function windowArrivals(size: WindowSize, ready: Float64Array, order: LoopOrder, steps: number): Float64Array {
  const arrivals = new Float64Array(pixels(size.windows) * steps);
  forEachRead(size, order, steps, (pixel, window) => {
    arrivals[window] = Math.max(arrivals[window], ready[pixel]);
  });
  return arrivals;
}

/** How long each pixel is kept, from the end of each window's job. */
export function keptUntil(size: WindowSize, end: Float64Array, order: LoopOrder, steps: number): Float64Array {
  const until = new Float64Array(pixels(size.grid) * steps);
  forEachRead(size, order, steps, (pixel, window) => {
    until[pixel] = Math.max(until[pixel], end[window]);
  });
  return until;
}

/** When the pixels of the next map start to arrive and when they are complete, from the results of a layer's windows. */
export function poolTimes(
  size: PoolSize,
  done: Float64Array,
  order: LoopOrder,
  steps: number,
): { readonly from: Float64Array; readonly ready: Float64Array } {
  const { windows, pooled } = size;
  const [inMap, left] = [placesOf(order, pixels(windows), steps), placesOf(order, pixels(pooled), steps)];
  const from = new Float64Array(pixels(pooled) * steps).fill(Number.POSITIVE_INFINITY);
  const ready = new Float64Array(from.length);
  for (let square = 0; square < pixels(pooled); square++) {
    forEachPixel(size, square, (pixel) => {
      for (let t = 0; t < steps; t++) {
        const [clock, at] = [done[inMap(pixel, t)], left(square, t)];
        from[at] = Math.min(from[at], clock);
        ready[at] = Math.max(ready[at], clock);
      }
    });
  }
  return { from, ready };
}

/** Every pixel at a step, once for each window that contains it, by index. */
function forEachRead(
  size: WindowSize,
  order: LoopOrder,
  steps: number,
  visit: (pixel: number, window: number) => void,
): void {
  const inMap = placesOf(order, pixels(size.grid), steps);
  const inWindows = placesOf(order, pixels(size.windows), steps);
  forEachCopy({ ...size, channels: 1 }, 1, (pixel, copy) => {
    const window = Math.floor(copy / size.kernel ** 2);
    for (let t = 0; t < steps; t++) visit(inMap(pixel, t), inWindows(window, t));
  });
}
