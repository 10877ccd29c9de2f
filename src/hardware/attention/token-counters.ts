/**
 * Token counters: Q-K token attention. Tokens stream past one tree of adders and one neuron per head.
 *
 *   A_ic = k_ic and SN(scale sum_c q_ic)
 *
 * Clock by clock. In clock n of a step, a tree of adders sums the d bits of token n's query into a register. In the next clock the neuron
 * updates the membrane of that token with the sum, and its bit gates the d bits of the token's key; A leaves one clock later. So a step
 * takes N clocks, and T steps take T N + 1. There is a membrane for each token, from 0 for every prompt and block; where blocks take turns
 * after each step, membranes wait in SRAM. No token reads another, so the mask plays no part.
 *
 * Left out: a token could be served as soon as it arrives; the schedule waits for all, as for other units.
 */
import type { HardwareSpec } from "../../experiment/hardware.ts";
import { emptySpikeTrain, popcount32, type SpikeTrain, wordsPerRow } from "../../spike/train.ts";
import { type ActionTally, emptyTally } from "../actions.ts";
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

export interface TokenCounters extends UnitSizes {
  readonly unit: "token-counters";
  readonly scoreNeurons: null;
}

/** Throws as `attentionNeurons`, and MappingError for a sum too narrow for d. */
export function tokenCounters(
  request: UnitRequest,
  hardware: Pick<HardwareSpec, "ssa" | "order" | "arithmetic">,
  { scale }: { readonly scale: number },
): TokenCounters {
  const { tokens, dimension } = request;
  return {
    unit: "token-counters",
    tokens,
    dimension,
    drained: drainedOf(hardware),
    clocks: { step: tokens, drain: 1, first: 1, late: 1 },
    vectors: 2 * tokens,
    wordBits: dimension,
    counterBits: counterBitsOf(hardware.ssa, dimension),
    scoreNeurons: null,
    outputNeurons: {
      neurons: neuronsFor(hardware, request, { gain: scale, normaliser: 1, largestCount: dimension }),
      membranes: tokens,
      units: 1,
    },
  };
}

/**
 * Runs one head of one prompt.
 *
 * Shapes   query, key: [T][N][d]; returns A, [T][N][d]
 * Counts   as `tokenActions`
 */
export function runTokenCounters(unit: TokenCounters, head: HeadTrains, tally: ActionTally): SpikeTrain {
  const { query, key } = head as Required<HeadTrains>;
  const { tokens, dimension, outputNeurons } = unit;
  const words = wordsPerRow(dimension);
  const output = emptySpikeTrain(query.steps, tokens, dimension);
  const neurons = neuronBank(outputNeurons.neurons, tokens);
  for (let t = 0; t < query.steps; t++) {
    for (let i = 0; i < tokens; i++) {
      const at = (t * tokens + i) * words;
      let count = 0;
      for (let w = 0; w < words; w++) count += popcount32(query.words[at + w]);
      tally.treeBits += dimension;
      tally.counterIncrements += count;
      tally.outputUpdates++;
      if (neurons.update(i, count)) output.words.set(key.words.subarray(at, at + words), at);
      tally.tokenAnds += dimension;
      tally.bitsRead += 2 * dimension;
      tally.bitsWritten += dimension;
    }
  }
  countStates(unit, query.steps, tally);
  return output;
}

/** The actions of one head; all except `counterIncrements` follow from its sizes. */
export function tokenActions(unit: TokenCounters, steps: number): ActionTally {
  const rows = steps * unit.tokens;
  const bits = rows * unit.dimension;
  return {
    ...emptyTally(),
    ...stateActions(unit, steps),
    treeBits: bits,
    tokenAnds: bits,
    outputUpdates: rows,
    bitsRead: steps * unit.vectors * unit.dimension,
    bitsWritten: bits,
  };
}

/** The ones of one head's queries, which the tree sums. */
export function tokenIncrements({ query }: HeadTrains): number {
  let sum = 0;
  for (const word of (query as SpikeTrain).words) sum += popcount32(word);
  return sum;
}
