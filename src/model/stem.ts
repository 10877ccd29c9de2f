/**
 * The convolutional stem, which turns an image into tokens: the sizes of its convolutions.
 *
 * A convolution is a linear layer on windows (`convolution.ts`), followed by neurons and, if specified, by max pooling over
 * squares of pixels (`max-pool.ts`). The last layer has neither: it is the embedding, and the pixels that remain are the tokens.
 * A network without a stem has only that layer, on windows of one token.
 *
 * A convolution keeps the sides of a map, divided by its stride and rounded up: with kernel k, the map is padded by (k - 1) / 2
 * zeros on each side.
 */
import { invariant, SpecError } from "../errors.ts";
import type { ModelSpec, StemSpec } from "../experiment/model.ts";
import type { Geometry, Grid } from "./geometry.ts";

/** Which pixels of a map `[rows, columns, channels]` a convolution's windows hold. */
export interface WindowSize {
  readonly grid: Grid;
  readonly channels: number;
  readonly kernel: number;
  readonly stride: number;
  /** Windows, row by row. */
  readonly windows: Grid;
}

export interface StemLayer extends WindowSize {
  /** `stem.0`, `stem.1`, ..., `embed`. */
  readonly name: string;
  /** Values of a window: kernel x kernel x channels. */
  readonly inputs: number;
  readonly outputs: number;
  /** Side of the max-pooling squares, and the number of pixels left. */
  readonly pool: number;
  readonly pooled: Grid;
}

/** All layers before the first block, the embedding last. */
export function stemLayers(model: ModelSpec, geometry: Geometry): StemLayer[] {
  const { tokens, inputs, grid } = geometry;
  const { stem, width } = model;
  invariant(!stem === !grid, "a network reads a grid where it has a stem");
  if (!stem || !grid) {
    const row = { rows: 1, columns: tokens };
    return [planLayer("embed", row, inputs, { channels: width, kernel: 1, stride: 1, pool: 1 })];
  }
  const layers = planStem(stem, grid, inputs, width);
  invariant(pixels(layers[layers.length - 1].pooled) === tokens, "the pixels that a stem leaves are the tokens");
  return layers;
}

/**
 * The geometry of a network with a stem: the task's sizes, with one token for each pixel that the stem leaves.
 *
 * @param grid how the task's tokens are arranged as pixels; omitted if they are not
 * Throws  SpecError when the task's tokens are not the pixels of a map, or when a map cannot be cut into squares
 */
export function stemGeometry(stem: StemSpec, geometry: Geometry, grid: Grid | undefined): Geometry {
  if (!grid) {
    throw new SpecError(
      "model.stem",
      "Convolutions need neighbouring pixels, but the tokens of this task are not pixels. Leave model.stem out.",
    );
  }
  if (geometry.readOut !== "mean") {
    throw new SpecError(
      "task.readOut",
      "A convolutional stem outputs only pixels, so there is no class token. Set task.readOut to `mean`, or leave model.stem out.",
    );
  }
  const { pooled } = planStem(stem, grid, geometry.inputs, 1).at(-1)!;
  const tokens = pixels(pooled);
  const mask = new Uint8Array(tokens * tokens).fill(1);
  return { ...geometry, tokens, mask, queries: Int32Array.of(tokens - 1), grid };
}

export const pixels = ({ rows, columns }: Grid): number => rows * columns;

function planStem({ layers, embedding }: StemSpec, first: Grid, inputs: number, width: number): StemLayer[] {
  const stages = [...layers, { channels: width, ...embedding, pool: 1 }];
  const planned: StemLayer[] = [];
  let [grid, channels] = [first, inputs];
  for (const [i, stage] of stages.entries()) {
    const layer = planLayer(i < layers.length ? `stem.${i}` : "embed", grid, channels, stage);
    requireSquares(layer, `model.stem.layers[${i}].pool`);
    planned.push(layer);
    [grid, channels] = [layer.pooled, layer.outputs];
  }
  return planned;
}

function planLayer(
  name: string,
  grid: Grid,
  channels: number,
  { channels: outputs, kernel, stride, pool }: { channels: number; kernel: number; stride: number; pool: number },
): StemLayer {
  const divided = (from: Grid, by: number): Grid => ({
    rows: Math.ceil(from.rows / by),
    columns: Math.ceil(from.columns / by),
  });
  const windows = divided(grid, stride);
  const inputs = kernel ** 2 * channels;
  return { name, grid, channels, kernel, stride, windows, inputs, outputs, pool, pooled: divided(windows, pool) };
}

function requireSquares({ windows: { rows, columns }, pool }: StemLayer, path: string): void {
  if (rows % pool === 0 && columns % pool === 0) return;
  const sides = [1, 2, 3, 4].filter((side) => rows % side === 0 && columns % side === 0);
  throw new SpecError(
    path,
    `Pooling windows of ${pool} x ${pool} pixels do not fill the layer's map of ${rows} x ${columns} (${rows} / ${pool} = ` +
      `${Number((rows / pool).toFixed(3))}, ${columns} / ${pool} = ${Number((columns / pool).toFixed(3))}). Sides that do: ${sides.join(", ")}.`,
  );
}
