/**
 * Packed spikes: counting and rearranging them. Twins: `countSpikes` of `spike/train.ts`, `hardware/line-order.ts`, `model/convolution.ts`
 * and `model/max-pool.ts`; on the CPU `kernels/assembly/` `bits.ts`, `windows.ts` and `max-pool.ts`.
 */
import { defineKernel } from "../../../webgpu/kernel.ts";

/** Set bits of an array. */
export const COUNT_BITS = defineKernel({
  name: "count bits",
  numbers: { count: "u32", counter: "u32" },
  arrays: { bits: "read u32" },
  lanes: 256,
  helpers: `
var<workgroup> ones: atomic<u32>;
`,
  body: `
  let at = 256u * rowOf(group) + lane;
  if (at < call.count) { atomicAdd(&ones, countOneBits(bits[at])); }
  workgroupBarrier();
  if (lane == 0u) { tally(call.counter, atomicLoad(&ones)); }
`,
});

/** target [prompts][chosen][width] = the chosen tokens of source [prompts][tokens][width]. */
export const GATHER_TOKENS = defineKernel({
  name: "gather tokens",
  numbers: { count: "u32", tokens: "u32", width: "u32", chosenTokens: "u32" },
  arrays: { source: "read u32", chosen: "read u32", gathered: "write u32" },
  lanes: 64,
  body: `
  let at = 64u * rowOf(group) + lane;
  if (at < call.count) {
    let row = at / call.width;
    let token = chosen[row % call.chosenTokens];
    gathered[at] = source[(row / call.chosenTokens * call.tokens + token) * call.width + at % call.width];
  }
`,
});

/** Target line l carries source input `lineOrder`(l): inputs 0, s, 2 s, ..., then 1, 1 + s, ...; all of it repeated. */
export const WIRE_BITS = defineKernel({
  name: "wire bits",
  numbers: { count: "u32", features: "u32", sourceWords: "u32", lines: "u32", words: "u32", stride: "u32" },
  arrays: { source: "read u32", wired: "write u32" },
  lanes: 64,
  helpers: `
fn inputOf(line: u32) -> u32 {
  let l = line % call.features;
  // The first classes have one input more than the others.
  let few = call.features / call.stride;
  let larger = call.features % call.stride;
  if (l < larger * (few + 1u)) { return l / (few + 1u) + call.stride * (l % (few + 1u)); }
  let rest = l - larger * (few + 1u);
  return larger + rest / few + call.stride * (rest % few);
}
`,
  body: `
  let at = 64u * rowOf(group) + lane;
  if (at < call.count) {
    let row = at / call.words;
    var word = 0u;
    for (var b = 0u; b < 32u; b++) {
      let line = 32u * (at % call.words) + b;
      if (line >= call.lines) { break; }
      let input = inputOf(line);
      word |= ((source[row * call.sourceWords + input / 32u] >> (input % 32u)) & 1u) << b;
    }
    wired[at] = word;
  }
`,
});

/**
 * Windows [images][windows][kernel kernel channels] of maps [images][rows columns][channels], with zeros past the edge; the channels of a
 * pixel follow those of the pixel before, without a gap.
 */
export const WINDOWS = defineKernel({
  name: "windows",
  numbers: {
    count: "u32",
    rows: "u32",
    columns: "u32",
    channels: "u32",
    mapWords: "u32",
    kernel: "u32",
    stride: "u32",
    windowRows: "u32",
    windowColumns: "u32",
    words: "u32",
  },
  arrays: { map: "read u32", windows: "write u32" },
  lanes: 64,
  body: `
  let at = 64u * rowOf(group) + lane;
  if (at < call.count) {
    let window = at / call.words;
    let x = i32(call.stride * (window % call.windowColumns));
    let y = i32(call.stride * (window / call.windowColumns % call.windowRows));
    let image = window / (call.windowColumns * call.windowRows);
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
      let source = ((image * call.rows + u32(row)) * call.columns + u32(column)) * call.mapWords + channel / 32u;
      word |= ((map[source] >> (channel % 32u)) & 1u) << b;
    }
    windows[at] = word;
  }
`,
});

/** pooled = OR of the bits of each square, which begins `edge` pixels before a multiple of `pool`. */
export const POOL_BITS = defineKernel({
  name: "pool bits",
  numbers: {
    count: "u32",
    words: "u32",
    height: "u32",
    line: "u32",
    rows: "u32",
    columns: "u32",
    pool: "u32",
    window: "u32",
    edge: "u32",
  },
  arrays: { map: "read u32", pooled: "write u32" },
  lanes: 64,
  body: `
  let at = 64u * rowOf(group) + lane;
  if (at < call.count) {
    let square = at / call.words;
    let x = square % call.columns * call.pool;
    let y = square / call.columns % call.rows * call.pool;
    let image = square / (call.columns * call.rows);
    var any = 0u;
    for (var i = max(y, call.edge) - call.edge; i < min(call.height, y + call.window - call.edge); i++) {
      for (var j = max(x, call.edge) - call.edge; j < min(call.line, x + call.window - call.edge); j++) {
        any |= map[((image * call.height + i) * call.line + j) * call.words + at % call.words];
      }
    }
    pooled[at] = any;
  }
`,
});
