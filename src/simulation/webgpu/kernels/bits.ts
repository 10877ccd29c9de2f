/** Packed spikes: counting and rearranging them. Twins: `countSpikes` of `spike/train.ts`, and those of `kernels/webgpu/bit-maps.ts`. */
import {
  LINE_INPUT,
  SQUARE,
  squareWord,
  WINDOW_WORDS,
  WIRE,
  windowWord,
  wiredWord,
} from "../../../kernels/webgpu/bit-maps.ts";
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

/** A word of what is rearranged per lane; the text of all of them is shared with training. */
const eachWord = (body: string, result: string) => `
  let at = 64u * rowOf(group) + lane;
  if (at >= call.count) { return; }
${body}
  ${result}[at] = word;
`;

export const WIRE_BITS = defineKernel({
  name: "wire bits",
  numbers: { count: "u32", ...WIRE },
  arrays: { source: "read u32", wired: "write u32" },
  lanes: 64,
  helpers: LINE_INPUT,
  body: eachWord(
    wiredWord((at) => `source[${at}]`),
    "wired",
  ),
});

export const WINDOWS = defineKernel({
  name: "windows",
  numbers: { count: "u32", ...WINDOW_WORDS },
  arrays: { map: "read u32", windows: "write u32" },
  lanes: 64,
  body: eachWord(
    windowWord((at) => `map[${at}]`),
    "windows",
  ),
});

export const POOL_BITS = defineKernel({
  name: "pool bits",
  numbers: { count: "u32", ...SQUARE },
  arrays: { map: "read u32", pooled: "write u32" },
  lanes: 64,
  body: eachWord(
    squareWord((at) => `map[${at}]`),
    "pooled",
  ),
});
