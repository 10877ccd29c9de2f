/**
 * Windows and squares of maps on a GPU: twin of `../assembly/windows.ts` and `../assembly/max-pool.ts`. Where values are added to a pixel,
 * a lane takes the pixel and adds them in the order of the windows or squares that hold it, as the CPU does: the same bits.
 */
import { poolEdge } from "../../model/max-pool.ts";
import type { PoolSize } from "../../model/stem.ts";
import { pixels } from "../../model/stem.ts";
import type { MapOps, Windows } from "../ops.ts";
import { LINE_INPUT, SQUARE, squareWord, WINDOW, WINDOW_WORDS, WIRE, windowWord, wiredWord } from "./bit-maps.ts";
import { eachItem } from "./kernel.ts";
import type { Recorder } from "./recorder.ts";

const SOURCE = (at: string) => `loadWord(call.source + ${at})`;
const PLACES = { source: "place", result: "place" } as const;
const PUT_WORD = "\n  storeWord(call.result + at, word);";

const BIT_WINDOWS = eachItem("bit windows", { ...WINDOW_WORDS, ...PLACES }, windowWord(SOURCE) + PUT_WORD);
const WIRE_BITS = eachItem("wire bits", { ...WIRE, ...PLACES }, wiredWord(SOURCE) + PUT_WORD, LINE_INPUT);
const POOL_BITS = eachItem("pool bits", { ...SQUARE, ...PLACES }, squareWord(SOURCE) + PUT_WORD);

/** windows [images, windows, kernel kernel channels] of a map [images, pixels, channels], with zeros past the edge. */
const GATHER = eachItem(
  "windows",
  { ...WINDOW, ...PLACES },
  `
  let channel = at % call.channels;
  let pixel = at / call.channels % (call.kernel * call.kernel);
  let place = at / (call.channels * call.kernel * call.kernel);
  let edge = (call.kernel - 1u) / 2u;
  let image = place / (call.windowColumns * call.windowRows);
  // Numbers below 0 are large, and beyond the edge as well.
  let row = call.stride * (place / call.windowColumns % call.windowRows) + pixel / call.kernel - edge;
  let column = call.stride * (place % call.windowColumns) + pixel % call.kernel - edge;
  var value = 0u;
  if (row < call.rows && column < call.columns) {
    value = loadWord(call.source + ((image * call.rows + row) * call.columns + column) * call.channels + channel);
  }
  storeWord(call.result + at, value);`,
);

/** A value of the map per lane: adds its copies in all windows. */
const SCATTER = eachItem(
  "windows: backward",
  { ...WINDOW, ...PLACES },
  `
  let channel = at % call.channels;
  let column = at / call.channels % call.columns + (call.kernel - 1u) / 2u;
  let row = at / (call.channels * call.columns) % call.rows + (call.kernel - 1u) / 2u;
  let image = at / (call.channels * call.columns * call.rows);
  var sum = load(call.result + at);
  for (var y = firstWindow(row); y < call.windowRows && call.stride * y <= row; y++) {
    for (var x = firstWindow(column); x < call.windowColumns && call.stride * x <= column; x++) {
      let place = (image * call.windowRows + y) * call.windowColumns + x;
      let pixel = (row - call.stride * y) * call.kernel + (column - call.stride * x);
      sum += load(call.source + (place * call.kernel * call.kernel + pixel) * call.channels + channel);
    }
  }
  store(call.result + at, sum);`,
  `
/** The first window that holds a row or column, which counts from the edge of the first window. */
fn firstWindow(row: u32) -> u32 {
  if (row < call.kernel) { return 0u; }
  return (row - call.kernel) / call.stride + 1u;
}
`,
);

/** Squares of values: `valueAt(pixel, channel)`, of pixels of all images. */
const CHOSEN = `
fn firstOf(square: u32) -> u32 { return max(square * call.pool, call.edge) - call.edge; }
fn endOf(square: u32, size: u32) -> u32 { return min(size, square * call.pool + call.window - call.edge); }
/** The pixel of the largest value of a square, the first among equals. */
fn chosenOf(image: u32, y: u32, x: u32, channel: u32) -> u32 {
  let first = (image * call.height + firstOf(y)) * call.line + firstOf(x);
  var chosen = first;
  var most = valueAt(first, channel);
  for (var i = firstOf(y); i < endOf(y, call.height); i++) {
    for (var j = firstOf(x); j < endOf(x, call.line); j++) {
      let pixel = (image * call.height + i) * call.line + j;
      let value = valueAt(pixel, channel);
      if (value > most) {
        most = value;
        chosen = pixel;
      }
    }
  }
  return chosen;
}
/** The first square that holds a row or column. */
fn firstSquare(row: u32) -> u32 {
  if (row + call.edge < call.window) { return 0u; }
  return (row + call.edge - call.window) / call.pool + 1u;
}
`;
const NUMBERS_AT = `
fn valueAt(pixel: u32, channel: u32) -> f32 { return load(call.source + pixel * call.channels + channel); }
`;
const BITS_AT = `
fn valueAt(pixel: u32, channel: u32) -> f32 {
  return f32((loadWord(call.source + pixel * call.words + channel / 32u) >> (channel % 32u)) & 1u);
}
`;

const MAX_POOL = eachItem(
  "max pool",
  { ...SQUARE, ...PLACES, channels: "u32" },
  `
  let channel = at % call.channels;
  let square = at / call.channels;
  let image = square / (call.columns * call.rows);
  let chosen = chosenOf(image, square / call.columns % call.rows, square % call.columns, channel);
  store(call.result + at, valueAt(chosen, channel));`,
  NUMBERS_AT + CHOSEN,
);

/** A value of the map per lane: adds the gradients of the squares that chose it. */
const poolBackward = (name: string, valueAt: string) =>
  eachItem(
    name,
    { ...SQUARE, ...PLACES, channels: "u32", dPooled: "place" },
    `
  let channel = at % call.channels;
  let pixel = at / call.channels;
  let column = pixel % call.line;
  let row = pixel / call.line % call.height;
  let image = pixel / (call.line * call.height);
  var sum = 0.0;
  for (var y = firstSquare(row); y < call.rows && firstOf(y) <= row; y++) {
    for (var x = firstSquare(column); x < call.columns && firstOf(x) <= column; x++) {
      if (chosenOf(image, y, x, channel) != pixel) { continue; }
      sum += load(call.dPooled + ((image * call.rows + y) * call.columns + x) * call.channels + channel);
    }
  }
  store(call.result + at, sum);`,
    valueAt + CHOSEN,
  );
const MAX_POOL_BACKWARD = poolBackward("max pool: backward", NUMBERS_AT);
const POOL_BITS_BACKWARD = poolBackward("pool bits: backward", BITS_AT);

const windowNumbers = ({ size: { grid, channels, kernel, stride, windows } }: Windows) => ({
  ...{ rows: grid.rows, columns: grid.columns, channels, kernel, stride },
  ...{ windowRows: windows.rows, windowColumns: windows.columns },
});

const squareNumbers = (size: PoolSize) => ({
  ...{ words: Math.ceil(size.outputs / 32), height: size.windows.rows, line: size.windows.columns },
  ...{ rows: size.pooled.rows, columns: size.pooled.columns },
  ...{ pool: size.pool, window: size.poolWindow ?? size.pool, edge: poolEdge(size) },
});

export type WindowOps = Omit<MapOps, `winograd${string}`>;

export function windowOps({ each }: Recorder): WindowOps {
  return {
    gatherBitWindows: ({ map, windows, ...of }) =>
      each(BIT_WINDOWS, of.images * pixels(of.size.windows) * windows.words, {
        ...{ ...windowNumbers(of), mapWords: map.words, words: windows.words },
        ...{ source: map.at, result: windows.at },
      }),
    wireBits: ({ source, rows, stride, repeats, target }) =>
      each(WIRE_BITS, rows * target.words, {
        ...{ features: source.features, sourceWords: source.words, lines: repeats * source.features },
        ...{ words: target.words, stride, source: source.at, result: target.at },
      }),
    gatherWindows: ({ map, windows, ...of }) => {
      const { channels, kernel } = of.size;
      const count = of.images * pixels(of.size.windows) * kernel ** 2 * channels;
      each(GATHER, count, { ...windowNumbers(of), source: map, result: windows });
    },
    scatterWindows: ({ dWindows, dMap, ...of }) => {
      const count = of.images * pixels(of.size.grid) * of.size.channels;
      each(SCATTER, count, { ...windowNumbers(of), source: dWindows, result: dMap });
    },
    poolBits: ({ map, pooled, images, size }) =>
      each(POOL_BITS, images * pixels(size.pooled) * pooled.words, {
        ...squareNumbers(size),
        ...{ source: map.at, result: pooled.at },
      }),
    poolBitsBackward: ({ map, dPooled, dMap, images, size }) =>
      each(POOL_BITS_BACKWARD, images * pixels(size.windows) * size.outputs, {
        ...{ ...squareNumbers(size), channels: size.outputs },
        ...{ source: map.at, dPooled, result: dMap },
      }),
    maxPool: ({ map, pooled, images, size }) =>
      each(MAX_POOL, images * pixels(size.pooled) * size.outputs, {
        ...{ ...squareNumbers(size), channels: size.outputs, source: map, result: pooled },
      }),
    maxPoolBackward: ({ map, dPooled, dMap, images, size }) =>
      each(MAX_POOL_BACKWARD, images * pixels(size.windows) * size.outputs, {
        ...{ ...squareNumbers(size), channels: size.outputs },
        ...{ source: map, dPooled, result: dMap },
      }),
  };
}
