/**
 * The outer-product array: d x d counters that hold K^T V of a head, and columns of adders gated by Q.
 *
 *   M_ce  = sum of k_jc v_je over the tokens j of a row of the mask
 *   A_ie  = SN(scale sum_c q_ic M_ce)
 *
 * It computes what Spikformer's attention does in N d^2 operations per step instead of N^2 d: less for more tokens than channels.
 *
 * Clock by clock. `mask-rows.ts` puts the distinct rows of the mask in order, and a step is one slot for each row. First the tokens that
 * the row adds are counted, one per clock: cell (c, e) ANDs bit c of the key and bit e of the value and counts. Then the tokens that it
 * serves pass, one per clock: in column e the counts of all cells whose bit c of the query is 1 are added, the neuron at the column's foot
 * updates the token's membrane, and all d bits of A leave one clock later. Counters are written at the end of a clock, so the next row's
 * first token is counted in the clock in which the last token of this row passes. A step thus takes
 *
 *   sum over rows of tokens served + max(0, tokens added - 1)
 *
 * clocks, N for a causal mask and 2 N - 1 for a full one, and T steps take one more. Counters restart with each step, and where a row does
 * not contain the one before. There are N d membranes, from 0 for every prompt and block; where blocks take turns after each step,
 * they wait in SRAM.
 *
 * Left out: a second set of registers, with which counting and reading a full mask would overlap.
 */
import type { HardwareSpec } from "../../experiment/hardware.ts";
import { emptySpikeTrain, popcount32, type SpikeTrain, wordsPerRow } from "../../spike/train.ts";
import { type ActionTally, emptyTally } from "../actions.ts";
import { bitsFor } from "../ssa-parameters.ts";
import { type MaskRows, maskRows } from "./mask-rows.ts";
import { neuronBank } from "./neurons.ts";
import { counterBitsOf } from "./pair-tile.ts";
import {
  countStates,
  drainedOf,
  type HeadTrains,
  neuronsFor,
  stateActions,
  type UnitRequest,
  type UnitSizes,
} from "./unit.ts";

export interface OuterProduct extends UnitSizes {
  readonly unit: "outer-product";
  readonly rows: MaskRows;
  /** Bits of a column's sum. */
  readonly sumBits: number;
  readonly scoreNeurons: null;
}

/** Throws as `attentionNeurons`, and MappingError for a counter too narrow for the largest row. */
export function outerProduct(
  request: UnitRequest,
  hardware: Pick<HardwareSpec, "ssa" | "order" | "arithmetic">,
  { scale }: { readonly scale: number },
): OuterProduct {
  const { tokens, dimension, mask } = request;
  const rows = maskRows(mask, tokens);
  const largest = Math.max(1, rows.largest);
  const first = Math.max(1, rows.rows[0].added.length);
  const step = rows.rows.reduce((sum, { added, served }) => sum + served.length + Math.max(0, added.length - 1), 0);
  return {
    unit: "outer-product",
    tokens,
    dimension,
    rows,
    drained: drainedOf(hardware),
    clocks: { step, drain: 1, first, late: 1 },
    vectors: 2 * rows.added + tokens,
    wordBits: dimension,
    counterBits: counterBitsOf(hardware.ssa, largest),
    sumBits: bitsFor(largest * dimension),
    scoreNeurons: null,
    outputNeurons: {
      neurons: neuronsFor(hardware, request, { gain: scale, normaliser: 1, largestCount: largest * dimension }),
      membranes: tokens * dimension,
      units: dimension,
    },
  };
}

/**
 * Runs one head of one prompt.
 *
 * Shapes   query, key, value: [T][N][d]; returns A, [T][N][d]
 * Counts   as `outerActions`
 */
export function runOuterProduct(unit: OuterProduct, head: HeadTrains, tally: ActionTally): SpikeTrain {
  const { query, key, value } = head as Required<HeadTrains>;
  const { tokens, dimension: d, rows, outputNeurons } = unit;
  const words = wordsPerRow(d);
  const output = emptySpikeTrain(query.steps, tokens, d);
  const neurons = neuronBank(outputNeurons.neurons, tokens * d);
  const counters = new Uint32Array(d * d);
  const bit = (train: SpikeTrain, row: number, c: number) => (train.words[row * words + (c >> 5)] >>> (c & 31)) & 1;
  for (let t = 0; t < query.steps; t++) {
    counters.fill(0);
    for (const { added, restarts, served } of rows.rows) {
      if (restarts) counters.fill(0);
      for (const j of added.map((token) => t * tokens + token)) {
        for (let c = 0; c < d; c++) {
          for (let e = 0; e < d; e++) {
            const both = bit(key, j, c) & bit(value, j, e);
            counters[c * d + e] += both;
            tally.counterIncrements += both;
            tally.outerAnds++;
          }
        }
        tally.bitsRead += 2 * d;
      }
      for (const token of served) {
        const i = t * tokens + token;
        for (let e = 0; e < d; e++) {
          let sum = 0;
          for (let c = 0; c < d; c++) sum += bit(query, i, c) * counters[c * d + e];
          tally.gatedAdditions += d;
          tally.columnAdditions++;
          tally.outputUpdates++;
          if (neurons.update(token * d + e, sum)) output.words[i * words + (e >> 5)] |= 1 << (e & 31);
        }
        tally.bitsRead += d;
        tally.bitsWritten += d;
      }
    }
  }
  countStates(unit, query.steps, tally);
  return output;
}

/** The actions of one head; all except `counterIncrements` follow from its sizes. */
export function outerActions(unit: OuterProduct, steps: number): ActionTally {
  const { tokens, dimension, rows, vectors } = unit;
  const bits = steps * tokens * dimension;
  return {
    ...emptyTally(),
    ...stateActions(unit, steps),
    outerAnds: steps * rows.added * dimension ** 2,
    gatedAdditions: bits * dimension,
    columnAdditions: bits,
    outputUpdates: bits,
    bitsRead: steps * vectors * dimension,
    bitsWritten: bits,
  };
}

/** Counter increments of one head: ones of a key times ones of its value. */
export function outerIncrements({ tokens, dimension, rows }: OuterProduct, head: HeadTrains): number {
  const { key, value } = head as Required<HeadTrains>;
  const words = wordsPerRow(dimension);
  const ones = (train: SpikeTrain, row: number) => {
    let count = 0;
    for (let w = row * words; w < (row + 1) * words; w++) count += popcount32(train.words[w]);
    return count;
  };
  let sum = 0;
  for (let t = 0; t < key.steps; t++) {
    for (const { added } of rows.rows) {
      for (const j of added) sum += ones(key, t * tokens + j) * ones(value, t * tokens + j);
    }
  }
  return sum;
}
