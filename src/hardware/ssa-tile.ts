/**
 * The SSA tile: an N x N array of stochastic attention cells that serves one attention head (Xpikeformer, section IV-B2,
 * Algorithm 1, Fig. 5).
 *
 *   count_ij = sum_d Q_id and K_jd          S_ij ~ Bern(min(1, scoreGain count_ij / d)) where mask_ij, else 0
 *   sum_id   = sum_j S_ij and V_jd          A_id ~ Bern(min(1, valueGain sum_id / N))
 *
 * A cell (i, j) ANDs one feature of query i and key j per clock and counts; after d clocks its encoder compares the count
 * with a random number and holds the bit S_ij for the next d clocks, in which it ANDs it with the features of value j,
 * delayed by a FIFO of d bits; a column's adder sums the N results and its encoder emits one bit of A per clock. Steps are
 * pipelined: T steps take (T + 1) d clocks. Gains are powers of two, that is, shifts of the count; a shifted count that
 * reaches the normaliser saturates: the cell always fires. How draws compare with counts is said in `draws.ts`.
 *
 * The functional form below computes whole steps at once on packed bits. Counters are as wide as d needs (the paper's
 * 8-bit counter wraps at d = 256) and the tile is as large as N needs (the paper says 16 to 128 tokens).
 */
import { emptySpikeTrain, popcount32, type SpikeTrain, wordsPerRow } from "../spike/train.ts";
import type { ActionTally } from "./actions.ts";
import type { TileDraws } from "./draws.ts";

export interface SsaTileSettings {
  /** `[N, N]`, 1 where query token i may attend to key token j; cells at 0 are gated off. */
  readonly mask: Uint8Array;
  readonly scoreGain: number;
  readonly valueGain: number;
}

export interface SsaTileRun {
  /** A, `[T][N][d]`. */
  readonly output: SpikeTrain;
  /** S, `[T][N queries][N keys]`. */
  readonly scores: SpikeTrain;
}

/** Clocks of one head for T steps: the first window only counts, the last only emits. */
export const ssaTileCycles = (steps: number, dimension: number): number => (steps + 1) * dimension;

/**
 * Runs one head of one prompt.
 *
 * Shapes   query, key, value: [T][N][d]
 * Random   only through `draws`
 * Counts   scoreAnds, counterIncrements, scoreComparisons, valueAnds, columnAdditions, outputComparisons, randomNumbers,
 *          lfsrShifts, bitsRead (q, k, v), bitsWritten (A)
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
  for (let t = 0; t < steps; t++) {
    tally.counterIncrements += sampleScores(t, query, key, settings, draws, scores);
    sampleOutputs(t, scores, value, settings.valueGain, draws, output);
  }
  const openCells = settings.mask.reduce((open, cell) => open + cell, 0);
  const bits = tokens * dimension;
  tally.scoreAnds += steps * openCells * dimension;
  tally.scoreComparisons += steps * openCells;
  tally.valueAnds += steps * openCells * dimension;
  tally.columnAdditions += steps * bits;
  tally.outputComparisons += steps * bits;
  tally.randomNumbers += steps * (openCells + bits);
  tally.lfsrShifts += draws.lfsrShifts;
  tally.bitsRead += 3 * steps * bits;
  tally.bitsWritten += steps * bits;
  return { output, scores };
}

/** Writes S of one step and returns the sum of all counts. */
function sampleScores(
  t: number,
  query: SpikeTrain,
  key: SpikeTrain,
  { mask, scoreGain }: SsaTileSettings,
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
      counted += count;
      const scaled = scoreGain * count;
      // A count of zero and a saturated one need no draw to be known.
      if (scaled >= dimension || (count > 0 && encoderFires(draws.score(t, i, j), draws.bits, scaled, dimension))) {
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
  valueGain: number,
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
      if (scaled >= tokens || (sum > 0 && encoderFires(draws.output(t, i, f), draws.bits, scaled, tokens))) {
        output.words[(t * tokens + i) * words + (f >> 5)] |= 1 << (f & 31);
      }
    }
  }
}

/** A Bernoulli encoder: fires with probability numerator / denominator, see `draws.ts`. All products are exact. */
export function encoderFires(draw: number, bits: number, numerator: number, denominator: number): boolean {
  return draw * denominator < numerator * 2 ** bits;
}

/** The bits of one step as `[d][N]`, packed over tokens. */
function transposeStep(train: SpikeTrain, t: number): Uint32Array {
  const { rows: tokens, features } = train;
  const words = wordsPerRow(features);
  const tokenWords = wordsPerRow(tokens);
  const columns = new Uint32Array(features * tokenWords);
  for (let j = 0; j < tokens; j++) {
    for (let w = 0; w < words; w++) {
      let bits = train.words[(t * tokens + j) * words + w];
      while (bits !== 0) {
        const feature = w * 32 + 31 - Math.clz32(bits & -bits);
        bits &= bits - 1;
        columns[feature * tokenWords + (j >> 5)] |= 1 << (j & 31);
      }
    }
  }
  return columns;
}
