/**
 * Random numbers of SSA tiles, as levels that counts are compared with. Twin: `hardware/draws.ts`.
 *
 *   lfsr      bytes of the tile's registers, which a kernel has clocked before: [tiles][windows][d clocks][registers]
 *   ideal     words of a keyed Threefry-2x32-20 stream (`kernels/draws.ts`); every position has its own
 *   ordered   constants (`orderedWords`)
 *
 * Stratified and ordered draws add the bit-reversed step. All of it is in whole numbers, so it is the same on every GPU.
 */
import { WORD_LEVEL } from "../../../kernels/webgpu/attention-draws.ts";
import { defineKernel } from "../../../webgpu/kernel.ts";
import { THREEFRY } from "../../../webgpu/threefry.ts";

/** Numbers of draws: `spread` is 1 where all steps use one draw and its offset; key and first prompt are of ideal draws. */
export const DRAW_NUMBERS = {
  spread: "u32",
  windows: "u32",
  registers: "u32",
  key0: "u32",
  key1: "u32",
  firstPrompt: "u32",
} as const;

export interface DrawSource {
  readonly name: string;
  /** WGSL of `scoreLevel(prompt, head, step, i, j)` and `outputLevel(prompt, head, step, i, feature)`. */
  readonly scoreLevel: string;
  readonly outputLevel: string;
}

/** A register of 32 bits per lane, through all windows of d clocks. */
export const CLOCK_REGISTERS = defineKernel({
  name: "clock registers",
  numbers: { tiles: "u32", registers: "u32", clocks: "u32", mask: "u32" },
  arrays: { seeds: "read u32", states: "write u32" },
  lanes: 64,
  body: `
  let at = 64u * rowOf(group) + lane;
  if (at < call.tiles * call.registers) {
    var state = seeds[at];
    for (var clock = 0u; clock < call.clocks; clock++) {
      states[(at / call.registers * call.clocks + clock) * call.registers + at % call.registers] = state;
      state = (state >> 1u) ^ select(0u, call.mask, (state & 1u) != 0u);
    }
  }
`,
});

/** Scores use the last bytes of a window; outputs byte by byte those of the next window, which is the same one where `spread`. */
const LFSR = `
fn byteAt(prompt: u32, head: u32, window: u32, clock: u32, byte: u32) -> u32 {
  let tile = prompt * call.heads + head;
  let state = draws[((tile * call.windows + window) * call.dimension + clock) * call.registers + byte / 4u];
  return (state >> (8u * (byte % 4u))) & 0xffu;
}
fn offsetOf(step: u32) -> u32 { return select(0u, reverseBits(step) >> 24u, call.spread != 0u); }
fn levelOf(byte: u32) -> u32 { return ((byte * call.normaliser) >> 8u) >> call.gainShift; }
`;

export const LFSR_DRAWS: DrawSource = {
  name: "lfsr",
  scoreLevel: `${LFSR}
fn scoreLevel(prompt: u32, head: u32, step: u32, i: u32, j: u32) -> u32 {
  let window = select(step, 0u, call.spread != 0u);
  let column = byteAt(prompt, head, window, call.dimension - 1u, i);
  let row = byteAt(prompt, head, window, call.dimension - 1u, 2u * call.registers + j);
  return levelOf(((column + offsetOf(step)) & 0xffu) ^ row);
}
`,
  outputLevel: `${LFSR}
fn outputLevel(prompt: u32, head: u32, step: u32, i: u32, feature: u32) -> u32 {
  let window = select(step + 1u, 0u, call.spread != 0u);
  return levelOf((byteAt(prompt, head, window, feature, i) + offsetOf(step)) & 0xffu);
}
`,
};

const IDEAL = `${WORD_LEVEL}
${THREEFRY}
/** Word \`place\` of the block row \`high\`. */
fn wordAt(place: u32, high: u32) -> u32 {
  let block = threefry(vec2u(call.key0, call.key1), vec2u(place >> 1u, high));
  return select(block.x, block.y, (place & 1u) != 0u);
}
/** The words of a step. Every kernel binds an array of draws, whether it reads it or not. */
fn drawn(output: u32, prompt: u32, step: u32, place: u32) -> u32 {
  let counted = select(step, 0u, call.spread != 0u);
  let high = (output << 31u) | ((call.firstPrompt + prompt) << 7u) | counted;
  let offset = select(0u, reverseBits(step), call.spread != 0u);
  return wordAt(place, high) + offset + draws[0];
}
`;

export const IDEAL_DRAWS: DrawSource = {
  name: "ideal",
  scoreLevel: `${IDEAL}
fn scoreLevel(prompt: u32, head: u32, step: u32, i: u32, j: u32) -> u32 {
  let row = (call.tokens + 7u) / 8u * 8u;
  return levelOf(drawn(0u, prompt, step, (head * call.tokens + i) * row + j));
}
`,
  outputLevel: `${IDEAL}
fn outputLevel(prompt: u32, head: u32, step: u32, i: u32, feature: u32) -> u32 {
  return levelOf(drawn(1u, prompt, step, (head * call.tokens + i) * 64u + feature));
}
`,
};

export const ORDERED_DRAWS: DrawSource = {
  name: "ordered",
  scoreLevel: `${WORD_LEVEL}
fn scoreLevel(prompt: u32, head: u32, step: u32, i: u32, j: u32) -> u32 {
  return levelOf(0x20000000u + reverseBits(step) + draws[0]);
}
`,
  outputLevel: `${WORD_LEVEL}
fn outputLevel(prompt: u32, head: u32, step: u32, i: u32, feature: u32) -> u32 {
  let half = 0x80000000u >> (32u - countLeadingZeros(call.dimension - 1u));
  return levelOf(reverseBits(feature) + half + reverseBits(step) + draws[0]);
}
`,
};
