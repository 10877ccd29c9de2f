/**
 * The way back through a convolution's windows: the gradient of the map that they are copies of. Gradients of windows are many numbers, so
 * there are those of a few images at a time.
 */
import { pixels, type StemLayer } from "../model/stem.ts";
import type { Place } from "./arena.ts";
import type { Ops } from "./ops.ts";
import { productScratch } from "./wasm/dense-ops.ts";

/** Rows of windows whose gradients are computed at a time, at least. */
const CHUNK_ROWS = 256;

/** Images of which so many windows come. */
const chunkImages = ({ windows }: StemLayer, images: number): number =>
  Math.min(images, Math.ceil(CHUNK_ROWS / pixels(windows)));

/** Words for the gradients of windows, and of scratch, of up to so many images. */
export function mapGradientWords(
  size: StemLayer,
  images: number,
): { readonly windows: number; readonly scratch: number } {
  const rows = chunkImages(size, images) * pixels(size.windows);
  return { windows: rows * size.inputs, scratch: productScratch(rows, size.inputs, size.outputs) };
}

/** dMap [images, pixels, channels] = the gradient of the map, from dy [images, windows, outputs]. */
export function mapGradient(
  ops: Ops,
  size: StemLayer,
  of: { images: number; weight: Place; dy: Place; dWindows: Place; dMap: Place; scratch: Place },
): void {
  const { images, weight, dy, dWindows, dMap, scratch } = of;
  const { inputs: n, outputs: k } = size;
  const mapSize = pixels(size.grid) * size.channels;
  const chunk = chunkImages(size, images);
  ops.fill(dMap, images * mapSize, 0);
  for (let first = 0; first < images; first += chunk) {
    const count = Math.min(chunk, images - first);
    const a = dy + 4 * first * pixels(size.windows) * k;
    ops.product({ m: count * pixels(size.windows), n, k, a, b: weight, transposeB: true, out: dWindows, scratch });
    ops.scatterWindows({ dWindows, images: count, size, dMap: dMap + 4 * first * mapSize });
  }
}

/** Whether windows are the very pixels, in their order. */
export const isPlain = ({ kernel, stride }: StemLayer): boolean => kernel === 1 && stride === 1;
