/**
 * Random numbers of an SSA tile, for the Bernoulli encoders in its cells and at the feet of its columns.
 *
 * An encoder compares a count c with a random number: it fires with probability p = gain c / I_max when
 *
 *   draw I_max < gain c 2^bits,   draw uniform in 0 .. 2^bits - 1.
 *
 * This is the hardware's "r <= gain c" with r = floor(draw I_max / 2^bits) + 1 in 1 .. I_max. It fires for ceil(p 2^bits)
 * draws (all of them from p = 1 on), so the probability exceeds p by less than 2^-bits and is exact when I_max divides
 * 2^bits.
 *
 *   ideal   32-bit words of a counter-based stream, those that the fast kernels draw (`kernels/draws.ts`): p to within 2^-32
 *   lfsr    bytes of the hardware's 32-bit LFSRs (`lfsr.ts`). For an I_max that is no power of two, such as N = 37 tokens,
 *           r takes 1 .. 37 with unequal chances (6 or 7 of 256 bytes each): p is off by less than 1/256
 *
 * The paper leaves number, seeds and sharing of the LFSRs open. Ours: a tile has 2 ceil(N / 4) LFSRs, which give one byte
 * per column (query) and one per row (key) at every clock. A column's foot uses its column byte, the cell of query i and
 * key j the XOR of column byte i and row byte j, so 2 N bytes serve N^2 cells and the numbers of any two cells are
 * independent (of four at the corners of a rectangle they are not). Every window of every prompt and block starts from
 * seeds drawn from the tile's stream, so results do not depend on the order in which prompts are processed.
 *
 * `independent` draws anew at each time step; the LFSRs run on. `stratified` repeats the numbers of the first step (the
 * LFSRs are set back at the start of a step) and adds the bit-reversed step index modulo 2^bits: each step stays exactly
 * uniform, and the numbers of T = 2^k steps are equally spaced.
 */
import { attentionWord, outputRow, scoreRow } from "../kernels/draws.ts";
import type { Stream } from "../numeric/stream.ts";
import { LFSR_MASK, lfsrByte, lfsrNext } from "./lfsr.ts";

export interface TileShape {
  /** Time steps T. */
  readonly steps: number;
  /** Tokens N. */
  readonly tokens: number;
  /** Head dimension d. */
  readonly dimension: number;
}

/** Every draw is a function of its place, so cells may be visited in any order and skipped. */
export interface TileDraws {
  /** Draws are integers in 0 .. 2^bits - 1. */
  readonly bits: number;
  /** For the score of `query` and `key` at `step`. */
  score(step: number, query: number, key: number): number;
  /** For the output bit `feature` of `query` at `step`. */
  output(step: number, query: number, feature: number): number;
  /** One-bit LFSR shifts of the whole run. */
  readonly lfsrShifts: number;
}

export type DrawKind = "independent" | "stratified";

/** Whose draws: one head of one prompt in one block of the network. */
export interface TilePlace {
  /** Key of the stream from which all tiles draw. */
  readonly key: readonly [number, number];
  readonly block: number;
  readonly prompt: number;
  readonly head: number;
}

/** Random: words of the keyed stream, one per bit (and step, when independent); each place has words of its own. */
export function idealDraws({ tokens, dimension }: TileShape, kind: DrawKind, place: TilePlace): TileDraws {
  const { key, block, prompt, head } = place;
  const word = (output: boolean, step: number, index: number) =>
    kind === "stratified"
      ? (attentionWord(key, block, { output, prompt, step: 0 }, index) + reverseBits(step)) >>> 0
      : attentionWord(key, block, { output, prompt, step }, index);
  return {
    bits: 32,
    score: (step, query, other) => word(false, step, (head * tokens + query) * scoreRow(tokens) + other),
    output: (step, query, feature) => word(true, step, (head * tokens + query) * outputRow(dimension) + feature),
    lfsrShifts: 0,
  };
}

/**
 * Clock c of a tile is clock c mod d of window floor(c / d). Scores of step t are sampled at the last clock of window t,
 * output feature f of step t at clock f of window t + 1; windows are 0 .. T. Random: seeds from `random`.
 */
export function lfsrDraws({ steps, tokens, dimension }: TileShape, kind: DrawKind, random: Stream): TileDraws {
  const perSide = Math.ceil(tokens / 4);
  const states = lfsrSeeds(tokens, random);
  const windows = kind === "stratified" ? 1 : steps + 1;
  const columnBytes = new Uint8Array(windows * dimension * tokens);
  const rowBytes = new Uint8Array(windows * tokens);
  for (let clock = 0; clock < windows * dimension; clock++) {
    for (let n = 0; n < tokens; n++) columnBytes[clock * tokens + n] = lfsrByte(states[n >> 2], n & 3);
    if ((clock + 1) % dimension === 0) {
      const window = Math.floor(clock / dimension);
      for (let n = 0; n < tokens; n++) rowBytes[window * tokens + n] = lfsrByte(states[perSide + (n >> 2)], n & 3);
    }
    for (let i = 0; i < states.length; i++) states[i] = lfsrNext(states[i], LFSR_MASK);
  }
  const window = (index: number) => (kind === "stratified" ? 0 : index);
  const shift = (byte: number, step: number) =>
    kind === "stratified" ? (byte + (reverseBits(step) >>> 24)) & 0xff : byte;
  return {
    bits: 8,
    score: (step, query, key) => {
      const w = window(step);
      return shift(columnBytes[((w + 1) * dimension - 1) * tokens + query] ^ rowBytes[w * tokens + key], step);
    },
    output: (step, query, feature) =>
      shift(columnBytes[(window(step + 1) * dimension + feature) * tokens + query], step),
    lfsrShifts: lfsrShifts({ steps, tokens, dimension }),
  };
}

/** Seeds of a tile's registers, columns before rows; a register at 0 would stay there. */
export function lfsrSeeds(tokens: number, random: Stream): Uint32Array {
  return Uint32Array.from({ length: 2 * Math.ceil(tokens / 4) }, () => random.word() || 1);
}

/** Every register shifts once per clock, in all T + 1 windows. */
export const lfsrShifts = ({ steps, tokens, dimension }: TileShape): number =>
  2 * Math.ceil(tokens / 4) * (steps + 1) * dimension;

/** The 32 bits of a word in reverse: the radical inverse of the step in base 2, times 2^32. */
function reverseBits(word: number): number {
  let reversed = 0;
  for (let bit = 0; bit < 32; bit++) reversed = (reversed << 1) | ((word >>> bit) & 1);
  return reversed >>> 0;
}
