/**
 * Column counters: a counter and a neuron for each channel of a head, past which tokens stream.
 *
 *   sum_c(row) = sum of x_jc over the tokens j of a row of the mask     x = k v ("sdsa-1"), or q ("qk-channel")
 *   A_ic       = g_ic and SN(scale sum_c(row of i))                     g = q, or k
 *
 * Clock by clock. `mask-rows.ts` puts the distinct rows of the mask in order. A step is one slot for each row. In the slot of row r the
 * tokens that row serves pass, one per clock: their bits of g meet the d bits of the gate register in ANDs, and A leaves one clock later.
 * In the last clocks of the same slot, the tokens that the next row adds are counted, one per clock: all d counters take their bit of x
 * (k AND v, or q); where a row does not contain the one before, counters restart. With the last token of a row, or in the last clock of the
 * slot if none is added, all d neurons update the row's membranes with the finished sums, and the gate register takes their bits at the
 * end of that clock. So a slot takes as many clocks as the longer of the two, and a step
 *
 *   sum over rows of max(1, tokens served, tokens added by the next row)
 *
 * clocks: N for a full mask (row 1 of the next step is counted while A leaves), a causal one, or queries and contexts. A run begins with
 * the clocks that count the first row. Tokens whose rows are equal share neurons, because their sums are equal: d membranes per distinct
 * row that attends to anything. Membranes start at 0 for every prompt and block; where blocks take turns after each step, they wait in
 * SRAM.
 */
import type { AttentionPart } from "../../experiment/by-attention.ts";
import type { HardwareSpec } from "../../experiment/hardware.ts";
import { emptySpikeTrain, popcount32, type SpikeTrain, wordsPerRow } from "../../spike/train.ts";
import { type ActionTally, emptyTally } from "../actions.ts";
import { type MaskRow, type MaskRows, maskRows } from "./mask-rows.ts";
import { neuronBank } from "./neurons.ts";
import { counterBitsOf } from "./pair-tile.ts";
import {
  countStates,
  drainedOf,
  type HeadTrains,
  neuronsFor,
  stateActions,
  type UnitClocks,
  type UnitRequest,
  type UnitSizes,
} from "./unit.ts";

export interface ColumnCounters extends UnitSizes {
  readonly unit: "column-counters";
  readonly rows: MaskRows;
  /** The parts that meet before the counters, and the one that is gated. */
  readonly counted: readonly AttentionPart[];
  readonly gated: AttentionPart;
  readonly scoreNeurons: null;
}

/** Throws as `attentionNeurons`, and MappingError for a counter too narrow for the largest row. */
export function columnCounters(
  request: UnitRequest,
  hardware: Pick<HardwareSpec, "ssa" | "order" | "arithmetic">,
  { scale, counted, gated }: Pick<ColumnCounters, "counted" | "gated"> & { readonly scale: number },
): ColumnCounters {
  const { tokens, dimension, mask } = request;
  const rows = maskRows(mask, tokens);
  const largestCount = Math.max(1, rows.largest);
  return {
    unit: "column-counters",
    tokens,
    dimension,
    rows,
    counted,
    gated,
    drained: drainedOf(hardware),
    clocks: columnClocks(rows),
    vectors: counted.length * rows.added + tokens,
    wordBits: dimension,
    counterBits: counterBitsOf(hardware.ssa, largestCount),
    scoreNeurons: null,
    outputNeurons: {
      neurons: neuronsFor(hardware, request, { gain: scale, normaliser: 1, largestCount }),
      membranes: rows.kept * dimension,
      units: dimension,
    },
  };
}

/** Clocks of the slots of a step, in the order of the rows. */
export const slotClocks = ({ rows }: Pick<MaskRows, "rows">): number[] =>
  rows.map(({ served }, r) => Math.max(1, served.length, rows[(r + 1) % rows.length].added.length));

function columnClocks({ rows }: MaskRows): UnitClocks {
  const slots = slotClocks({ rows });
  const first = Math.max(1, rows[0].added.length);
  // In the last slot of a run, no row follows.
  const unused = slots[slots.length - 1] - rows[rows.length - 1].served.length;
  const step = slots.reduce((sum, clocks) => sum + clocks, 0);
  return { step, drain: Math.max(1, first - unused), first, late: Math.max(1, first - unused) };
}

/**
 * Runs one head of one prompt.
 *
 * Shapes   head: the parts that it reads, [T][N][d]; returns A, [T][N][d]
 * Counts   as `columnActions`
 */
export function runColumnCounters(unit: ColumnCounters, head: HeadTrains, tally: ActionTally): SpikeTrain {
  const { tokens, dimension, rows, counted, gated, outputNeurons } = unit;
  const offered = counted.map((part) => head[part] as SpikeTrain);
  const gate = head[gated] as SpikeTrain;
  const { steps } = gate;
  const words = wordsPerRow(dimension);
  const output = emptySpikeTrain(steps, tokens, dimension);
  const neurons = neuronBank(outputNeurons.neurons, outputNeurons.membranes);
  const counters = new Uint32Array(dimension);
  for (let t = 0; t < steps; t++) {
    counters.fill(0);
    for (const row of rows.rows) {
      if (row.restarts) counters.fill(0);
      for (const j of row.added) {
        for (let c = 0; c < dimension; c++) {
          const bit = offered.every(({ words: bits }) => (bits[(t * tokens + j) * words + (c >> 5)] >>> (c & 31)) & 1);
          counters[c] += bit ? 1 : 0;
          tally.channelCounts++;
          if (bit) tally.counterIncrements++;
        }
        if (counted.length > 1) tally.tokenAnds += dimension;
        tally.bitsRead += counted.length * dimension;
      }
      const register = new Uint32Array(words);
      for (let c = 0; row.kept !== null && c < dimension; c++) {
        tally.outputUpdates++;
        if (neurons.update(row.kept * dimension + c, counters[c])) register[c >> 5] |= 1 << (c & 31);
      }
      serve(row, t, gate, register, output, tally);
    }
  }
  countStates(unit, steps, tally);
  return output;
}

/** Passes the tokens of a row through the gates. */
function serve(
  row: MaskRow,
  t: number,
  gate: SpikeTrain,
  register: Uint32Array,
  output: SpikeTrain,
  tally: ActionTally,
): void {
  const { rows: tokens, features } = gate;
  for (const i of row.served) {
    const at = (t * tokens + i) * register.length;
    for (let w = 0; w < register.length; w++) output.words[at + w] = gate.words[at + w] & register[w];
    tally.tokenAnds += features;
    tally.bitsRead += features;
    tally.bitsWritten += features;
  }
}

/** The actions of one head; all except `counterIncrements` follow from its sizes. */
export function columnActions(unit: ColumnCounters, steps: number): ActionTally {
  const { tokens, dimension, rows, counted, vectors, outputNeurons } = unit;
  const offered = steps * rows.added * dimension;
  const bits = steps * tokens * dimension;
  return {
    ...emptyTally(),
    ...stateActions(unit, steps),
    channelCounts: offered,
    tokenAnds: (counted.length > 1 ? offered : 0) + bits,
    outputUpdates: steps * outputNeurons.membranes,
    bitsRead: steps * vectors * dimension,
    bitsWritten: bits,
  };
}

/** Counter increments of one head. */
export function columnIncrements({ tokens, dimension, rows, counted }: ColumnCounters, head: HeadTrains): number {
  const [first, ...rest] = counted.map((part) => head[part] as SpikeTrain);
  const words = wordsPerRow(dimension);
  let sum = 0;
  for (let t = 0; t < first.steps; t++) {
    for (const { added } of rows.rows) {
      for (const j of added) {
        for (let w = (t * tokens + j) * words; w < (t * tokens + j + 1) * words; w++) {
          sum += popcount32(rest.reduce((bits, train) => bits & train.words[w], first.words[w]));
        }
      }
    }
  }
  return sum;
}
