/**
 * Points that end as soon as they have enough errors: block error rates over Eb/N0, say, where all blocks of a few points are worth as
 * many as the first blocks of others.
 *
 * Blocks are counted in the order of their index. A point ends with the block that brings the number of errors to `errors`, or after
 * `blocks` blocks. Blocks are answered in rounds, whose size is a guess from the errors so far; answers beyond the end of a point are left
 * out. So the result depends on the answers and the limits alone, not on rounds, threads or interruptions.
 */
import { gapsOf, inOrder, type Keeper, type Kept, type Range } from "./keeper.ts";

export interface Limits {
  readonly errors: number;
  readonly blocks: number;
}

/** What is missing at one point. */
export interface Asked {
  readonly point: number;
  readonly ranges: readonly Range[];
}

export interface SequentialOptions {
  readonly limits: Limits;
  readonly keeper: Keeper;
  /** The names under which answers are kept: one for each point. */
  readonly names: readonly string[];
  /** Called when blocks were answered, also for those that were kept. */
  readonly onBlocks?: ((blocks: number) => void) | undefined;
}

/** Whether each block of a unit failed, 1 or 0. */
export interface Failures {
  readonly failed: Uint8Array;
}

/** The number of blocks that count; null if the point needs more of them. */
export function endOf(failed: ArrayLike<number>, { errors, blocks }: Limits): number | null {
  let found = 0;
  for (let i = 0; i < Math.min(failed.length, blocks); i++) {
    found += failed[i];
    if (found === errors) return i + 1;
  }
  return failed.length >= blocks ? blocks : null;
}

/**
 * Answers to the blocks of each point, in order, at least up to its end (`endOf`): those kept, and the results of `run` for others, which
 * are kept as they come.
 */
export async function answerPoints<R extends Failures>(
  { limits, keeper, names, onBlocks }: SequentialOptions,
  run: (asked: readonly Asked[], keep: (answers: R, point: number, range: Range) => void) => Promise<unknown>,
): Promise<R[][]> {
  const units = names.map((name) => [...(keeper.kept(name) as readonly Kept<R>[])]);
  for (const unit of units.flatMap(inOrder)) onBlocks?.(unit.prompts);
  for (;;) {
    const asked = units.flatMap((own, point) => {
      const wanted = wantedBlocks(failuresOf(own), limits);
      const ranges = wanted === null ? [] : gapsOf(inOrder(own), wanted);
      return ranges.length > 0 ? [{ point, ranges }] : [];
    });
    if (asked.length === 0) return units.map((own) => unbroken(own).map(({ answers }) => answers));
    await run(asked, (answers, point, range) => {
      const unit = { firstPrompt: range.firstPrompt, prompts: range.prompts, answers };
      units[point].push(unit);
      keeper.keep(names[point], unit);
      onBlocks?.(range.prompts);
    });
  }
}

/** Units from block 0 on, as far as none is missing. */
function unbroken<R>(units: readonly Kept<R>[]): Kept<R>[] {
  let end = 0;
  return inOrder(units).filter(({ firstPrompt, prompts }) => {
    if (firstPrompt !== end) return false;
    end += prompts;
    return true;
  });
}

const failuresOf = (units: readonly Kept<Failures>[]): number[] =>
  unbroken(units).flatMap(({ answers }) => [...answers.failed]);

/** Blocks of the first round at least. */
const FIRST = 32;

/** How many blocks a point should have after the next round: as many as it probably needs, at most twice as many; null if it has ended. */
function wantedBlocks(failed: readonly number[], limits: Limits): number | null {
  const answered = failed.length;
  if (endOf(failed, limits) !== null) return null;
  if (answered === 0) return Math.min(limits.blocks, Math.max(FIRST, limits.errors));
  const found = failed.reduce((sum, one) => sum + one, 0);
  const likely = Math.ceil(((limits.errors - found) * (answered + 2)) / (found + 1));
  return Math.min(limits.blocks, answered + Math.min(answered, Math.max(FIRST, likely)));
}
