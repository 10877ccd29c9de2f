/**
 * The words that `assembly/stochastic-attention.ts` draws, as arrays. The reference and the simulators take them as input, so
 * that all of them sample the same bits. Ordered draws are constants.
 *
 * Block `b` of a network draws from the key (key0, key1 + b). The high half of a word's counter holds whether it is an output
 * draw (bit 31), the prompt (bits 7 .. 30) and the step (bits 0 .. 6; always 0 when stratified). The low half holds the position:
 * (head N + i) ceil8(N) + j for scores, (head N + i) ceil64(d) + c for outputs. (The kernel supports d up to 64.)
 */

import type { DrawKind } from "../experiment/attention.ts";
import { type AttentionDraws, orderedWords } from "../model/attention/draws.ts";
import { ORDERED_SCORE, orderedOutput, stratify } from "../model/neuron/bernoulli.ts";
import { threefry2x32 } from "../numeric/stream.ts";

export { ORDERED_SCORE, orderedOutput };

export interface DrawShape {
  readonly steps: number;
  readonly prompts: number;
  readonly heads: number;
  readonly tokens: number;
  readonly dimension: number;
}

/** Words reserved for the scores of one token, and for its output bits. */
export const scoreRow = (tokens: number): number => Math.ceil(tokens / 8) * 8;
export const outputRow = (dimension: number): number => Math.ceil(dimension / 64) * 64;

/** Word at `place` of a block, prompt and step. */
export function attentionWord(
  key: readonly [number, number],
  block: number,
  counter: { output: boolean; prompt: number; step: number },
  place: number,
): number {
  const high = (counter.output ? 0x80000000 : 0) | (counter.prompt << 7) | counter.step;
  threefry2x32(key[0], (key[1] + block) | 0, place >>> 1, high, pair);
  return pair[place & 1] >>> 0;
}

const pair = new Int32Array(2);

/** All words of one block, `[T][B][H][N][N]` and `[T][B][H][N][d]`. */
export function attentionDraws(
  key: readonly [number, number],
  block: number,
  firstPrompt: number,
  shape: DrawShape,
  kind: DrawKind,
): AttentionDraws {
  const { steps, prompts, heads, tokens, dimension } = shape;
  if (kind === "ordered") return orderedWords(shape);
  const drawn = kind === "stratified" ? 1 : steps;
  const fill = (output: boolean, columns: number, stride: number) => {
    const words = new Uint32Array(drawn * prompts * heads * tokens * columns);
    let i = 0;
    for (let step = 0; step < drawn; step++) {
      for (let b = 0; b < prompts; b++) {
        for (let row = 0; row < heads * tokens; row++) {
          for (let c = 0; c < columns; c++) {
            words[i++] = attentionWord(key, block, { output, prompt: firstPrompt + b, step }, row * stride + c);
          }
        }
      }
    }
    return kind === "stratified" ? stratify(words, steps) : words;
  };
  return {
    scoreDraws: fill(false, tokens, scoreRow(tokens)),
    outputDraws: fill(true, dimension, outputRow(dimension)),
  };
}
