/**
 * Attention of a block: splits the packed qkv train into the parts of every head, runs one unit per head, and merges the heads.
 *
 * A qkv row has a part of D features for each of q, k and v that the kind reads, in this order; head h owns features h d .. h d + d - 1 of
 * each. Units work in parallel and take prompts one after another. `fast/attention.ts` is the fast twin.
 */
import { MappingError, ShapeError } from "../../errors.ts";
import { ATTENTION_PARTS, type AttentionPart } from "../../experiment/by-attention.ts";
import type { ActionTally } from "../../hardware/actions.ts";
import { type FiringUnit, runUnit } from "../../hardware/attention/catalogue.ts";
import { type HeadTrains, unitCycles } from "../../hardware/attention/unit.ts";
import { idealDraws, lfsrDraws, type TileDraws } from "../../hardware/draws.ts";
import { runSsaTile, type SsaTileRun, type SsaTileSettings } from "../../hardware/ssa-tile.ts";
import { attentionParametersOf, type ServingMapping, ssaParametersOf } from "../../mapping/attention.ts";
import type { Mapping } from "../../mapping/mapping.ts";
import type { Stream } from "../../numeric/stream.ts";
import { countSpikes, emptySpikeTrain, type SpikeTrain, wordsPerRow } from "../../spike/train.ts";
import type { MappedNetwork } from "../chip.ts";
import type { SpikeCount } from "../trace.ts";

export interface AttentionRun {
  /** A, `[T][prompts tokens][D]`. */
  readonly output: SpikeTrain;
  /** Number of ones in S, over all cells of all heads; of no bits for units other than SSA tiles. */
  readonly scores: SpikeCount;
  readonly cycles: number;
}

/** Attention of blocks: from q, k and v of a block, with the number of the first prompt. Null on a machine without units. */
export type BlockAttention = (qkv: SpikeTrain, block: number, firstPrompt: number, tally: ActionTally) => AttentionRun;

/**
 * The units of a chip.
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
  const { network, hardware, mapping } = chip;
  const { attention } = mapping;
  const unit = attentionParametersOf(network, hardware);
  if (unit.unit === "none" || attention.unit === "none") return null;
  if (unit.unit === "ssa-tile") {
    const numbers = draws ?? tileDraws(chip, steps, random);
    return (qkv, block, firstPrompt, tally) =>
      runAttention(qkv, attention, unit, (p, h) => numbers(block, firstPrompt + p, h), tally);
  }
  requireMembranes(unit, steps);
  const parts = ATTENTION_PARTS[network.model.attention.kind];
  return (qkv, _block, _firstPrompt, tally) => runUnits(qkv, attention, parts, unit, tally);
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

/** Runs a unit with neurons per head and prompt. Shapes: qkv [T][prompts tokens][parts D]. */
function runUnits(
  qkv: SpikeTrain,
  mapping: ServingMapping,
  parts: readonly AttentionPart[],
  unit: FiringUnit,
  tally: ActionTally,
): AttentionRun {
  const { heads, dimension, tokens } = mapping;
  const prompts = qkv.rows / tokens;
  const output = emptySpikeTrain(qkv.steps, qkv.rows, heads * dimension);
  for (let prompt = 0; prompt < prompts; prompt++) {
    for (let head = 0; head < heads; head++) {
      pasteHead(runUnit(unit, headTrains(qkv, mapping, parts, prompt, head), tally), output, prompt, head * dimension);
    }
  }
  return { output, scores: NO_SCORES, cycles: prompts * engineCycles(qkv.steps, mapping) };
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

/** Shapes: qkv [T][prompts tokens][3 D]. Random: through `draws` only. */
export function runAttention(
  qkv: SpikeTrain,
  ssa: ServingMapping,
  settings: SsaTileSettings,
  draws: (prompt: number, head: number) => TileDraws,
  tally: ActionTally,
): AttentionRun {
  return runTiles(qkv, ssa, (query, key, value, prompt, head) =>
    runSsaTile(query, key, value, settings, draws(prompt, head), tally),
  );
}

/** Runs a tile per head and prompt through `runTile`. Shapes: qkv [T][prompts tokens][3 D]; q, k, v [T][N][d]. */
export function runTiles(
  qkv: SpikeTrain,
  ssa: ServingMapping,
  runTile: (query: SpikeTrain, key: SpikeTrain, value: SpikeTrain, prompt: number, head: number) => SsaTileRun,
): AttentionRun {
  const { heads, tokens, dimension } = ssa;
  const width = heads * dimension;
  const prompts = qkv.rows / tokens;
  const output = emptySpikeTrain(qkv.steps, qkv.rows, width);
  let ones = 0;
  for (let prompt = 0; prompt < prompts; prompt++) {
    for (let head = 0; head < heads; head++) {
      const cut = (part: number) => cutHead(qkv, prompt, tokens, part * width + head * dimension, dimension);
      const run = runTile(cut(0), cut(1), cut(2), prompt, head);
      pasteHead(run.output, output, prompt, head * dimension);
      ones += countSpikes(run.scores);
    }
  }
  const scores = { ones, bits: qkv.steps * prompts * heads * tokens ** 2 };
  return { output, scores, cycles: prompts * engineCycles(qkv.steps, ssa) };
}

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
  const { tokens, dimension, draws: kind, lfsr, plan } = ssaParametersOf(chip.network, chip.hardware);
  const shape = { steps, tokens, dimension };
  const root = seedRoot(random);
  const seeds = seedStream(chip, random);
  const counted = shiftsRegisters(chip);
  return chip.hardware.ssa.random === "lfsr"
    ? (block, prompt, head) => {
        const draws = lfsrDraws(shape, kind, seeds(block, prompt, head), lfsr, plan);
        return counted(head) ? draws : { ...draws, lfsrShifts: 0 };
      }
    : (block, prompt, head) => idealDraws(shape, kind, { key: root.key, block, prompt, head });
}

/** Whether registers shift for a head: those of an engine shift once for all heads served at a time. */
export function shiftsRegisters({
  hardware,
  mapping,
}: Pick<MappedNetwork, "hardware" | "mapping">): (head: number) => boolean {
  const { tiles } = servingOf(mapping);
  return hardware.ssa.lfsr.scope === "engine" ? (head) => head % tiles === 0 : () => true;
}

/** The units of a mapping. Throws MappingError where there are none. */
export function servingOf({ attention }: Pick<Mapping, "attention">): ServingMapping {
  if (attention.unit !== "none") return attention;
  throw new MappingError("model.attention.kind", "A network without attention has no attention unit to look at.");
}

/**
 * The stream that seeds the registers of a head: `random.fork("attention", block, prompt, head)`, or, when the heads of a block
 * share an engine's registers, `random.fork("attention", block, prompt)`.
 */
/** What all tiles of a run fork. */
export const seedRoot = (random: Stream): Stream => random.fork("attention");

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
