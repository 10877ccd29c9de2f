/**
 * WGSL that reads the packed spikes of attention, and the numbers of its calls.
 *
 * Shapes: qkv [steps][prompts tokens][qkvWords], parts of `heads` x `dimension` bits each, in the order q, k, v; mask [tokens][maskWords].
 * Heads have at most 64 features.
 */

import { maskWords } from "../masks.ts";
import type { BitAttention } from "../ops.ts";

export const HEAD_NUMBERS = {
  qkv: "place",
  qkvWords: "u32",
  mask: "place",
  maskWords: "u32",
  steps: "u32",
  prompts: "u32",
  tokens: "u32",
  heads: "u32",
  dimension: "u32",
} as const;

/** What a lane is where it goes through all steps: a feature of one token. */
export const FEATURE_OF_TOKEN = `
  let feature = at % widthOf();
  let i = at / widthOf() % call.tokens;
  let prompt = at / (widthOf() * call.tokens);
`;

/**
 * Kernels whose group of 64 lanes makes two words of the output of one token, at all steps. `FEATURE_OF_GROUP`: what a lane is;
 * `STORE_SPIKES`: writes the packed `spikes` of `count` steps from `first` on. Needs `packing("fired", 64)`.
 */
export const FEATURE_OF_GROUP = `
  let feature = 64u * group.x + lane;
  let i = rowOf(group) % call.tokens;
  let prompt = rowOf(group) / call.tokens;
`;
export const STORE_SPIKES = `
    fired[lane] = spikes;
    workgroupBarrier();
    let step = lane % 32u;
    let word = 2u * group.x + lane / 32u;
    if (step < count && word < call.outWords && prompt < call.prompts) {
      storeWord(call.out + rowAt(first + step, prompt, i) * call.outWords + word, firedPacked(lane / 32u, step));
    }
    workgroupBarrier();
`;

export const headNumbers = ({ qkv, steps, prompts, tokens, width, heads, mask }: BitAttention) => ({
  qkv: qkv.at,
  qkvWords: qkv.words,
  mask,
  maskWords: maskWords(tokens),
  steps,
  prompts,
  tokens,
  heads,
  dimension: width / heads,
});

/**
 * `headAt(row, start)`: the features of a head in a row of qkv, from bit `start`.
 *
 * @param word  WGSL of the word at an index of qkv
 */
export const headBits = (word: (at: string) => string): string => `
fn headAt(row: u32, start: u32) -> vec2u {
  var head = vec2u(0u, 0u);
  let first = start / 32u;
  let shift = start % 32u;
  for (var w = 0u; w < 2u; w++) {
    if (32u * w >= call.dimension) { break; }
    let at = row * call.qkvWords + first + w;
    var word = ${word("at")} >> shift;
    if (shift > 0u && first + w + 1u < call.qkvWords) { word |= ${word("at + 1u")} << (32u - shift); }
    let left = call.dimension - 32u * w;
    if (left < 32u) { word &= (1u << left) - 1u; }
    head[w] = word;
  }
  return head;
}
`;

export const HEADS = `${headBits((at) => `loadWord(call.qkv + ${at})`)}
fn widthOf() -> u32 { return call.heads * call.dimension; }
fn rowAt(t: u32, prompt: u32, token: u32) -> u32 { return (t * call.prompts + prompt) * call.tokens + token; }
fn bitAt(row: u32, bit: u32) -> bool { return ((loadWord(call.qkv + row * call.qkvWords + bit / 32u) >> (bit % 32u)) & 1u) != 0u; }
fn onesOf(head: vec2u) -> u32 { return countOneBits(head.x) + countOneBits(head.y); }

/** |Q_i and K_j| */
fn countOf(t: u32, prompt: u32, head: u32, i: u32, j: u32) -> u32 {
  let query = headAt(rowAt(t, prompt, i), head * call.dimension);
  let key = headAt(rowAt(t, prompt, j), widthOf() + head * call.dimension);
  return onesOf(query & key);
}

/** Keys 32 w .. 32 w + 31 that token i may attend to. */
fn openKeys(i: u32, w: u32) -> u32 { return loadWord(call.mask + i * call.maskWords + w); }
fn isOpen(i: u32, j: u32) -> bool { return ((openKeys(i, j / 32u) >> (j % 32u)) & 1u) != 0u; }
`;
