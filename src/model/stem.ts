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
import type { AnnSpec, StemSpec, TransformerSpec } from "../experiment/model.ts";
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
  /** Side of squares that overlap, `pool` pixels apart; default `pool`. */
  readonly poolWindow?: number;
  /** What a spiking network pools; default `spikes`. */
  readonly poolOf?: "spikes" | "currents";
}

/** All layers before the first block, the embedding last. */
export function stemLayers(model: AnnSpec | TransformerSpec, geometry: Geometry): StemLayer[] {
  const { tokens, inputs, grid } = geometry;
  const { stem, width } = model;
  invariant(!stem === !grid, "a network reads a grid where it has a stem");
  if (!stem || !grid) {
    const row = { rows: 1, columns: tokens };
    return [planLayer("embed", row, inputs, { channels: width, kernel: 1, stride: 1, pool: 1 })];
  }
  requireModel(model, stem);
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
  if (geometry.readOut === undefined) {
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

/** Whether a layer has max-pooling squares of more than a pixel. */
export const pools = ({ pool, poolWindow = pool }: StemLayer): boolean => poolWindow > 1;

export const pixels = ({ rows, columns }: Grid): number => rows * columns;

/** A convolution as specified. */
type Stage = Omit<StemSpec["layers"][number], "kernel"> & { readonly kernel: number };

function planStem({ layers, embedding }: StemSpec, first: Grid, inputs: number, width: number): StemLayer[] {
  const { trains = 1, ...last } = embedding;
  const stages: Stage[] = [...layers, { channels: trains * width, ...last, pool: 1 }];
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

function planLayer(name: string, grid: Grid, channels: number, stage: Stage): StemLayer {
  const layer = planConvolution(name, grid, channels, stage);
  const { poolOf } = stage;
  return { ...layer, ...squaresOf(layer, stage), ...(poolOf && { poolOf }) };
}

/** A convolution of a map, before pooling. */
export function planConvolution(
  name: string,
  grid: Grid,
  channels: number,
  { channels: outputs, kernel, stride }: Pick<Stage, "channels" | "kernel" | "stride">,
): WindowSize & Pick<StemLayer, "name" | "inputs" | "outputs"> {
  return {
    name,
    grid,
    channels,
    kernel,
    stride,
    windows: divided(grid, stride),
    inputs: kernel ** 2 * channels,
    outputs,
  };
}

/** Max pooling of a map. Throws SpecError, at the path, when squares do not fill it. */
export function planPool(windows: Grid, outputs: number, pooling: Pooling, path: string): PoolSize {
  const size = { windows, outputs, ...squaresOf({ windows }, pooling) };
  requireSquares(size, path);
  return size;
}

type Pooling = Pick<Stage, "pool" | "poolWindow">;

/** Squares of `poolWindow` x `poolWindow` of the `windows` map of a layer, `pool` pixels apart, with its `outputs` channels. */
export type PoolSize = Pick<StemLayer, "windows" | "outputs" | "pool" | "poolWindow" | "pooled">;

const squaresOf = ({ windows }: Pick<StemLayer, "windows">, { pool, poolWindow }: Pooling) => ({
  ...{ pool, pooled: divided(windows, pool) },
  ...(poolWindow && { poolWindow }),
});

const divided = ({ rows, columns }: Grid, by: number): Grid => ({
  rows: Math.ceil(rows / by),
  columns: Math.ceil(columns / by),
});

/** Whether a layer pools currents, so that its neurons follow the maximum. */
export const poolsCurrents = ({ poolOf }: Pick<StemLayer, "poolOf">): boolean => poolOf === "currents";

/** The map of a layer's neurons. */
export const neuronGrid = (layer: StemLayer): Grid => (poolsCurrents(layer) ? layer.pooled : layer.windows);

/** Whether the last layer's currents go around the embedding. */
export const hasShortcut = ({ stem }: Pick<TransformerSpec, "stem">): boolean => stem?.embedding.shortcut ?? false;

/** Comparisons of numbers in one image; each takes an adder. */
export function comparisonsOf({
  windows,
  pool,
  poolWindow = pool,
  pooled,
  outputs,
}: Pick<StemLayer, "windows" | "pool" | "poolWindow" | "pooled" | "outputs">): number {
  const edge = poolWindow === pool ? 0 : (poolWindow - 1) / 2;
  const covered = (squares: number, size: number): number => {
    let sum = 0;
    for (let i = 0; i < squares; i++)
      sum += Math.min(size, i * pool - edge + poolWindow) - Math.max(0, i * pool - edge);
    return sum;
  };
  const read = covered(pooled.rows, windows.rows) * covered(pooled.columns, windows.columns);
  return (read - pixels(pooled)) * outputs;
}

/** Throws SpecError where the model does not have what a stem asks for. */
function requireModel(model: AnnSpec | TransformerSpec, { layers, embedding }: StemSpec): void {
  const fail = (path: string, problem: string): never => {
    throw new SpecError(`model.stem.${path}`, problem);
  };
  const { shortcut = false, trains = 1 } = embedding;
  const residual = model.kind === "spiking" ? model.residual : null;
  const currents = layers.findIndex(({ poolOf }) => poolOf === "currents");
  if (currents >= 0 && residual === null) {
    fail(`layers[${currents}].poolOf`, "A conventional network has no currents before neurons. Leave poolOf out.");
  }
  if (trains > 1 && residual !== "spikes") {
    fail("embedding.trains", `Only the residual \`spikes\` adds ${trains} spike trains. Leave trains out.`);
  }
  if (trains > 1 && model.position === "learned") {
    fail("embedding.trains", "Position vectors are added to one train of D outputs. Set model.position to `none`.");
  }
  if (!shortcut) return;
  if (residual === null || residual === "none") {
    fail("embedding.shortcut", "There is no residual stream to add to. Leave shortcut out.");
  }
  const last = layers.at(-1);
  if (last?.channels !== model.width) {
    const found = last ? `the last layer has ${last.channels} channels` : "there is no layer before the embedding";
    fail(
      "embedding.shortcut",
      `The shortcut adds one value for each of the ${model.width} features of a token, but ${found}. Give it ${model.width}.`,
    );
  }
  if (embedding.stride > 1) {
    fail("embedding.stride", "With a shortcut, the embedding reads a window for each pixel. Set stride to 1.");
  }
  if (residual === "membrane" && last!.pool > 1 && last!.poolOf !== "currents") {
    fail(
      `layers[${layers.length - 1}].poolOf`,
      "The shortcut adds the currents of the last layer, one for each token. Pool `currents`, or set pool to 1.",
    );
  }
}

function requireSquares({ windows: { rows, columns }, pool, poolWindow = pool }: PoolSize, path: string): void {
  if (poolWindow < pool) {
    throw new SpecError(
      `${path}Window`,
      `Windows of ${poolWindow} x ${poolWindow} pixels, ${pool} apart, miss pixels. Set ${path} to at most ${poolWindow}.`,
    );
  }
  // Windows that overlap end at the edges.
  if (poolWindow > pool || (rows % pool === 0 && columns % pool === 0)) return;
  const sides = [1, 2, 3, 4].filter((side) => rows % side === 0 && columns % side === 0);
  throw new SpecError(
    path,
    `Pooling windows of ${pool} x ${pool} pixels do not fill the layer's map of ${rows} x ${columns} (${rows} / ${pool} = ` +
      `${Number((rows / pool).toFixed(3))}, ${columns} / ${pool} = ${Number((columns / pool).toFixed(3))}). Sides that do: ${sides.join(", ")}.`,
  );
}
