/**
 * What chips have answered and counted so far, as sums to which more chips and prompts can be added.
 *
 * Chip c and prompt k do not depend on how many there are, prompts keep their order, and actions and spikes are whole numbers. A
 * tally made in several rounds, each with more chips and prompts, is therefore bit-identical to one made in a single round, and
 * earlier answers are not simulated again. Chips are programmed and calibrated in each round.
 */
import { invariant } from "../errors.ts";
import type { HardwareSpec } from "../experiment/hardware.ts";
import type { SpikingSpec } from "../experiment/model.ts";
import type { Network } from "../model/network.ts";
import { type OperationTrace, type SpikeCount, sumOperations } from "../simulation/trace.ts";
import { type Openable, opened } from "../task/open.ts";
import { scoredErrors } from "../task/scored.ts";
import type { Executor } from "../threads/executor.ts";
import { type ChipAnswers, openChips } from "./chips.ts";
import { requireCounts, sumSpikes } from "./slices.ts";

/** One chip's answers at one age. */
export interface ChipTally {
  /** By prompt, from the first: errors at the queries that count, as wrong bits or 1. */
  readonly wrong: readonly number[];
  /** Cross-entropies of all decisions, in nats, summed in prompt order. */
  readonly loss: number;
}

/** Chips that answered the same prompts. */
export interface Tally {
  /** `[ages][chips]` */
  readonly answers: readonly (readonly ChipTally[])[];
  /** At the first age: operations in the order in which they run, summed over prompts and chips. */
  readonly operations: readonly OperationTrace[];
  /** At the first age, by chip and spike train. */
  readonly spikes: readonly Readonly<Record<string, SpikeCount>>[];
}

export interface TallyOptions {
  readonly chips: number;
  readonly prompts: number;
  /** Seconds after programming. */
  readonly ages: readonly number[];
  /** Earlier tally of the same chips and ages, with at most as many chips and prompts. Default: none. */
  readonly before?: Tally | null;
}

/** Most prompts per piece of work. */
const SLICE = 32;

/**
 * Evaluates chips of the experiment's machine, at all ages, on the prompts that `before` lacks.
 *
 * Random   as `evaluateChips`
 * Throws   as `evaluateChips`
 */
export async function tallyChips(
  executor: Executor,
  subject: Openable,
  network: Network<SpikingSpec>,
  { chips, prompts, ages, before = null }: TallyOptions,
): Promise<Tally> {
  const given = opened(subject);
  requireCounts({ chips, prompts });
  requireWithin(before, { chips, prompts, ages });
  const machines = ages.map((readTime): HardwareSpec => ({ ...given.experiment.hardware, readTime }));
  const wrongOf = (slice: ChipAnswers) => [...scoredErrors(given.experiment.task, network.geometry, [slice]).wrong];
  const shared = openChips(executor, given, network, machines, SLICE);
  const answers = ages.map((_, age) => [...(before?.answers[age] ?? [])]);
  const operations = before ? [before.operations] : [];
  const spikes = [...(before?.spikes ?? [])];
  try {
    for (let chip = 0; chip < chips; chip++) {
      for (const age of ages.keys()) {
        const own = answers[age][chip] ?? { wrong: [], loss: 0 };
        const firstPrompt = own.wrong.length;
        const slices: ChipAnswers[] = [];
        if (firstPrompt < prompts) {
          const from = new Map<number, ChipAnswers>();
          await shared.bring({ condition: age, chip, read: 0 });
          await shared.answer([{ firstPrompt, prompts: prompts - firstPrompt }], null, (result, slice) => {
            from.set(slice.firstPrompt, result);
          });
          slices.push(...[...from].sort(([a], [b]) => a - b).map(([, slice]) => slice));
        }
        let { loss } = own;
        for (const { losses } of slices) for (const one of losses) loss += one;
        answers[age][chip] = { wrong: [...own.wrong, ...slices.flatMap(wrongOf)], loss };
        if (age > 0 || slices.length === 0) continue;
        operations.push(...slices.map((slice) => slice.operations));
        spikes[chip] = sumSpikes([...(spikes[chip] ? [{ spikes: spikes[chip] }] : []), ...slices]);
      }
    }
  } finally {
    shared.close();
  }
  return { answers, operations: sumOperations(operations), spikes };
}

function requireWithin(before: Tally | null, { chips, prompts, ages }: TallyOptions): void {
  if (before === null) return;
  const { answers, spikes } = before;
  const counts = answers.flat().map(({ wrong }) => wrong.length);
  invariant(
    answers.length === ages.length &&
      answers.every((one) => one.length === spikes.length) &&
      spikes.length >= 1 &&
      spikes.length <= chips &&
      counts.every((count) => count === counts[0] && count <= prompts),
    "a tally goes on with chips and prompts that it has",
  );
}
