/**
 * WGSL of the random words of stochastic attention, as levels that counts are compared with: the words of `kernels/draws.ts`.
 *
 *   a count fires where count > level,   level = floor(word I_max / 2^32) >> log2 gain
 */
import type { DrawKind } from "../../experiment/attention.ts";
import { THREEFRY } from "../../webgpu/threefry.ts";

/** floor(word I_max / 2^32) >> log2 gain, from two products that fit in 32 bits. */
export const WORD_LEVEL = `
fn levelOf(word: u32) -> u32 {
  let low = (word & 0xffffu) * call.normaliser;
  return (((word >> 16u) * call.normaliser + (low >> 16u)) >> 16u) >> call.gainShift;
}
`;

/** Word `place` of a block row: for outputs or scores, a prompt and a step. */
export const KEYED_WORD = `${THREEFRY}
fn wordAt(place: u32, output: u32, prompt: u32, step: u32) -> u32 {
  let high = (output << 31u) | ((call.firstPrompt + prompt) << 7u) | step;
  let pair = threefry(vec2u(call.key0, call.key1), vec2u(place >> 1u, high));
  return select(pair.x, pair.y, (place & 1u) != 0u);
}
`;

/** Places of the words of a score and of an output bit. */
export const DRAW_PLACES = `
fn scorePlace(head: u32, i: u32, j: u32) -> u32 { return (head * call.tokens + i) * ((call.tokens + 7u) / 8u * 8u) + j; }
fn outputPlace(head: u32, i: u32, c: u32) -> u32 { return (head * call.tokens + i) * 64u + c; }
`;

/** Words of ordered draws before the offset of their step: constants. */
export const ORDERED_WORDS = `
fn orderedScore() -> u32 { return 0x20000000u; }
fn orderedOutput(c: u32) -> u32 {
  return reverseBits(c) + (0x80000000u >> (32u - countLeadingZeros(call.dimension - 1u)));
}
`;

export const DRAW_NUMBERS = {
  key0: "u32",
  key1: "u32",
  firstPrompt: "u32",
  normaliser: "u32",
  gainShift: "u32",
} as const;

/** How a kind of draws gives the word of step `t`: what is drawn once for all steps, and the word, as WGSL of both encoders. */
interface GpuDraws {
  readonly helpers: string;
  readonly score: { readonly once: string; readonly word: string };
  readonly output: { readonly once: string; readonly word: string };
}

const KEYED = `${WORD_LEVEL}${KEYED_WORD}${DRAW_PLACES}`;

export const GPU_DRAWS: Readonly<Record<DrawKind, GpuDraws>> = {
  independent: {
    helpers: KEYED,
    score: { once: "", word: "wordAt(scorePlace(head, i, j), 0u, prompt, t)" },
    output: { once: "", word: "wordAt(outputPlace(head, i, c), 1u, prompt, t)" },
  },
  stratified: {
    helpers: KEYED,
    score: { once: "let drawn = wordAt(scorePlace(head, i, j), 0u, prompt, 0u);", word: "drawn + reverseBits(t)" },
    output: { once: "let drawn = wordAt(outputPlace(head, i, c), 1u, prompt, 0u);", word: "drawn + reverseBits(t)" },
  },
  ordered: {
    helpers: `${WORD_LEVEL}${ORDERED_WORDS}`,
    score: { once: "", word: "orderedScore() + reverseBits(t)" },
    output: { once: "", word: "orderedOutput(c) + reverseBits(t)" },
  },
};
