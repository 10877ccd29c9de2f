/**
 * Saves the finished parts of long work as they come, so that interrupted work resumes from there.
 *
 * A unit is what one thread answers at a time: some prompts on one chip, or of one network. It has a name within the work, and
 * depends only on the question (experiment, networks, data) and its prompts, not on who computed it, when, or alongside what.
 * Units of several runs, cut in different ways, therefore combine to the result of a single run.
 */
/** A store for units; `node/unit-log.ts` keeps them in a file. */
export interface Keeper {
  /** Units that earlier runs kept under this name, in the order in which they were kept. */
  kept(name: string): readonly unknown[];
  /** Keeps plain data, including arrays of numbers. */
  keep(name: string, value: unknown): void;
}

/** Keeps nothing. */
export const NO_KEEPER: Keeper = { kept: () => [], keep: () => {} };

/** The same store for a part of the work, which can name its units independently of other parts. */
export const keeperOf = (keeper: Keeper, part: string): Keeper => ({
  kept: (name) => keeper.kept(`${part} / ${name}`),
  keep: (name, value) => keeper.keep(`${part} / ${name}`, value),
});

/** Prompts from `firstPrompt` on. */
export interface Range {
  readonly firstPrompt: number;
  readonly prompts: number;
}

export interface Kept<R> extends Range {
  readonly answers: R;
}

export interface AnswerOptions<R> {
  readonly keeper: Keeper;
  readonly name: string;
  /** Also called for answers that were kept. */
  readonly onPrompts?: ((prompts: number) => void) | undefined;
  /** Numbers of prompts, ascending, after which `onEarly` receives the answers so far, in prompt order. Default: none. */
  readonly early?: readonly number[];
  readonly onEarly?: (answers: R[]) => void;
}

/**
 * Answers to the first `prompts` prompts, in order: those kept under `name`, and the results of `run` for the others, which are
 * kept as they come.
 */
export async function answerPrompts<R>(
  prompts: number,
  { keeper, name, onPrompts, early = [], onEarly }: AnswerOptions<R>,
  run: (missing: readonly Range[], keep: (answers: R, range: Range) => void) => Promise<unknown>,
): Promise<R[]> {
  const units = inOrder(keeper.kept(name) as readonly Kept<R>[]);
  for (const unit of units) onPrompts?.(unit.prompts);
  const answered = () => inOrder(units).map(({ answers }) => answers);
  for (const count of [...early.filter((count) => count < prompts), prompts]) {
    const missing = gapsOf(inOrder(units), count);
    if (missing.length > 0) {
      await run(missing, (answers, { firstPrompt, prompts }) => {
        const unit = { firstPrompt, prompts, answers };
        units.push(unit);
        keeper.keep(name, unit);
        onPrompts?.(prompts);
      });
    }
    if (count < prompts) onEarly?.(answered());
  }
  return answered();
}

/** By their first prompt, without prompts that others have already answered. */
export function inOrder<R>(units: readonly Kept<R>[]): Kept<R>[] {
  const sorted = [...units].sort((a, b) => a.firstPrompt - b.firstPrompt);
  let end = 0;
  return sorted.filter(({ firstPrompt, prompts }) => {
    if (firstPrompt < end) return false;
    end = firstPrompt + prompts;
    return true;
  });
}

export function gapsOf(units: readonly Range[], prompts: number): Range[] {
  const gaps: Range[] = [];
  let end = 0;
  for (const { firstPrompt, prompts: count } of [...units, { firstPrompt: prompts, prompts: 0 }]) {
    if (firstPrompt > end) gaps.push({ firstPrompt: end, prompts: firstPrompt - end });
    end = firstPrompt + count;
  }
  return gaps;
}
