/**
 * WGSL that rearranges packed spikes: item `at`, a word of the result, sets `word`. Twins: `hardware/line-order.ts`, `model/convolution.ts`
 * and `model/max-pool.ts`; on the CPU `../assembly/` `bits.ts`, `windows.ts` and `max-pool.ts`.
 *
 * The numbers of a call follow each text; `source(at)` is the text that reads a word of what is rearranged.
 */
type Source = (at: string) => string;

/** Target line l carries source input `lineOrder`(l): inputs 0, s, 2 s, ..., then 1, 1 + s, ...; all of it repeated. */
export const LINE_INPUT = `
fn inputOf(line: u32) -> u32 {
  let l = line % call.features;
  // The first classes have one input more than the others.
  let few = call.features / call.stride;
  let larger = call.features % call.stride;
  if (l < larger * (few + 1u)) { return l / (few + 1u) + call.stride * (l % (few + 1u)); }
  let rest = l - larger * (few + 1u);
  return larger + rest / few + call.stride * (rest % few);
}
`;

/** Uses `LINE_INPUT`. */
export const wiredWord = (source: Source): string => `
  var word = 0u;
  for (var b = 0u; b < 32u; b++) {
    let line = 32u * (at % call.words) + b;
    if (line >= call.lines) { break; }
    let input = inputOf(line);
    word |= ((${source("at / call.words * call.sourceWords + input / 32u")} >> (input % 32u)) & 1u) << b;
  }
`;

export const WIRE = { features: "u32", sourceWords: "u32", lines: "u32", words: "u32", stride: "u32" } as const;

/**
 * Windows [images][windows][kernel kernel channels] of maps [images][rows columns][channels], with zeros past the edge; the channels of a
 * pixel follow those of the pixel before, without a gap.
 */
export const windowWord = (source: Source): string => `
  let place = at / call.words;
  let x = i32(call.stride * (place % call.windowColumns));
  let y = i32(call.stride * (place / call.windowColumns % call.windowRows));
  let image = place / (call.windowColumns * call.windowRows);
  let edge = i32(call.kernel - 1u) >> 1u;
  var word = 0u;
  for (var b = 0u; b < 32u; b++) {
    let bit = 32u * (at % call.words) + b;
    let pixel = bit / call.channels;
    if (pixel >= call.kernel * call.kernel) { break; }
    let channel = bit % call.channels;
    let row = y + i32(pixel / call.kernel) - edge;
    let column = x + i32(pixel % call.kernel) - edge;
    if (row < 0 || row >= i32(call.rows) || column < 0 || column >= i32(call.columns)) { continue; }
    let held = ((image * call.rows + u32(row)) * call.columns + u32(column)) * call.mapWords + channel / 32u;
    word |= ((${source("held")} >> (channel % 32u)) & 1u) << b;
  }
`;

export const WINDOW = {
  rows: "u32",
  columns: "u32",
  channels: "u32",
  kernel: "u32",
  stride: "u32",
  windowRows: "u32",
  windowColumns: "u32",
} as const;

/** Words of a window's bits, and of a pixel's. */
export const WINDOW_WORDS = { ...WINDOW, mapWords: "u32", words: "u32" } as const;

/** The OR of the bits of each square, which begins `edge` pixels before a multiple of `pool`. */
export const squareWord = (source: Source): string => `
  let square = at / call.words;
  let x = square % call.columns * call.pool;
  let y = square / call.columns % call.rows * call.pool;
  let image = square / (call.columns * call.rows);
  var word = 0u;
  for (var i = max(y, call.edge) - call.edge; i < min(call.height, y + call.window - call.edge); i++) {
    for (var j = max(x, call.edge) - call.edge; j < min(call.line, x + call.window - call.edge); j++) {
      word |= ${source("((image * call.height + i) * call.line + j) * call.words + at % call.words")};
    }
  }
`;

export const SQUARE = {
  words: "u32",
  height: "u32",
  line: "u32",
  rows: "u32",
  columns: "u32",
  pool: "u32",
  window: "u32",
  edge: "u32",
} as const;
