/**
 * The pair tile: the N x N array of the SSA tile (`ssa-tile.ts`) with other decisions and neurons at the feet of its columns.
 *
 *   count_ij = sum_c ones (Q_ic and K_jc) + zeros (neither)       where mask_ij
 *   w_ij     = SN(gain count_ij / I_max)   neurons in cells: "lif"
 *            = 1 where count_ij >= cut     comparators in cells: "binary-map"
 *            = count_ij                    "spikformer", "alpha-xnor", "random"
 *   A_ic     = SN(scale sum_j w_ij V_jc)
 *
 * Clock by clock. As in the SSA tile a window has d clocks, one per feature. In a window a cell adds one feature of query i and key j to
 * its counter: two ones count 1; where two zeros count alpha = 2^-a, ones count 2^a and zeros 1, so counters stay whole. In the last clock
 * the neuron or comparator decides on the finished count, or the cell takes the count itself, and holds the result for the next window.
 * There it gates, feature by feature, with V from a FIFO of d bits: a held bit meets V in an AND; a held count is added in the column's
 * adder where V is 1. The neuron at the foot of a column takes one sum per clock and emits one bit of A, registered once; it holds one
 * membrane for each feature of each token that its column serves. Counters restart with each window. Steps are pipelined: T steps take
 * (T + 1) d clocks, or (T passes + 1) d when a tile serves more tokens than it holds (`tile-plan.ts`), whose column sums add up as
 * partial sums. Membranes start at 0 for every prompt and block; where blocks take turns after each step, they wait in SRAM.
 *
 * No random numbers. Left out: counters that saturate.
 */
import { MappingError } from "../../errors.ts";
import type { AttentionOf } from "../../experiment/attention.ts";
import type { HardwareSpec, SsaSpec } from "../../experiment/hardware.ts";
import { emptySpikeTrain, popcount32, type SpikeTrain, wordsPerRow } from "../../spike/train.ts";
import { type ActionTally, emptyTally } from "../actions.ts";
import { bitsFor } from "../ssa-parameters.ts";
import { planTile, type TilePlan, vectorsOf } from "../tile-plan.ts";
import { type NeuronBank, neuronBank } from "./neurons.ts";
import {
  countStates,
  drainedOf,
  type HeadTrains,
  type NeuronGroup,
  neuronsFor,
  stateActions,
  type UnitRequest,
  type UnitSizes,
  unitCycles,
} from "./unit.ts";

/** What becomes of a finished count in its cell. */
export type PairDecision =
  | { readonly by: "neurons"; readonly group: NeuronGroup }
  | { readonly by: "cut"; readonly cut: number }
  | { readonly by: "count" };

export interface PairTile extends UnitSizes {
  readonly unit: "pair-tile";
  readonly mask: Uint8Array;
  readonly plan: TilePlan;
  readonly decision: PairDecision;
  /** What two ones and two zeros add to a counter. */
  readonly ones: number;
  readonly zeros: number;
  /** Bits of a column's sum. */
  readonly sumBits: number;
  /** Cells of a tile: those that its mask enables, or all of a tile that serves several pairs of blocks. */
  readonly cells: number;
  /** V FIFOs of d bits, and columns with a neuron. */
  readonly fifos: number;
  readonly feet: number;
}

type Hardware = Pick<HardwareSpec, "ssa" | "order" | "arithmetic">;
type Kind = "lif" | "spikformer" | "alpha-xnor" | "binary-map" | "random";

/** By kind. Each throws as `attentionNeurons`, and MappingError for a counter too narrow for d. */
export const pairTiles: {
  readonly [K in Kind]: (attention: AttentionOf<K>) => (request: UnitRequest, hardware: Hardware) => PairTile;
} = {
  lif:
    ({ scoreGain, valueGain }) =>
    (request, hardware) => {
      const { dimension, tokens } = request;
      const normaliser = (count: number) =>
        hardware.ssa.normaliser === "exact" ? count : 2 ** Math.ceil(Math.log2(count));
      const score = { gain: scoreGain, normaliser: normaliser(dimension), largestCount: dimension };
      return pairTile(request, hardware, {
        gain: valueGain,
        normaliser: normaliser(tokens),
        decide: (open, units) => ({
          by: "neurons",
          group: { neurons: neuronsFor(hardware, request, score), membranes: open, units },
        }),
      });
    },
  spikformer: gatingCounts,
  random: gatingCounts,
  "alpha-xnor": ({ alpha, scale }) => gatingCounts({ scale: alpha * scale, ones: 1 / alpha, zeros: 1 }),
  "binary-map":
    ({ cut, scale }) =>
    (request, hardware) =>
      pairTile(request, hardware, { gain: scale, decide: () => ({ by: "cut", cut }) }),
};

function gatingCounts({ scale, ones = 1, zeros = 0 }: { scale: number; ones?: number; zeros?: number }) {
  return (request: UnitRequest, hardware: Hardware): PairTile =>
    pairTile(request, hardware, { gain: scale, ones, zeros, decide: () => ({ by: "count" }) });
}

function pairTile(
  request: UnitRequest,
  hardware: Hardware,
  kind: {
    readonly gain: number;
    readonly normaliser?: number;
    readonly ones?: number;
    readonly zeros?: number;
    readonly decide: (open: number, cells: number) => PairDecision;
  },
): PairTile {
  const { gain, normaliser = 1, ones = 1, zeros = 0 } = kind;
  const { tokens, dimension, mask } = request;
  const drained = drainedOf(hardware);
  const plan = planTile(tokens, hardware.ssa.tileTokens ?? tokens, mask, drained);
  const { tileTokens, passes } = plan;
  const openByRow = Array.from({ length: tokens }, (_, i) => countOpen(mask.subarray(i * tokens, (i + 1) * tokens)));
  const open = openByRow.reduce((sum, count) => sum + count, 0);
  const cells = passes.length === 1 ? open : tileTokens ** 2;
  const largestCount = dimension * Math.max(ones, zeros);
  const decision = kind.decide(open, cells);
  const largestSum = Math.max(1, ...openByRow) * (decision.by === "count" ? largestCount : 1);
  const step = passes.length * dimension;
  return {
    unit: "pair-tile",
    tokens,
    dimension,
    mask,
    plan,
    decision,
    ones,
    zeros,
    drained,
    clocks: { step, drain: dimension, first: step, late: 0 },
    vectors: vectorsOf(plan, tokens),
    wordBits: tokens,
    counterBits: counterBitsOf(hardware.ssa, largestCount),
    sumBits: bitsFor(largestSum),
    cells,
    fifos: hardware.ssa.fifo === "row" ? tileTokens : cells,
    feet: tileTokens,
    scoreNeurons: decision.by === "neurons" ? decision.group : null,
    outputNeurons: {
      neurons: neuronsFor(hardware, request, { gain, normaliser, largestCount: largestSum }),
      membranes: tokens * dimension,
      units: tileTokens,
    },
  };
}

const countOpen = (bits: Uint8Array): number => bits.reduce((sum, bit) => sum + bit, 0);

/** Bits of a counter for counts up to `largest`. Throws MappingError for a setting that is too narrow. */
export function counterBitsOf({ counterBits }: Pick<SsaSpec, "counterBits">, largest: number): number {
  const needed = bitsFor(largest);
  if (counterBits === null || counterBits >= needed) return counterBits ?? needed;
  throw new MappingError(
    "hardware.ssa.counterBits",
    `A counter of ${counterBits} bits counts to 2^${counterBits} - 1 = ${2 ** counterBits - 1}, but attention of this network counts to ${largest}, ` +
      `and only cells of stochastic attention saturate. Use ${needed} bits, or null for as many as the network needs.`,
  );
}

/**
 * Runs one head of one prompt.
 *
 * Shapes   query, key, value: [T][N][d]; returns A, [T][N][d]
 * Counts   as `pairTileActions`
 */
export function runPairTile(tile: PairTile, head: HeadTrains, tally: ActionTally): SpikeTrain {
  const { query, key, value } = head as Required<HeadTrains>;
  const { tokens, dimension, plan, decision, mask, outputNeurons, scoreNeurons } = tile;
  const { steps } = query;
  const output = emptySpikeTrain(steps, tokens, dimension);
  const feet = neuronBank(outputNeurons.neurons, tokens * dimension);
  const cells = scoreNeurons && neuronBank(scoreNeurons.neurons, tokens * tokens);
  const words = wordsPerRow(dimension);
  const block = (number: number) => {
    const first = number * plan.tileTokens;
    return Array.from({ length: Math.min(plan.tileTokens, tokens - first) }, (_, n) => first + n);
  };
  for (let t = 0; t < steps; t++) {
    const sums = new Float64Array(tokens * dimension);
    for (const { queryBlock, keyBlock, last } of plan.passes) {
      const [queries, keys] = [block(queryBlock), block(keyBlock)];
      tally.bitsRead += (queries.length + 2 * keys.length) * dimension;
      for (const i of queries) {
        for (const j of keys) {
          if (!mask[i * tokens + j]) continue;
          const count = countPair(
            tile,
            query.words,
            (t * tokens + i) * words,
            key.words,
            (t * tokens + j) * words,
            tally,
          );
          const weight = decide(decision, cells, i * tokens + j, count, tally);
          if (decision.by === "count") tally.gatedAdditions += dimension;
          else tally.valueAnds += dimension;
          if (weight === 0) continue;
          const row = (t * tokens + j) * words;
          for (let c = 0; c < dimension; c++) {
            if ((value.words[row + (c >> 5)] >>> (c & 31)) & 1) sums[i * dimension + c] += weight;
          }
        }
        tally.columnAdditions += dimension;
        if (!last) tally.partialSums += dimension;
      }
    }
    for (let i = 0; i < tokens; i++) {
      for (let c = 0; c < dimension; c++) {
        tally.outputUpdates++;
        if (feet.update(i * dimension + c, sums[i * dimension + c]))
          output.words[(t * tokens + i) * words + (c >> 5)] |= 1 << (c & 31);
      }
    }
    tally.bitsWritten += tokens * dimension;
  }
  tally.fifoShifts += unitCycles(steps, 1, tile) * dimension * tile.fifos;
  countStates(tile, steps, tally);
  return output;
}

function countPair(
  { ones, zeros, dimension }: PairTile,
  query: Uint32Array,
  queryRow: number,
  key: Uint32Array,
  keyRow: number,
  tally: ActionTally,
): number {
  let [both, either] = [0, 0];
  for (let w = 0; w < wordsPerRow(dimension); w++) {
    both += popcount32(query[queryRow + w] & key[keyRow + w]);
    either += popcount32(query[queryRow + w] | key[keyRow + w]);
  }
  const neither = zeros > 0 ? dimension - either : 0;
  tally.scoreAnds += dimension;
  if (zeros > 0) tally.scoreNors += dimension;
  tally.counterIncrements += both + neither;
  return ones * both + zeros * neither;
}

function decide(
  decision: PairDecision,
  cells: NeuronBank | null,
  cell: number,
  count: number,
  tally: ActionTally,
): number {
  switch (decision.by) {
    case "neurons":
      tally.scoreUpdates++;
      return cells?.update(cell, count) ? 1 : 0;
    case "cut":
      tally.countComparisons++;
      return count >= decision.cut ? 1 : 0;
    case "count":
      return count;
  }
}

/** The actions of one head; all except `counterIncrements` follow from its sizes. */
export function pairTileActions(tile: PairTile, steps: number): ActionTally {
  const { tokens, dimension, mask, plan, decision, zeros, vectors, fifos } = tile;
  const cells = steps * countOpen(mask);
  const bits = steps * tokens * dimension;
  const inBlock = (number: number) => Math.min(plan.tileTokens, tokens - number * plan.tileTokens);
  const columns = steps * dimension * plan.passes.reduce((sum, { queryBlock }) => sum + inBlock(queryBlock), 0);
  return {
    ...emptyTally(),
    ...stateActions(tile, steps),
    scoreAnds: cells * dimension,
    scoreNors: zeros > 0 ? cells * dimension : 0,
    scoreUpdates: decision.by === "neurons" ? cells : 0,
    countComparisons: decision.by === "cut" ? cells : 0,
    valueAnds: decision.by === "count" ? 0 : cells * dimension,
    gatedAdditions: decision.by === "count" ? cells * dimension : 0,
    columnAdditions: columns,
    partialSums: columns - bits,
    outputUpdates: bits,
    fifoShifts: unitCycles(steps, 1, tile) * dimension * fifos,
    bitsRead: steps * vectors * dimension,
    bitsWritten: bits,
  };
}

/** Counter increments of one head: two ones, or two zeros where they count. */
export function pairIncrements({ tokens, dimension, mask, zeros }: PairTile, { query, key }: HeadTrains): number {
  const [q, k] = [query, key] as [SpikeTrain, SpikeTrain];
  const words = wordsPerRow(dimension);
  let sum = 0;
  for (let t = 0; t < q.steps; t++) {
    for (let i = 0; i < tokens; i++) {
      const a = (t * tokens + i) * words;
      for (let j = 0; j < tokens; j++) {
        if (!mask[i * tokens + j]) continue;
        const b = (t * tokens + j) * words;
        for (let w = 0; w < words; w++) sum += popcount32(q.words[a + w] & k.words[b + w]);
        if (zeros === 0) continue;
        sum += dimension;
        for (let w = 0; w < words; w++) sum -= popcount32(q.words[a + w] | k.words[b + w]);
      }
    }
  }
  return sum;
}
