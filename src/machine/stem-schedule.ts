/**
 * When the windows of a stem's maps can be read, and how long their pixels are kept.
 *
 * A window is there when the last of its pixels is. A pixel that is the largest of a square comes with the square's first result, when it
 * takes its place in the buffer, and is there with the last; it stays until the last window that holds it has been read. So a buffer holds
 * the lines of a map that windows are at work on, not the map.
 */
import { forEachCopy } from "../model/convolution.ts";
import { pixels, type StemLayer } from "../model/stem.ts";
import type { LoopOrder } from "../spec/hardware.ts";

/** Place of a vector at a step among all of them, in the order in which a layer takes them. */
export type Places = (vector: number, step: number) => number;

export const placesOf = (order: LoopOrder, vectors: number, steps: number): Places =>
  order === "token-major" ? (n, t) => n * steps + t : (n, t) => t * vectors + n;

/** The arrival of each window, from that of each pixel. */
export function windowArrivals(size: StemLayer, ready: Float64Array, order: LoopOrder, steps: number): Float64Array {
  const arrivals = new Float64Array(pixels(size.windows) * steps);
  forEachRead(size, order, steps, (pixel, window) => {
    arrivals[window] = Math.max(arrivals[window], ready[pixel]);
  });
  return arrivals;
}

/** Until when each pixel is kept, from the end of each window's job. */
export function keptUntil(size: StemLayer, end: Float64Array, order: LoopOrder, steps: number): Float64Array {
  const until = new Float64Array(pixels(size.grid) * steps);
  forEachRead(size, order, steps, (pixel, window) => {
    until[pixel] = Math.max(until[pixel], end[window]);
  });
  return until;
}

/** From when the pixels of the next map are coming, and when they are there, from the results of a layer's windows. */
export function poolTimes(
  { windows, pool, pooled }: StemLayer,
  done: Float64Array,
  order: LoopOrder,
  steps: number,
): { readonly from: Float64Array; readonly ready: Float64Array } {
  const [inMap, left] = [placesOf(order, pixels(windows), steps), placesOf(order, pixels(pooled), steps)];
  const from = new Float64Array(pixels(pooled) * steps).fill(Number.POSITIVE_INFINITY);
  const ready = new Float64Array(from.length);
  for (let pixel = 0; pixel < pixels(windows); pixel++) {
    const row = Math.floor(Math.floor(pixel / windows.columns) / pool);
    const square = row * pooled.columns + Math.floor((pixel % windows.columns) / pool);
    for (let t = 0; t < steps; t++) {
      const [clock, at] = [done[inMap(pixel, t)], left(square, t)];
      from[at] = Math.min(from[at], clock);
      ready[at] = Math.max(ready[at], clock);
    }
  }
  return { from, ready };
}

/** Every pixel at a step, once for each window that holds it, by their places. */
function forEachRead(
  size: StemLayer,
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
