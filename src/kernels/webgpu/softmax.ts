/**
 * Scaled dot-product attention under a mask on a GPU: twin of `../assembly/softmax-attention.ts`, per prompt and head
 *
 *   P = softmax over allowed keys of Q K^T / sqrt(d),  O = P V
 *   dV = P^T dO,  dS = P (dP - sum_j P dP) / sqrt(d) with dP = dO V^T,  dQ = dS K,  dK = dS^T Q
 *
 * Products of all prompts and heads run together (`matrix.ts`); rows of P and dS take a group each. dS is in the scratch memory, for as
 * many prompts at a time as fit in it.
 */
import { gridOf } from "../../webgpu/kernel.ts";
import { maskStride } from "../masks.ts";
import type { DenseOps, SoftmaxAttention } from "../ops.ts";
import { EXPONENTIAL, ROW_LANES } from "./elementary.ts";
import { gpuKernel } from "./kernel.ts";
import { type Matrices, multiply } from "./matrix.ts";
import type { Recorder } from "./recorder.ts";
import { treeSum, treeSumAndMost } from "./tree-sum.ts";

/** Most words of dS at a time, unless a single prompt needs more. */
const SLOPE_WORDS = 2 ** 22;

const ROW = { rows: "u32", tokens: "u32", stride: "u32", factor: "f32", probabilities: "place" } as const;

const eachKey = (body: string) => `
  for (var j = lane; j < call.stride; j += ${ROW_LANES}u) {
${body}
  }`;

/**
 * Scores to probabilities in place: e^(factor (s - max)) over their sum where allowed and no less than e^-60, 0 elsewhere; in multiples of
 * 1 / codes unless codes is 0.
 */
const SOFTMAX = gpuKernel({
  name: "softmax",
  numbers: { ...ROW, mask: "place", codes: "f32" },
  lanes: ROW_LANES,
  helpers: `${EXPONENTIAL}${treeSumAndMost(ROW_LANES)}
/** Keys beyond the last token are not allowed. */
fn allowed(query: u32, key: u32) -> bool {
  let byte = query * call.stride + key;
  return ((loadWord(call.mask + byte / 4u) >> (8u * (byte % 4u))) & 0xffu) != 0u;
}
`,
  body: `
  let row = rowOf(group);
  if (row >= call.rows) { return; }
  let query = row % call.tokens;
  let first = call.probabilities + row * call.stride;
  var most = -3.4e38;${eachKey("    if (allowed(query, j)) { most = max(most, load(first + j)); }")}
  most = treeMost(lane, most);
  var sum = 0.0;${eachKey(`    var share = 0.0;
    if (allowed(query, j)) {
      let x = call.factor * (load(first + j) - most);
      share = select(0.0, exponential(x), matters(x));
    }
    sum += share;
    store(first + j, share);`)}
  sum = treeSum(lane, sum);
  let inverse = select(0.0, 1.0 / sum, sum > 0.0);
${eachKey(`    var share = inverse * load(first + j);
    if (call.codes > 0.0) { share = round(share * call.codes) / call.codes; }
    store(first + j, share);`)}
`,
});

/** Replaces the gradient of the probabilities, in the scratch memory, by that of the scores. */
const SLOPES = gpuKernel({
  name: "softmax: backward",
  numbers: ROW,
  lanes: ROW_LANES,
  helpers: treeSum(ROW_LANES),
  body: `
  let row = rowOf(group);
  if (row >= call.rows) { return; }
  let first = row * call.stride;
  var sum = 0.0;
  for (var j = lane; j < call.tokens; j += ${ROW_LANES}u) {
    sum += load(call.probabilities + first + j) * loadPart(first + j);
  }
  let mean = treeSum(lane, sum);
  for (var j = lane; j < call.tokens; j += ${ROW_LANES}u) {
    let share = load(call.probabilities + first + j);
    storePart(first + j, call.factor * (share * (loadPart(first + j) - mean)));
  }
`,
});

/** The matrices of all heads in qkv, in attention's output, and in the probabilities. */
function matricesOf({ tokens, heads, width }: Pick<SoftmaxAttention, "tokens" | "heads" | "width">) {
  const d = width / heads;
  const stride = maskStride(tokens);
  const rows = (columns: number) => ({ stride: columns, prompt: tokens * columns, head: d });
  return {
    d,
    stride,
    /** Part 0, 1, 2: queries, keys, values. */
    part: (qkv: number, part: number): Matrices => ({ at: qkv + 4 * width * part, ...rows(3 * width) }),
    output: (at: number): Matrices => ({ at, ...rows(width) }),
    shares: (at: number, parts = false): Matrices => {
      return { at, stride, prompt: heads * tokens * stride, head: tokens * stride, parts };
    },
  };
}

export function softmaxOps(recorder: Recorder): Pick<DenseOps, "softmaxAttention" | "softmaxAttentionBackward"> {
  return {
    softmaxAttention: ({ qkv, prompts, tokens, heads, width, mask, probabilities, codes = 0, target }) => {
      if (prompts === 0) return;
      const { d, stride, part, output, shares } = matricesOf({ tokens, heads, width });
      const [q, k, v] = [0, 1, 2].map((i) => part(qkv, i));
      const all = { prompts, heads };
      const p = shares(probabilities);
      multiply(recorder, { m: tokens, n: tokens, k: d, a: q, b: k, transposeB: true, result: p, ...all });
      const rows = prompts * heads * tokens;
      const numbers = { rows, tokens, stride, factor: 1 / Math.sqrt(d), probabilities, mask, codes };
      recorder.call(SOFTMAX, numbers, gridOf(1, rows));
      multiply(recorder, { m: tokens, n: d, k: tokens, a: p, b: v, result: output(target), ...all });
    },
    softmaxAttentionBackward: ({ qkv, prompts, tokens, heads, width, probabilities, dTarget, dQkv }) => {
      const { d, stride, part, output, shares } = matricesOf({ tokens, heads, width });
      const perPrompt = heads * tokens * stride;
      const most = Math.max(1, Math.floor(SLOPE_WORDS / perPrompt));
      for (let first = 0; first < prompts; first += most) {
        const all = { prompts: Math.min(most, prompts - first), heads };
        recorder.reserve(all.prompts * perPrompt);
        const [q, k, v] = [0, 1, 2].map((i) => part(qkv + 12 * width * tokens * first, i));
        const [dq, dk, dv] = [0, 1, 2].map((i) => part(dQkv + 12 * width * tokens * first, i));
        const dO = output(dTarget + 4 * width * tokens * first);
        const [p, ds] = [shares(probabilities + 4 * perPrompt * first), shares(0, true)];
        multiply(recorder, { m: tokens, n: d, k: tokens, a: p, transposeA: true, b: dO, result: dv, ...all });
        multiply(recorder, { m: tokens, n: tokens, k: d, a: dO, b: v, transposeB: true, result: ds, ...all });
        const rows = all.prompts * heads * tokens;
        const numbers = { rows, tokens, stride, factor: 1 / Math.sqrt(d), probabilities: p.at };
        recorder.call(SLOPES, numbers, gridOf(1, rows));
        multiply(recorder, { m: tokens, n: d, k: tokens, a: ds, b: k, result: dq, ...all });
        multiply(recorder, { m: tokens, n: d, k: tokens, a: ds, transposeA: true, b: q, result: dk, ...all });
      }
    },
  };
}
