/**
 * Convolutions of real-valued maps, and the gradients of those and of convolutions of spikes. Twin: `model/convolution.ts`.
 *
 * Kernels of 3 x 3 with stride 1 use Winograd tiles (`assembly/winograd.ts`), others use windows. The gradients of both are
 * large, so they are computed for a few images at a time.
 */
import { pixels, type WindowSize } from "../model/stem.ts";
import type { Place } from "./arena.ts";
import type { Ops } from "./ops.ts";
import { productScratch } from "./wasm/dense-ops.ts";

/** Minimum number of rows of windows, and of tiles, that are multiplied at a time. */
const CHUNK_ROWS = 256;
const CHUNK_TILES = 128;

/** Of a linear layer on windows of a map. */
export interface ConvolutionSize extends WindowSize {
  readonly inputs: number;
  readonly outputs: number;
}

/** Whether the windows are just the pixels, in their order. */
export const isPlain = ({ kernel, stride }: WindowSize): boolean => kernel === 1 && stride === 1;

/** Whether tiles are used; their kernels process four channels at a time. */
const isTiled = ({ kernel, stride, channels }: ConvolutionSize): boolean =>
  kernel === 3 && stride === 1 && channels % 4 === 0;

/** Tiles of 2 x 2 pixels that cover a map. */
const tilesOf = ({ grid }: ConvolutionSize): number => Math.ceil(grid.rows / 2) * Math.ceil(grid.columns / 2);

/** Rows of products per image, and the number of images computed at a time. */
function chunkOf(size: ConvolutionSize, images: number): { readonly rows: number; readonly chunk: number } {
  const [rows, least] = isTiled(size) ? [tilesOf(size), CHUNK_TILES] : [pixels(size.windows), CHUNK_ROWS];
  return { rows, chunk: Math.min(images, Math.ceil(least / rows)) };
}

/** Words of a layer's stored input: tiles, windows, or nothing if the map itself is read. */
export function readWords(size: ConvolutionSize, images: number): number {
  if (isPlain(size)) return 0;
  return isTiled(size) ? 16 * images * tilesOf(size) * size.channels : images * pixels(size.windows) * size.inputs;
}

export interface Workspace {
  /** Place for numbers that no other call needs. */
  readonly work: number;
  readonly scratch: number;
}

/** Words that `mapGradient` needs for up to this many images. */
export function mapGradientWords(size: ConvolutionSize, images: number): Workspace {
  const { inputs, outputs, channels } = size;
  const { rows, chunk } = chunkOf(size, images);
  const m = rows * chunk;
  if (!isTiled(size)) return { work: m * inputs, scratch: productScratch(m, inputs, outputs) };
  const work = 16 * (channels * outputs + m * (channels + outputs));
  return { work, scratch: Math.max(productScratch(m, channels, outputs), 16 * outputs) };
}

/** Words that `convolve` and `weightGradient` need for up to this many images. */
export function convolutionWords(size: ConvolutionSize, images: number): Workspace {
  const { inputs, outputs, channels } = size;
  const { rows, chunk } = chunkOf(size, images);
  if (!isTiled(size)) {
    const all = images * pixels(size.windows);
    return { work: 0, scratch: Math.max(productScratch(all, outputs, inputs), productScratch(inputs, outputs, all)) };
  }
  const m = rows * chunk;
  const products = Math.max(productScratch(m, outputs, channels), productScratch(channels, outputs, m));
  return { work: 16 * outputs * (channels + m), scratch: Math.max(products, 16 * channels) };
}

interface Places {
  readonly images: number;
  readonly work: Place;
  readonly scratch: Place;
}

/** y [images, windows, outputs] = offset + map * weight. `read` receives `readWords`; for a plain layer it is the map. */
export function convolve(
  ops: Ops,
  size: ConvolutionSize,
  of: Places & { map: Place; read: Place; weight: Place; offset: Place; y: Place },
): void {
  const { images, map, read, weight, offset, y, work, scratch } = of;
  const { grid, channels, inputs, outputs: n } = size;
  const rows = images * pixels(size.windows);
  if (!isTiled(size)) {
    if (!isPlain(size)) ops.gatherWindows({ map, images, size, windows: read });
    ops.broadcastRow({ row: offset, rows, columns: n, target: y });
    ops.product({ m: rows, n, k: inputs, a: read, b: weight, out: y, accumulate: true, scratch });
    return;
  }
  const k = channels;
  const products = work + 4 * 16 * k * n;
  ops.winogradData({ map, images, grid, channels, target: read, scratch });
  ops.winogradKernel({ weight, count: k * n, turned: false, target: work });
  forEachChunk(size, images, (first, count) => {
    const m = count * tilesOf(size);
    const a = read + 4 * first * tilesOf(size) * k;
    multiplyTiles(ops, { m, n, k, a, wordsOfA: images * tilesOf(size) * k, b: work, out: products, scratch });
    const target = y + 4 * first * pixels(grid) * n;
    ops.winogradMap({ source: products, images: count, grid, channels: n, map: target });
  });
  ops.addRow({ source: y, row: offset, rows, columns: n, target: y });
}

/** Adds dWeight, from dy [images, windows, outputs] and the input stored by `convolve`. */
export function weightGradient(
  ops: Ops,
  size: ConvolutionSize,
  of: Places & { read: Place; dy: Place; dWeight: Place },
): void {
  const { images, read, dy, dWeight, work, scratch } = of;
  const { grid, channels, inputs, outputs: n } = size;
  if (!isTiled(size)) {
    const k = images * pixels(size.windows);
    ops.product({ m: inputs, n, k, a: read, transposeA: true, b: dy, out: dWeight, accumulate: true, scratch });
    return;
  }
  const m = channels;
  const data = work + 4 * 16 * m * n;
  forEachChunk(size, images, (first, count) => {
    const k = count * tilesOf(size);
    const map = dy + 4 * first * pixels(grid) * n;
    ops.winogradMapBackward({ map, images: count, grid, channels: n, target: data });
    const [a, wordsOfA] = [read + 4 * first * tilesOf(size) * m, images * tilesOf(size) * m];
    const of = { a, wordsOfA, transposeA: true, b: data, out: work, accumulate: first > 0 };
    multiplyTiles(ops, { m, n, k, ...of, scratch });
  });
  ops.winogradKernelBackward({ source: work, count: m * n, dWeight });
}

/** dMap [images, pixels, channels] = the gradient of the map, from dy [images, windows, outputs]. */
export function mapGradient(
  ops: Ops,
  size: ConvolutionSize,
  of: Places & { weight: Place; dy: Place; dMap: Place },
): void {
  const { images, weight, dy, dMap, work, scratch } = of;
  const { grid, channels, inputs, outputs: k } = size;
  const data = work + 4 * 16 * channels * k;
  if (isTiled(size)) ops.winogradKernel({ weight, count: channels * k, turned: true, target: work });
  forEachChunk(size, images, (first, count) => {
    const source = dy + 4 * first * pixels(size.windows) * k;
    const target = dMap + 4 * first * pixels(grid) * channels;
    if (isTiled(size)) tiledPart(source, target, count);
    else windowedPart(source, target, count);
  });

  /** The convolution of dy with the weights rotated by 180 degrees, from outputs to channels. */
  function tiledPart(source: Place, target: Place, count: number) {
    const [m, n] = [count * tilesOf(size), channels];
    const products = data + 4 * 16 * m * k;
    ops.winogradData({ map: source, images: count, grid, channels: k, target: data, scratch });
    const of = { a: data, wordsOfA: m * k, b: work, transposeB: true, out: products };
    multiplyTiles(ops, { m, n, k, ...of, scratch });
    ops.winogradMap({ source: products, images: count, grid, channels: n, map: target });
  }

  function windowedPart(source: Place, target: Place, count: number) {
    const m = count * pixels(size.windows);
    ops.fill(target, count * pixels(grid) * channels, 0);
    ops.product({ m, n: inputs, k, a: source, b: weight, transposeB: true, out: work, scratch });
    ops.scatterWindows({ dWindows: work, images: count, size, dMap: target });
  }
}

/** The products of 16 matrices a, which begin `wordsOfA` apart, with as many contiguous matrices b, to contiguous results. */
function multiplyTiles(ops: Ops, { wordsOfA, ...of }: Parameters<Ops["product"]>[0] & { wordsOfA: number }): void {
  const { m, n, k, a, b, out } = of;
  for (let i = 0; i < 16; i++) {
    ops.product({ ...of, a: a + 4 * i * wordsOfA, b: b + 4 * i * k * n, out: out + 4 * i * m * n });
  }
}

function forEachChunk(size: ConvolutionSize, images: number, visit: (first: number, count: number) => void): void {
  const { chunk } = chunkOf(size, images);
  for (let first = 0; first < images; first += chunk) visit(first, Math.min(chunk, images - first));
}
