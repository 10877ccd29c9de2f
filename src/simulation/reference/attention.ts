/**
 * Attention: splits the packed qkv train into the parts of every head, runs one unit per head, and merges the heads.
 *
 * A qkv row has a part of D features for each of q, k and v that the kind reads, in this order; head h owns features h d .. h d + d - 1 of
 * each. Units work in parallel and take prompts one after another. `fast/attention.ts` is the fast twin.
 */
import { ShapeError } from "../../errors.ts";
import { type AttentionPart, QUERIES_KEYS_VALUES } from "../../experiment/by-attention.ts";
import type { ActionTally } from "../../hardware/actions.ts";
import { type FiringUnit, runUnit } from "../../hardware/attention/catalogue.ts";
import { type HeadTrains, unitCycles } from "../../hardware/attention/unit.ts";
import { idealDraws, lfsrDraws, type TileDraws } from "../../hardware/draws.ts";
import { runSsaTile, type SsaTileRun } from "../../hardware/ssa-tile.ts";
import type { ServingMapping } from "../../mapping/attention.ts";
import type { Stream } from "../../numeric/stream.ts";
import { countSpikes, emptySpikeTrain, type SpikeTrain, wordsPerRow } from "../../spike/train.ts";
import type { MappedNetwork } from "../chip.ts";
import { hasTiles, isServed, servedAttention, servedByTiles } from "../served.ts";
import type { SpikeCount } from "../trace.ts";

export interface AttentionRun {
  /** A, `[T][prompts tokens][D]`. */
  readonly output: SpikeTrain;
  /** Number of ones in S, over all cells of all heads; of no bits for units other than SSA tiles. */
  readonly scores: SpikeCount;
  readonly cycles: number;
}

/** Attention of a network: from q, k and v of an operation, which is given by its place among them, with the number of the first prompt. */
export type BlockAttention = (qkv: SpikeTrain, block: number, firstPrompt: number, tally: ActionTally) => AttentionRun;

/**
 * The units of a chip; null on a machine without units.
 *
 * @param draws random numbers of SSA tiles, instead of those of the hardware's spec
 * Random  as `tileDraws`; other units draw nothing
 */
export function blockAttention(
  chip: MappedNetwork,
  steps: number,
  random: Stream,
  draws?: (block: number, prompt: number, head: number) => TileDraws,
): BlockAttention | null {
  const served = servedAttention(chip).filter(isServed);
  if (served.length === 0) return null;
  const numbers = served.some(hasTiles) ? (draws ?? tileDraws(chip, steps, random)) : null;
  for (const { unit } of served) if (unit.unit !== "ssa-tile") requireMembranes(unit, steps);
  return (qkv, block, firstPrompt, tally) => {
    const { unit, placed, parts } = served[block];
    if (unit.unit !== "ssa-tile") {
      return runHeads(qkv, placed, parts, (head) => ({ output: runUnit(unit, head, tally), scores: null }));
    }
    return runTiles(qkv, placed, (query, key, value, prompt, head) =>
      runSsaTile(query, key, value, unit, numbers!(block, firstPrompt + prompt, head), tally),
    );
  };
}

/** Throws ShapeError for more steps than a unit's membranes were built for. */
export function requireMembranes({ scoreNeurons, outputNeurons }: FiringUnit, steps: number): void {
  for (const group of [scoreNeurons, outputNeurons]) {
    if (group === null || steps <= (group.neurons.steps ?? steps)) continue;
    throw new ShapeError(
      "input",
      `The input has ${steps} steps, but membranes of attention do not leak, and have ${group.neurons.membraneBits} bits for the ` +
        `${group.neurons.steps} steps of the network. Use no more steps, or a network with more.`,
    );
  }
}

/** Scores of a unit that decides none for the trace. */
export const NO_SCORES: SpikeCount = { ones: 0, bits: 0 };

/** The parts of a head of a prompt. */
export function headTrains(
  qkv: SpikeTrain,
  { heads, dimension, tokens }: Pick<ServingMapping, "heads" | "dimension" | "tokens">,
  parts: readonly AttentionPart[],
  prompt: number,
  head: number,
): HeadTrains {
  const cut = (part: number) => cutHead(qkv, prompt, tokens, (part * heads + head) * dimension, dimension);
  return Object.fromEntries(parts.map((part, i) => [part, cut(i)]));
}

/** Runs a unit per head and prompt. Shapes: qkv [T][prompts tokens][parts D]. */
function runHeads(
  qkv: SpikeTrain,
  placed: ServingMapping,
  parts: readonly AttentionPart[],
  run: (head: HeadTrains, prompt: number, index: number) => { output: SpikeTrain; scores: SpikeTrain | null },
): AttentionRun {
  const { heads, tokens, dimension } = placed;
  const prompts = qkv.rows / tokens;
  const output = emptySpikeTrain(qkv.steps, qkv.rows, heads * dimension);
  let scores = NO_SCORES;
  for (let prompt = 0; prompt < prompts; prompt++) {
    for (let head = 0; head < heads; head++) {
      const ran = run(headTrains(qkv, placed, parts, prompt, head), prompt, head);
      pasteHead(ran.output, output, prompt, head * dimension);
      if (ran.scores === null) continue;
      const { steps, rows, features } = ran.scores;
      scores = { ones: scores.ones + countSpikes(ran.scores), bits: scores.bits + steps * rows * features };
    }
  }
  return { output, scores, cycles: prompts * engineCycles(qkv.steps, placed) };
}

/** Runs a tile per head and prompt through `runTile`. Shapes: qkv [T][prompts tokens][3 D]; q, k, v [T][N][d]. */
export const runTiles = (
  qkv: SpikeTrain,
  placed: ServingMapping,
  runTile: (query: SpikeTrain, key: SpikeTrain, value: SpikeTrain, prompt: number, head: number) => SsaTileRun,
): AttentionRun =>
  runHeads(qkv, placed, QUERIES_KEYS_VALUES, (of, prompt, head) => {
    const { query, key, value } = of as Required<HeadTrains>;
    return runTile(query, key, value, prompt, head);
  });

/** Clocks in which the units serve all heads of a prompt: in parallel, one group of heads after another. */
export const engineCycles = (steps: number, mapping: ServingMapping): number =>
  unitCycles(steps, Math.ceil(mapping.heads / mapping.tiles), mapping);

/**
 * The tiles' random numbers, as specified; each head of each prompt in each block has its own numbers.
 *
 * Random   ideal: the key of `random.fork("attention")`; lfsr: as `seedStream`; ordered draws: none
 */
export function tileDraws(
  chip: MappedNetwork,
  steps: number,
  random: Stream,
): (block: number, prompt: number, head: number) => TileDraws {
  const served = servedByTiles(chip);
  const root = seedRoot(random);
  const seeds = seedStream(chip, random);
  return (block, prompt, head) => {
    const { tokens, dimension, draws: kind, lfsr, plan } = served[block].unit;
    const shape = { steps, tokens, dimension };
    if (chip.hardware.ssa.random !== "lfsr") return idealDraws(shape, kind, { key: root.key, block, prompt, head });
    const draws = lfsrDraws(shape, kind, seeds(block, prompt, head), lfsr, plan);
    return shiftsRegisters(chip, served[block].placed, head) ? draws : { ...draws, lfsrShifts: 0 };
  };
}

/** Whether registers shift for a head: those of an engine shift once for all heads served at a time. */
export const shiftsRegisters = (
  { hardware }: Pick<MappedNetwork, "hardware">,
  { tiles }: Pick<ServingMapping, "tiles">,
  head: number,
): boolean => hardware.ssa.lfsr.scope !== "engine" || head % tiles === 0;

/** What all tiles of a run fork. */
export const seedRoot = (random: Stream): Stream => random.fork("attention");

/**
 * The stream that seeds the registers of a head: `random.fork("attention", block, prompt, head)`, or, when the heads of a block
 * share an engine's registers, `random.fork("attention", block, prompt)`.
 */
export function seedStream(
  chip: MappedNetwork,
  random: Stream,
): (block: number, prompt: number, head: number) => Stream {
  const root = seedRoot(random);
  return chip.hardware.ssa.lfsr.scope === "engine"
    ? (block, prompt) => root.fork(block, prompt)
    : (block, prompt, head) => root.fork(block, prompt, head);
}

/** Features `first .. first + dimension - 1` of a prompt's rows, `[T][N][dimension]`. */
export function cutHead(
  train: SpikeTrain,
  prompt: number,
  tokens: number,
  first: number,
  dimension: number,
): SpikeTrain {
  const head = emptySpikeTrain(train.steps, tokens, dimension);
  const [from, to] = [wordsPerRow(train.features), wordsPerRow(dimension)];
  for (let t = 0; t < train.steps; t++) {
    for (let n = 0; n < tokens; n++) {
      const row = (t * train.rows + prompt * tokens + n) * from;
      for (let w = 0; w < to; w++) {
        const bits = readBits(train.words, row, first + 32 * w, Math.min(32, dimension - 32 * w));
        head.words[(t * tokens + n) * to + w] = bits;
      }
    }
  }
  return head;
}

/** Writes a head's features into the rows of its prompt, from feature `first` on. */
function pasteHead(head: SpikeTrain, train: SpikeTrain, prompt: number, first: number): void {
  const [from, to] = [wordsPerRow(head.features), wordsPerRow(train.features)];
  for (let t = 0; t < head.steps; t++) {
    for (let n = 0; n < head.rows; n++) {
      const row = (t * train.rows + prompt * head.rows + n) * to;
      for (let w = 0; w < from; w++) {
        const bits = head.words[(t * head.rows + n) * from + w];
        const position = first + 32 * w;
        const [word, shift] = [row + (position >> 5), position & 31];
        train.words[word] |= bits << shift;
        // Bits past the row's last feature are 0, so a carry never enters the next row.
        if (shift > 0 && bits >>> (32 - shift) !== 0) train.words[word + 1] |= bits >>> (32 - shift);
      }
    }
  }
}

/** `count` (1 .. 32) bits from bit `position` of the row that starts at word `row`. */
function readBits(words: Uint32Array, row: number, position: number, count: number): number {
  const [word, shift] = [row + (position >> 5), position & 31];
  const low = words[word] >>> shift;
  const bits = shift + count > 32 ? low | (words[word + 1] << (32 - shift)) : low;
  return (count === 32 ? bits : bits & ((1 << count) - 1)) >>> 0;
}
