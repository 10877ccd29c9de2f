/**
 * Winograd's minimal filtering F(2 x 2, 3 x 3) on a GPU: twin of `../assembly/winograd.ts`, which has the equations and the source. A lane
 * takes a channel of a tile, or an element of a kernel.
 */
import type { MapOps, Tiles } from "../ops.ts";
import { eachItem } from "./kernel.ts";
import type { Recorder } from "./recorder.ts";

/** A transform of a column or row of texts. */
type Transform = (of: readonly string[]) => string[];

const dataOf: Transform = ([a, b, c, d]) => [`(${a} - ${c})`, `(${b} + ${c})`, `(${c} - ${b})`, `(${b} - ${d})`];
const kernelOf: Transform = ([a, b, c]) => {
  return [a, `0.5 * ((${a} + ${c}) + ${b})`, `0.5 * ((${a} + ${c}) - ${b})`, c];
};
const mapOf: Transform = ([a, b, c, d]) => [`((${a} + ${b}) + ${c})`, `((${b} - ${c}) - ${d})`];
const kernelBackOf: Transform = ([a, b, c, d]) => [
  `(${a} + 0.5 * (${b} + ${c}))`,
  `(0.5 * (${b} - ${c}))`,
  `(0.5 * (${b} + ${c}) + ${d})`,
];
const mapBackOf: Transform = ([a, b]) => [a, `(${a} + ${b})`, `(${a} - ${b})`, `(-${b})`];

/**
 * WGSL of a transform of columns, then of rows, of a square of values.
 *
 * @param read  text of a value
 * @param put   text that takes a result
 */
function transformed(
  side: number,
  transform: Transform,
  read: (row: number, column: number) => string,
  put: (row: number, column: number, value: string) => string,
): string {
  const all = Array.from({ length: side }, (_, i) => i);
  const values = all.flatMap((i) => all.map((j) => `  let d${i}${j} = ${read(i, j)};`));
  const columns = all.map((j) => transform(all.map((i) => `d${i}${j}`)));
  const middle = columns.flatMap((column, j) => column.map((value, i) => `  let m${i}${j} = ${value};`));
  const results = columns[0].flatMap((_, i) =>
    transform(all.map((j) => `m${i}${j}`)).map((value, j) => put(i, j, value)),
  );
  return [...values, ...middle, ...results].join("\n");
}

const TILES = { source: "place", rows: "u32", columns: "u32", channels: "u32", result: "place" } as const;

/** Where a channel of a tile is; matrices are `call.count` words apart. */
const TILE = `
  let channel = at % call.channels;
  let tile = at / call.channels;
  let tileColumns = (call.columns + 1u) / 2u;
  let tileRows = (call.rows + 1u) / 2u;
  let left = 2u * (tile % tileColumns);
  let top = 2u * (tile / tileColumns % tileRows);
  let image = tile / (tileColumns * tileRows);
`;
/** 0 past the edge of the map; rows and columns below 0 are large numbers. */
const PIXEL_AT = `
fn pixelAt(image: u32, row: u32, column: u32, channel: u32) -> f32 {
  if (row >= call.rows || column >= call.columns) { return 0.0; }
  return load(call.source + ((image * call.rows + row) * call.columns + column) * call.channels + channel);
}
`;

const putMatrix = (i: number, j: number, value: string) =>
  `  store(call.result + ${4 * i + j}u * call.count + at, ${value});`;
const readMatrix = (i: number, j: number) => `load(call.source + ${4 * i + j}u * call.count + at)`;

const DATA = eachItem(
  "winograd: data",
  TILES,
  TILE + transformed(4, dataOf, (i, j) => `pixelAt(image, top + ${i}u - 1u, left + ${j}u - 1u, channel)`, putMatrix),
  PIXEL_AT,
);

const KERNEL = eachItem(
  "winograd: kernel",
  { source: "place", turned: "u32", result: "place" },
  transformed(3, kernelOf, (i, j) => `load(call.source + weightAt(${3 * i + j}u) * call.count + at)`, putMatrix),
  "fn weightAt(i: u32) -> u32 { return select(i, 8u - i, call.turned != 0u); }",
);

const MAP = eachItem(
  "winograd: map",
  TILES,
  TILE +
    transformed(4, mapOf, readMatrix, (i, j, value) => `  put(image, top + ${i}u, left + ${j}u, channel, ${value});`),
  `
fn put(image: u32, row: u32, column: u32, channel: u32, value: f32) {
  if (row >= call.rows || column >= call.columns) { return; }
  store(call.result + ((image * call.rows + row) * call.columns + column) * call.channels + channel, value);
}
`,
);

const KERNEL_BACKWARD = eachItem(
  "winograd: kernel, backward",
  { source: "place", result: "place" },
  transformed(
    4,
    kernelBackOf,
    readMatrix,
    (i, j, value) => `  grow(call.result + ${3 * i + j}u * call.count + at, ${value});`,
  ),
  "fn grow(at: u32, by: f32) { store(at, load(at) + by); }",
);

const MAP_BACKWARD = eachItem(
  "winograd: map, backward",
  TILES,
  TILE + transformed(2, mapBackOf, (i, j) => `pixelAt(image, top + ${i}u, left + ${j}u, channel)`, putMatrix),
  PIXEL_AT,
);

export type WinogradOps = Pick<MapOps, keyof MapOps & `winograd${string}`>;

export function winogradOps({ each }: Recorder): WinogradOps {
  const tiled = (kernel: typeof DATA, { images, grid, channels }: Tiles, source: number, result: number) => {
    const tiles = images * Math.ceil(grid.rows / 2) * Math.ceil(grid.columns / 2);
    each(kernel, tiles * channels, { source, rows: grid.rows, columns: grid.columns, channels, result });
  };
  return {
    winogradData: ({ map, target, ...of }) => tiled(DATA, of, map, target),
    winogradKernel: ({ weight, count, turned, target }) =>
      each(KERNEL, count, { source: weight, turned: turned ? 1 : 0, result: target }),
    winogradMap: ({ source, map, ...of }) => tiled(MAP, of, source, map),
    winogradKernelBackward: ({ source, count, dWeight }) => each(KERNEL_BACKWARD, count, { source, result: dWeight }),
    winogradMapBackward: ({ map, target, ...of }) => tiled(MAP_BACKWARD, of, map, target),
  };
}
