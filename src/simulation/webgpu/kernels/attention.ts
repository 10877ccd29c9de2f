/**
 * Stochastic attention: the cells and the columns' feet of SSA tiles. Twin: `runSsaTile` of `hardware/ssa-tile.ts`; on the CPU
 * `kernels/assembly/stochastic-attention.ts` and `lfsr-attention.ts`.
 *
 *   S_ij fires where the mask allows and |Q_i and K_j| > scoreLevel      A_ic fires where |S_i and V_c| > outputLevel
 *
 * A level is floor(draw I_max / 2^bits) >> log2 gain (`kernels/assembly/levels.ts`). The kernels differ in their draws (`draws.ts`).
 *
 * Shapes: qkv [steps][prompts tokens][qkvWords], q, k and v of `width` bits each; mask [tokens][maskWords]; scores
 * [steps][prompts][heads][tokens][maskWords]; attended [steps][prompts tokens][outWords]. Heads have at most 64 features.
 */
import { headBits } from "../../../kernels/webgpu/heads.ts";
import { defineKernel } from "../../../webgpu/kernel.ts";
import { DRAW_NUMBERS, type DrawSource } from "./draws.ts";

const SIZES = {
  count: "u32",
  prompts: "u32",
  tokens: "u32",
  heads: "u32",
  dimension: "u32",
  qkvWords: "u32",
  maskWords: "u32",
  normaliser: "u32",
  gainShift: "u32",
} as const;

/** Scores: a lane writes a word, of 32 keys. Counts all |Q_i and K_j| that the mask allows. */
export const scoresKernel = (draws: DrawSource) =>
  defineKernel({
    name: `scores by ${draws.name}`,
    numbers: { ...SIZES, ...DRAW_NUMBERS, counter: "u32" },
    arrays: { qkv: "read u32", mask: "read u32", draws: "read u32", scores: "write u32" },
    lanes: 64,
    helpers: `
var<workgroup> counted: atomic<u32>;

${headBits((at) => `qkv[${at}]`)}
${draws.scoreLevel}
`,
    body: `
  let at = 64u * rowOf(group) + lane;
  var sum = 0u;
  if (at < call.count) {
    let keyWord = at % call.maskWords;
    let i = at / call.maskWords % call.tokens;
    let head = at / (call.maskWords * call.tokens) % call.heads;
    let prompt = at / (call.maskWords * call.tokens * call.heads) % call.prompts;
    let step = at / (call.maskWords * call.tokens * call.heads * call.prompts);
    let first = (step * call.prompts + prompt) * call.tokens;
    let width = call.heads * call.dimension;
    let query = headAt(first + i, head * call.dimension);
    var open = mask[i * call.maskWords + keyWord];
    var word = 0u;
    while (open != 0u) {
      let bit = firstTrailingBit(open);
      open &= open - 1u;
      let j = 32u * keyWord + bit;
      let both = query & headAt(first + j, width + head * call.dimension);
      let count = countOneBits(both.x) + countOneBits(both.y);
      sum += count;
      if (count > 0u && count > scoreLevel(prompt, head, step, i, j)) { word |= 1u << bit; }
    }
    scores[at] = word;
  }
  atomicAdd(&counted, sum);
  workgroupBarrier();
  if (lane == 0u) { tally(call.counter, atomicLoad(&counted)); }
`,
  });

/** Outputs: a lane writes a word, of 32 features. */
export const outputsKernel = (draws: DrawSource) =>
  defineKernel({
    name: `outputs by ${draws.name}`,
    numbers: { ...SIZES, ...DRAW_NUMBERS, outWords: "u32" },
    arrays: { qkv: "read u32", scores: "read u32", draws: "read u32", attended: "write u32" },
    lanes: 64,
    helpers: draws.outputLevel,
    body: `
  let at = 64u * rowOf(group) + lane;
  if (at < call.count) {
    let i = at / call.outWords % call.tokens;
    let prompt = at / (call.outWords * call.tokens) % call.prompts;
    let step = at / (call.outWords * call.tokens * call.prompts);
    let first = (step * call.prompts + prompt) * call.tokens;
    let width = call.heads * call.dimension;
    var word = 0u;
    for (var b = 0u; b < 32u; b++) {
      let feature = 32u * (at % call.outWords) + b;
      if (feature >= width) { break; }
      let head = feature / call.dimension;
      let value = 2u * width + feature;
      let row = (((step * call.prompts + prompt) * call.heads + head) * call.tokens + i) * call.maskWords;
      var sum = 0u;
      for (var w = 0u; w < call.maskWords; w++) {
        var chosen = scores[row + w];
        while (chosen != 0u) {
          let j = 32u * w + firstTrailingBit(chosen);
          chosen &= chosen - 1u;
          sum += (qkv[(first + j) * call.qkvWords + value / 32u] >> (value % 32u)) & 1u;
        }
      }
      if (sum > 0u && sum > outputLevel(prompt, head, step, i, feature % call.dimension)) { word |= 1u << b; }
    }
    attended[at] = word;
  }
`,
  });
