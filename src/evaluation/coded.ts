/**
 * Block error rates of a coded link. Every detector gets the same blocks at every Eb/N0, until it has enough errors there
 * (`sequential.ts`).
 */

import type { GivenChannels } from "../channel/source.ts";
import { SpecError } from "../errors.ts";
import type { CodedSpec } from "../experiment/coded.ts";
import type { Experiment } from "../experiment/experiment.ts";
import type { TaskSpec } from "../experiment/task.ts";
import { densitiesOf, type OperationTrace, sumOperations } from "../simulation/trace.ts";
import { kitOf } from "../task/catalogue.ts";
import { type CodedLink, codedLink } from "../task/coded-slots.ts";
import { requireFeedback } from "../task/slot-feedback.ts";
import type { Executor } from "../threads/executor.ts";
import type { BlockAnswers, CodedWork } from "./coded-blocks.ts";
import { type Keeper, NO_KEEPER, type Range } from "./keeper.ts";
import { type Asked, answerPoints, endOf } from "./sequential.ts";
import { cutRanges, type Slice, sumSpikes } from "./slices.ts";

/** One detector at one Eb/N0. */
export interface CodedPoint {
  readonly ebN0Decibels: number;
  readonly snrDecibels: number;
  /** 1 for each block whose payload was wrong, in order, 0 for others. */
  readonly failed: Uint8Array;
  readonly errors: number;
  /** Wrong coded bits of each block, before the decoder. */
  readonly wrongBits: Int32Array;
  /** Of the decoder, per block. */
  readonly bitUpdates: number;
  /** Of the decoder, per code block. */
  readonly iterations: number;
  /** What chips counted in each pass over the first `COUNTED_BLOCKS` blocks, with decision feedback; otherwise empty. */
  readonly passes: readonly CountedPass[];
}

/** What a pass over `prompts` blocks counted. */
export interface CountedPass {
  readonly prompts: number;
  readonly operations: readonly OperationTrace[];
  readonly densities: Readonly<Record<string, number>>;
}

/** Blocks of a point whose passes are counted. The first round asks for them, so that pieces of work never straddle their end. */
export const COUNTED_BLOCKS = 32;

export interface CodedOptions {
  /** Default: keeps nothing. */
  readonly keeper?: Keeper | undefined;
  /** Called when some blocks were answered. */
  readonly onBlocks?: ((blocks: number) => void) | undefined;
}

/**
 * The coded link of an experiment, over the channels of its file if it names one; null if it asks for none. Without the channels, the
 * link cannot be drawn from, only described.
 * Throws  SpecError as `slotsOf` and `requireFeedback`, and when slots cannot hold a payload
 */
export function codedOf<T extends TaskSpec>(
  experiment: Experiment<T>,
  channels: GivenChannels | null = null,
): CodedWork | null {
  const work = slotsOf(experiment);
  if (work === null) return null;
  requireFeedback(work.task, codedLink(work.task, work.coded).grid, work.coded.feedback);
  return { ...work, channels };
}

/**
 * The same, whether or not a slot can hold a payload.
 * Throws  SpecError when the task has no slots to send blocks over
 */
export function slotsOf<T extends TaskSpec>({ task, evaluation, seed }: Experiment<T>): CodedWork | null {
  const { coded } = evaluation;
  if (coded === undefined) return null;
  const slots = kitOf(task).slots(task);
  if (slots === null) {
    throw new SpecError(
      "evaluation.coded",
      `Coded blocks fill the data of slots, and prompts of ${task.kind} are no slots. Set task.kind to \`slot-detection\`, or leave evaluation.coded out.`,
    );
  }
  return { seed, task: slots, coded, channels: null };
}

/** Ascending, each once. */
export const pointsOf = ({ ebN0Decibels }: Pick<CodedSpec, "ebN0Decibels">): number[] =>
  [...new Set(ebN0Decibels)].sort((a, b) => a - b);

/** Blocks of one piece of work at most, for what is not on a chip. */
export const SLICE_BLOCKS = 16;

/** What is missing at one point, and its signal-to-noise ratio. */
export interface AskedBlocks extends Asked {
  readonly snrDecibels: number;
}

/** Cuts ranges of blocks at multiples of `size`. */
export const cutPieces = (asked: readonly AskedBlocks[], size: number): { point: number; slice: Slice }[] =>
  asked.flatMap(({ point, ranges, snrDecibels }) =>
    ranges.flatMap(({ firstPrompt, prompts }) => {
      const head = Math.min(prompts, size - (firstPrompt % size));
      const rest = { firstPrompt: firstPrompt + head, prompts: prompts - head };
      return cutRanges([{ firstPrompt, prompts: head }, rest], size, snrDecibels).map((slice) => ({ point, slice }));
    }),
  );

/** Any detector whose blocks a job answers, in pieces of `SLICE_BLOCKS`. */
export function measureByJob<W extends CodedWork>(
  executor: Executor,
  job: string,
  setup: W,
  options: CodedOptions,
): Promise<CodedPoint[]> {
  const session = executor.open<W, Slice, BlockAnswers>(job, setup, { repeatable: true });
  return measurePoints(setup, options, (asked, keep) => {
    const pieces = cutPieces(asked, SLICE_BLOCKS);
    const slices = pieces.map(({ slice }) => slice);
    return session.run(slices, (answers, i) => keep(answers, pieces[i].point, slices[i]));
  }).finally(session.close);
}

/** Any detector whose `run` answers blocks. */
export async function measurePoints(
  { task, coded }: CodedWork,
  { keeper = NO_KEEPER, onBlocks }: CodedOptions,
  run: (
    asked: readonly AskedBlocks[],
    keep: (answers: BlockAnswers, point: number, range: Range) => void,
  ) => Promise<unknown>,
): Promise<CodedPoint[]> {
  const link = codedLink(task, coded);
  const decibels = pointsOf(coded);
  const names = decibels.map((ebN0) => `Eb/N0 ${ebN0} dB`);
  const answers = await answerPoints<BlockAnswers>({ limits: coded, keeper, names, onBlocks }, (asked, keep) =>
    run(
      asked.map((one) => ({ ...one, snrDecibels: link.snrDecibels(decibels[one.point]) })),
      keep,
    ),
  );
  return answers.map((own, point) => pointOf(own, link, coded, decibels[point]));
}

function pointOf(
  answers: readonly BlockAnswers[],
  link: CodedLink,
  coded: CodedSpec,
  ebN0Decibels: number,
): CodedPoint {
  const all = answers.flatMap(({ failed }) => [...failed]);
  const blocks = endOf(all, coded)!;
  const sum = (of: (answers: BlockAnswers) => ArrayLike<number>) =>
    answers
      .flatMap((own) => Array.from(of(own)))
      .slice(0, blocks)
      .reduce((total, one) => total + one, 0);
  const failed = Uint8Array.from(all.slice(0, blocks));
  return {
    ebN0Decibels,
    snrDecibels: link.snrDecibels(ebN0Decibels),
    failed,
    errors: sum((own) => own.failed),
    wrongBits: Int32Array.from(answers.flatMap((own) => [...own.wrongBits]).slice(0, blocks)),
    bitUpdates: sum((own) => own.bitUpdates) / blocks,
    iterations: sum((own) => own.iterations) / blocks,
    passes: passesOf(answers),
  };
}

/** Passes of all pieces of work within the first blocks. */
function passesOf(answers: readonly BlockAnswers[]): CountedPass[] {
  let end = 0;
  const counted = answers.filter(({ failed }) => {
    end += failed.length;
    return end <= COUNTED_BLOCKS;
  });
  const prompts = counted.reduce((sum, { failed }) => sum + failed.length, 0);
  return (counted[0]?.passes ?? []).map((_, pass) => {
    const own = counted.map(({ passes }) => passes![pass]);
    return {
      prompts,
      operations: sumOperations(own.map(({ operations }) => operations)),
      densities: densitiesOf(sumSpikes(own)),
    };
  });
}
