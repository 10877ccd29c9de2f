/**
 * The SSA tile: an N x N array of stochastic attention cells that serves one attention head (Xpikeformer, section IV-B2,
 * Algorithm 1, Fig. 5).
 *
 *   count_ij = sum_d Q_id and K_jd          S_ij ~ Bern(min(1, scoreGain count_ij / d)) where mask_ij, else 0
 *   sum_id   = sum_j S_ij and V_jd          A_id ~ Bern(min(1, valueGain sum_id / N))
 *
 * A cell (i, j) ANDs one feature of query i and key j per clock and counts. After d clocks its encoder compares the count with
 * a random number and holds the bit S_ij for the next d clocks, in which it ANDs it with the features of value j, delayed by a
 * FIFO of d bits. A column's adder sums the N results, and its encoder emits one bit of A per clock. Steps are pipelined: T
 * steps take (T + 1) d clocks. Gains are powers of two, i.e. shifts of the count; when a shifted count reaches the normaliser
 * it saturates, and the encoder always fires. `draws.ts` defines how draws compare with counts.
 *
 * The functional form below computes whole steps at once on packed bits; `clocked-tile.ts` is the same tile clock by clock, and
 * `rtl/` generates it in SystemVerilog. All three give the same bits.
 *
 * Settings cover what the paper leaves open. I_max is d or N (`scoreNormaliser`, `valueNormaliser`) or the next power of two,
 * which avoids a multiplication by a constant and lowers all rates by I / I_max. Counters are as wide as d requires, or
 * saturate at `largestCount` (the paper's 8-bit counter would wrap at d = 256). A tile is as large as N requires, or serves
 * more tokens in several passes (`tile-plan.ts`).
 */
import { emptySpikeTrain, popcount32, type SpikeTrain, wordsPerRow } from "../spike/train.ts";
import { type ActionTally, emptyTally } from "./actions.ts";
import type { TileDraws, TileShape } from "./draws.ts";
import { planTile, type TilePlan, tileWindows } from "./tile-plan.ts";

export interface SsaTileSettings {
  /** `[N, N]`, 1 where query token i may attend to key token j; cells at 0 are gated off. */
  readonly mask: Uint8Array;
  readonly scoreGain: number;
  readonly valueGain: number;
  /** I_max of the score encoders. Default d. */
  readonly scoreNormaliser?: number;
  /** I_max of the encoders at the columns' feet. Default N. */
  readonly valueNormaliser?: number;
  /** Where counters saturate. Default: never. */
  readonly largestCount?: number;
  /** Passes of a time step. Default: one, by a tile of N x N cells. */
  readonly plan?: TilePlan;
  /** One V FIFO in every cell, as the paper draws it, or one per row, because all cells of a row need the same bit. Default `cell`. */
  readonly fifo?: "cell" | "row";
}

export interface SsaTileRun {
  /** A, `[T][N][d]`. */
  readonly output: SpikeTrain;
  /** S, `[T][N queries][N keys]`. */
  readonly scores: SpikeTrain;
}

/** Clocks of one head for T steps: the first window only counts, the last only emits. */
export const ssaTileCycles = (
  steps: number,
  dimension: number,
  passes = 1,
  drained: TilePlan["drained"] = "run",
): number => tileWindows(steps, passes, drained) * dimension;

/** Registers between the clock of an output bit and its pin: the bit appears one clock later. */
export const OUTPUT_REGISTERS = 1;

/**
 * Runs one head of one prompt.
 *
 * Shapes   query, key, value: [T][N][d]
 * Random   only through `draws`
 * Counts   the actions listed by `tileActions`
 */
export function runSsaTile(
  query: SpikeTrain,
  key: SpikeTrain,
  value: SpikeTrain,
  settings: SsaTileSettings,
  draws: TileDraws,
  tally: ActionTally,
): SsaTileRun {
  const { steps, rows: tokens, features: dimension } = query;
  const scores = emptySpikeTrain(steps, tokens, tokens);
  const output = emptySpikeTrain(steps, tokens, dimension);
  let increments = 0;
  for (let t = 0; t < steps; t++) {
    increments += sampleScores(t, query, key, settings, draws, scores);
    sampleOutputs(t, scores, value, settings, draws, output);
  }
  const counted = tileActions({ steps, tokens, dimension }, settings, increments, draws.lfsrShifts);
  for (const action of Object.keys(counted) as (keyof ActionTally)[]) tally[action] += counted[action];
  return { output, scores };
}

/** The actions of one head: all except `increments`, the sum of its counts, follow from the shape. */
export function tileActions(
  { steps, tokens, dimension }: TileShape,
  { mask, plan = planTile(tokens, tokens), fifo = "cell" }: SsaTileSettings,
  increments: number,
  lfsrShifts: number,
): ActionTally {
  const { tileTokens, passes, drained } = plan;
  const open = mask.reduce((sum, cell) => sum + cell, 0);
  const openCells = steps * open;
  const bits = steps * tokens * dimension;
  const inBlock = (block: number) => Math.min(tileTokens, tokens - block * tileTokens);
  const queries = passes.reduce((sum, { queryBlock }) => sum + inBlock(queryBlock), 0);
  const keys = passes.reduce((sum, { keyBlock }) => sum + inBlock(keyBlock), 0);
  // A tile for one mask omits the closed cells; a tile that serves several pairs of blocks needs all of them.
  const cells = passes.length === 1 ? open : tileTokens ** 2;
  return {
    ...emptyTally(),
    scoreAnds: openCells * dimension,
    counterIncrements: increments,
    scoreComparisons: openCells,
    valueAnds: openCells * dimension,
    columnAdditions: steps * queries * dimension,
    partialSums: steps * queries * dimension - bits,
    fifoShifts:
      ssaTileCycles(steps, dimension, passes.length, drained) * dimension * (fifo === "row" ? tileTokens : cells),
    outputComparisons: bits,
    randomNumbers: openCells + bits,
    lfsrShifts,
    bitsRead: steps * (queries + 2 * keys) * dimension,
    bitsWritten: bits,
  };
}

/** Writes S of one step and returns the sum of all counts. */
function sampleScores(
  t: number,
  query: SpikeTrain,
  key: SpikeTrain,
  { mask, scoreGain, scoreNormaliser = query.features, largestCount = query.features }: SsaTileSettings,
  draws: TileDraws,
  scores: SpikeTrain,
): number {
  const { rows: tokens, features: dimension } = query;
  const words = wordsPerRow(dimension);
  const scoreWords = wordsPerRow(tokens);
  let counted = 0;
  for (let i = 0; i < tokens; i++) {
    const queryRow = (t * tokens + i) * words;
    for (let j = 0; j < tokens; j++) {
      if (!mask[i * tokens + j]) continue;
      const keyRow = (t * tokens + j) * words;
      let count = 0;
      for (let w = 0; w < words; w++) count += popcount32(query.words[queryRow + w] & key.words[keyRow + w]);
      count = Math.min(count, largestCount);
      counted += count;
      const scaled = scoreGain * count;
      // Counts that are zero or saturated need no draw.
      const certain = scaled >= scoreNormaliser;
      if (certain || (count > 0 && encoderFires(draws.score(t, i, j), draws.bits, scaled, scoreNormaliser))) {
        scores.words[(t * tokens + i) * scoreWords + (j >> 5)] |= 1 << (j & 31);
      }
    }
  }
  return counted;
}

/** Writes A of one step. */
function sampleOutputs(
  t: number,
  scores: SpikeTrain,
  value: SpikeTrain,
  { valueGain, valueNormaliser = value.rows }: SsaTileSettings,
  draws: TileDraws,
  output: SpikeTrain,
): void {
  const { rows: tokens, features: dimension } = value;
  const words = wordsPerRow(dimension);
  const scoreWords = wordsPerRow(tokens);
  const valueColumns = transposeStep(value, t);
  for (let i = 0; i < tokens; i++) {
    const scoreRow = (t * tokens + i) * scoreWords;
    for (let f = 0; f < dimension; f++) {
      let sum = 0;
      for (let w = 0; w < scoreWords; w++) {
        sum += popcount32(scores.words[scoreRow + w] & valueColumns[f * scoreWords + w]);
      }
      const scaled = valueGain * sum;
      const certain = scaled >= valueNormaliser;
      if (certain || (sum > 0 && encoderFires(draws.output(t, i, f), draws.bits, scaled, valueNormaliser))) {
        output.words[(t * tokens + i) * words + (f >> 5)] |= 1 << (f & 31);
      }
    }
  }
}

/** A Bernoulli encoder: fires with probability numerator / denominator, see `draws.ts`. All products are exact. */
export function encoderFires(draw: number, bits: number, numerator: number, denominator: number): boolean {
  return draw * denominator < numerator * 2 ** bits;
}

/** The bits of `count` tokens from token `first` at step `t`, as `[d][count]`, packed over tokens. */
export function transposeStep(train: SpikeTrain, t: number, first = 0, count = train.rows): Uint32Array {
  const { rows: tokens, features } = train;
  const words = wordsPerRow(features);
  const tokenWords = wordsPerRow(count);
  const columns = new Uint32Array(features * tokenWords);
  for (let j = 0; j < Math.min(count, tokens - first); j++) {
    for (let w = 0; w < words; w++) {
      let bits = train.words[(t * tokens + first + j) * words + w];
      while (bits !== 0) {
        const feature = w * 32 + 31 - Math.clz32(bits & -bits);
        bits &= bits - 1;
        columns[feature * tokenWords + (j >> 5)] |= 1 << (j & 31);
      }
    }
  }
  return columns;
}
