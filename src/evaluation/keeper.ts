/**
 * What is finished of long work is kept as it comes, so that work which was stopped goes on from there.
 *
 * A unit is what one thread answers at a time: some prompts on one chip, or of one network. It has a name within the work, and is a
 * function of the question alone (experiment, networks, data) and of its prompts: who computed it, when, and beside what, changes
 * nothing. So units of several sittings, cut in different ways, are put together to what one sitting gives.
 */
/** Where units are kept; `node/unit-log.ts` keeps them in a file. */
export interface Keeper {
  /** What earlier sittings kept under this name, in the order in which they did. */
  kept(name: string): readonly unknown[];
  /** Keeps plain data, with arrays of numbers. */
  keep(name: string, value: unknown): void;
}

/** Keeps nothing. */
export const NO_KEEPER: Keeper = { kept: () => [], keep: () => {} };

/** The same for a part of the work, which names its units without a thought to other parts. */
export const keeperOf = (keeper: Keeper, part: string): Keeper => ({
  kept: (name) => keeper.kept(`${part} / ${name}`),
  keep: (name, value) => keeper.keep(`${part} / ${name}`, value),
});

/** Prompts from `firstPrompt` on. */
export interface Range {
  readonly firstPrompt: number;
  readonly prompts: number;
}

interface Kept<R> extends Range {
  readonly answers: R;
}

export interface AnswerOptions<R> {
  readonly keeper: Keeper;
  readonly name: string;
  /** Told of what was kept, too. */
  readonly onPrompts?: ((prompts: number) => void) | undefined;
  /** Numbers of prompts, ascending, after which `onEarly` is given the answers that there are, in their order. Default: none. */
  readonly early?: readonly number[];
  readonly onEarly?: (answers: R[]) => void;
}

/**
 * Answers to the first `prompts` prompts, in their order: those that are kept under `name`, and what `run` gives for the others,
 * which is kept as it comes.
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

/** By their first prompt, without those that others have answered already. */
function inOrder<R>(units: readonly Kept<R>[]): Kept<R>[] {
  const sorted = [...units].sort((a, b) => a.firstPrompt - b.firstPrompt);
  let end = 0;
  return sorted.filter(({ firstPrompt, prompts }) => {
    if (firstPrompt < end) return false;
    end = firstPrompt + prompts;
    return true;
  });
}

function gapsOf(units: readonly Range[], prompts: number): Range[] {
  const gaps: Range[] = [];
  let end = 0;
  for (const { firstPrompt, prompts: count } of [...units, { firstPrompt: prompts, prompts: 0 }]) {
    if (firstPrompt > end) gaps.push({ firstPrompt: end, prompts: firstPrompt - end });
    end = firstPrompt + count;
  }
  return gaps;
}
