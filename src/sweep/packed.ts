/**
 * Tallies of chips in the form kept in rows: errors as text, one character per prompt, `0` for none and then in the order of
 * character codes; of the actions, only those that occurred.
 */
import type { ChipTally, Tally } from "../evaluation/chip-tally.ts";
import { ACTION_NAMES, type ActionCounts, emptyTally } from "../hardware/actions.ts";
import { type Sample, sampleOf } from "../numeric/variance-components.ts";
import type { OperationTrace, SpikeCount } from "../simulation/trace.ts";

/** An operation with the actions that occurred at all. */
export interface PackedOperation extends Omit<OperationTrace, "actions"> {
  readonly actions: Readonly<Partial<ActionCounts>>;
}

/**
 * The answers and counts of a point's chips: the input of paired comparisons, and the start of a later round, with more chips and
 * prompts, as if it had included them from the start.
 */
export interface RowSamples {
  /** Most errors or wrong bits per prompt. */
  readonly trials: number;
  /** For each chip, a text with one character per prompt (`packWrong`); and the same a year later if a loss is requested. */
  readonly now: readonly string[];
  readonly later: readonly string[] | null;
  /** Sums of the losses of all decisions of these chips, in nats; equal if two points compute the same. */
  readonly losses: readonly number[];
  /** Operations over all chips and prompts, and spikes by chip; not for a year later. */
  readonly operations: readonly PackedOperation[];
  readonly spikes: readonly Readonly<Record<string, SpikeCount>>[];
}

const ZERO = "0".charCodeAt(0);

/** For one chip, by prompt. */
export const packWrong = (wrong: ArrayLike<number>): string =>
  Array.from(wrong, (count) => String.fromCharCode(ZERO + count)).join("");

const countsOf = (text: string): number[] => Array.from(text, (character) => character.charCodeAt(0) - ZERO);

/** Error rates of all chips, with `trials` per prompt. */
export const unpackWrong = (chips: readonly string[], trials: number): Sample =>
  sampleOf(chips.map((text) => countsOf(text).map((count) => count / trials)));

/** For chips at one age, or at two: now and a year later. */
export function packTally({ answers, operations, spikes }: Tally, trials: number): RowSamples {
  const [now, later] = answers.map((chips) => chips.map(({ wrong }) => packWrong(wrong)));
  return {
    trials,
    now,
    later: later ?? null,
    losses: answers.flatMap((chips) => chips.map(({ loss }) => loss)),
    operations: operations.map(({ name, kind, cycles, actions, clipped }) => ({
      name,
      kind,
      cycles,
      clipped,
      actions: Object.fromEntries(
        ACTION_NAMES.flatMap((action) => (actions[action] === 0 ? [] : [[action, actions[action]]])),
      ),
    })),
    spikes,
  };
}

export function unpackTally({ now, later, losses, operations, spikes }: RowSamples): Tally {
  const chipsAt = (texts: readonly string[], age: number) =>
    texts.map((text, chip): ChipTally => ({ wrong: countsOf(text), loss: losses[age * now.length + chip] }));
  return {
    answers: [now, ...(later ? [later] : [])].map(chipsAt),
    operations: operations.map((operation) => ({ ...operation, actions: { ...emptyTally(), ...operation.actions } })),
    spikes,
  };
}
