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
 *   ideal   32-bit words of a counter-based stream, the same as in the fast kernels (`kernels/draws.ts`): p to within 2^-32
 *   lfsr    bytes of the hardware's 32-bit LFSRs (`lfsr.ts`). For an I_max that is no power of two, such as N = 37 tokens,
 *           r takes 1 .. 37 with unequal chances (6 or 7 of 256 bytes each): p is off by less than 1/256
 *
 * The paper leaves the number, seeds and sharing of the LFSRs open. `LfsrSetup.sharing` sets which byte goes where, in a tile
 * of P tokens with p = ceil(P / 4):
 *
 *   column-row  2 p registers: a byte per column (query) and per row (key) at every clock. A column's foot uses its column byte,
 *               cell (i, j) column byte i XOR row byte j, so 2 P bytes serve P^2 cells and the numbers of any two cells are
 *               independent (of four at the corners of a rectangle they are not). The default
 *   row         2 p registers: all cells of row j use row byte j, feet their column byte
 *   column      p registers: all cells of column i, and its foot, use column byte i
 *   cell        p + ceil(P^2 / 4) registers: a byte for every cell and every foot
 *   single      one register: foot i uses byte i mod 4, cell (i, j) byte (i + j) mod 4
 *
 * Every window of every prompt and block starts from seeds drawn from the tile's stream, so results do not depend on the order
 * in which prompts are processed.
 *
 * `independent` draws new numbers at each time step; the LFSRs keep running. `stratified` repeats the numbers of the first step
 * (the LFSRs are reset at the start of a step) and adds the bit-reversed step index modulo 2^bits: each step stays exactly
 * uniform, and the numbers of T = 2^k steps are equally spaced. The hardware adds the offset to a byte before any XOR, so the
 * adders are at the columns and not in the cells; XOR with a constant byte preserves the spacing.
 *
 * `ordered` draws nothing (`orderedDraws`): bytes are constants, the same in all cells. At the foot of a column the byte is the
 * bit-reversed feature index, which needs only wiring. No register shifts, whatever the source of random numbers.
 */
import type { DrawKind } from "../experiment/attention.ts";
import { attentionWord, ORDERED_SCORE, orderedOutput, outputRow, scoreRow } from "../kernels/draws.ts";
import { radicalInverse } from "../numeric/radical-inverse.ts";
import type { Stream } from "../numeric/stream.ts";
import { advanceRegisters, LFSR_MASK, lfsrByte } from "./lfsr.ts";
import { planTile, type TilePlan, tileWindows } from "./tile-plan.ts";

export interface TileShape {
  /** Time steps T. */
  readonly steps: number;
  /** Tokens N. */
  readonly tokens: number;
  /** Head dimension d. */
  readonly dimension: number;
}

/** Every draw is a function of its position, so cells may be visited in any order or skipped. */
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

/** Whether LFSRs shift: not with ideal random numbers, and not for ordered draws, which need none. */
export const usesLfsrs = (random: "ideal" | "lfsr", draws: DrawKind | undefined): boolean =>
  random === "lfsr" && draws !== "ordered";

/** Owner of the draws: one head of one prompt in one block of the network. */
export interface TilePlace {
  /** Key of the stream that all tiles draw from. */
  readonly key: readonly [number, number];
  readonly block: number;
  readonly prompt: number;
  readonly head: number;
}

/** Random: words of the keyed stream, one per bit (and step, when independent); each position has its own words. */
export function idealDraws(shape: TileShape, kind: DrawKind, place: TilePlace): TileDraws {
  if (kind === "ordered") return orderedDraws(shape);
  const { tokens, dimension } = shape;
  const { key, block, prompt, head } = place;
  const word = (output: boolean, step: number, index: number) =>
    kind === "stratified"
      ? (attentionWord(key, block, { output, prompt, step: 0 }, index) + radicalInverse(step)) >>> 0
      : attentionWord(key, block, { output, prompt, step }, index);
  return {
    bits: 32,
    score: (step, query, other) => word(false, step, (head * tokens + query) * scoreRow(tokens) + other),
    output: (step, query, feature) => word(true, step, (head * tokens + query) * outputRow(dimension) + feature),
    lfsrShifts: 0,
  };
}

/** Constants, the same for every tile, prompt and query. */
export function orderedDraws({ dimension }: Pick<TileShape, "dimension">): TileDraws {
  return {
    bits: 8,
    score: (step) => (ORDERED_SCORE + stepOffset(step)) & 0xff,
    output: (step, _query, feature) => (orderedOutput(feature, dimension) + stepOffset(step)) & 0xff,
    lfsrShifts: 0,
  };
}

export type LfsrSharing = "column-row" | "row" | "column" | "cell" | "single";

/** The LFSR array of a tile. */
export interface LfsrSetup {
  /** Galois feedback mask, a primitive polynomial (`requirePrimitive`). */
  readonly mask: number;
  readonly sharing: LfsrSharing;
  readonly shiftsPerClock: number;
}

export const LFSR_SETUP: LfsrSetup = { mask: LFSR_MASK, sharing: "column-row", shiftsPerClock: 1 };

/**
 * Which bytes of the array meet at a place of the tile. Byte n is byte n mod 4 of register floor(n / 4). A score's draw is
 * `offset + byte a`, XOR byte b where there is one.
 */
export interface LfsrWiring {
  readonly registers: number;
  foot(column: number): number;
  cell(column: number, row: number): readonly [a: number, b?: number];
}

export function lfsrWiring(sharing: LfsrSharing, tileTokens: number): LfsrWiring {
  const side = Math.ceil(tileTokens / 4);
  const foot = (column: number) => column;
  switch (sharing) {
    case "column-row":
      return { registers: 2 * side, foot, cell: (column, row) => [column, 4 * side + row] };
    case "row":
      return { registers: 2 * side, foot, cell: (_column, row) => [4 * side + row] };
    case "column":
      return { registers: side, foot, cell: (column) => [column] };
    case "cell": {
      const registers = side + Math.ceil(tileTokens ** 2 / 4);
      return { registers, foot, cell: (column, row) => [4 * side + column * tileTokens + row] };
    }
    case "single":
      return { registers: 1, foot: (column) => column & 3, cell: (column, row) => [(column + row) & 3] };
  }
}

/**
 * Clock c of a tile is clock c mod d of window floor(c / d); a step has a window per pass of the plan. Scores are sampled at the
 * last clock of their window, output feature f at clock f of the window after the last pass of its query block.
 *
 * Random   seeds from `random`
 */
export function lfsrDraws(
  shape: TileShape,
  kind: DrawKind,
  random: Stream,
  setup: LfsrSetup = LFSR_SETUP,
  plan: TilePlan = planTile(shape.tokens, shape.tokens),
): TileDraws {
  if (kind === "ordered") return orderedDraws(shape);
  const { steps, tokens, dimension } = shape;
  const { tileTokens, passes } = plan;
  const wiring = lfsrWiring(setup.sharing, tileTokens);
  const states = lfsrSeeds(wiring.registers, random);
  const windows = kind === "stratified" ? passes.length : passes.length * steps + 1;
  const footBytes = new Uint8Array(windows * dimension * tileTokens);
  const bytes = 4 * wiring.registers;
  const lastBytes = new Uint8Array(windows * bytes);
  for (let clock = 0; clock < windows * dimension; clock++) {
    for (let n = 0; n < tileTokens; n++) {
      const byte = wiring.foot(n);
      footBytes[clock * tileTokens + n] = lfsrByte(states[byte >> 2], byte & 3);
    }
    if ((clock + 1) % dimension === 0) {
      const base = Math.floor(clock / dimension) * bytes;
      for (let n = 0; n < bytes; n++) lastBytes[base + n] = lfsrByte(states[n >> 2], n & 3);
    }
    advanceRegisters(states, setup.mask, setup.shiftsPerClock);
  }
  const offset = (step: number) => (kind === "stratified" ? stepOffset(step) : 0);
  const lastPass = new Map(passes.map((pass, p) => [pass.queryBlock, p]));
  const passOf = new Map(passes.map((pass, p) => [pass.queryBlock * tokens + pass.keyBlock, p]));
  return {
    bits: 8,
    score: (step, query, key) => {
      const [a, b] = wiring.cell(query % tileTokens, key % tileTokens);
      const pass = passOf.get(Math.floor(query / tileTokens) * tokens + Math.floor(key / tileTokens))!;
      const base = ((step * passes.length + pass) % windows) * bytes;
      const byte = (lastBytes[base + a] + offset(step)) & 0xff;
      return b === undefined ? byte : byte ^ lastBytes[base + b];
    },
    output: (step, query, feature) => {
      const window = (step * passes.length + lastPass.get(Math.floor(query / tileTokens))! + 1) % windows;
      return (footBytes[(window * dimension + feature) * tileTokens + (query % tileTokens)] + offset(step)) & 0xff;
    },
    lfsrShifts: lfsrShifts(shape, setup, plan),
  };
}

/** Seed words of a tile's array. For ordered draws one unused word, which keeps the engine's ports the same. */
export const seedWords = ({ draws, lfsr, plan }: { draws: DrawKind; lfsr: LfsrSetup; plan: TilePlan }): number =>
  draws === "ordered" ? 1 : lfsrWiring(lfsr.sharing, plan.tileTokens).registers;

/** Seeds of a tile's registers; a register at 0 would stay there. */
export function lfsrSeeds(registers: number, random: Stream): Uint32Array {
  return Uint32Array.from({ length: registers }, () => random.word() || 1);
}

/** Every register shifts at every clock of all windows. */
export const lfsrShifts = (
  { steps, tokens, dimension }: TileShape,
  setup: LfsrSetup = LFSR_SETUP,
  plan: TilePlan = planTile(tokens, tokens),
): number =>
  lfsrWiring(setup.sharing, plan.tileTokens).registers *
  setup.shiftsPerClock *
  tileWindows(steps, plan.passes.length, plan.drained) *
  dimension;

/** What stratified and ordered bytes add at a step: its 8-bit reversal. */
export const stepOffset = (step: number): number => radicalInverse(step) >>> 24;
