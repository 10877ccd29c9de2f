/**
 * Block error rates of a coded link. Every detector gets the same blocks at every Eb/N0, until it has enough errors there
 * (`sequential.ts`).
 */
import type { CodedSpec } from "../experiment/coded.ts";
import { type CodedLink, codedLink } from "../task/coded-slots.ts";
import type { Executor } from "../threads/executor.ts";
import type { BlockAnswers, CodedWork } from "./coded-blocks.ts";
import type { CodedReceiver, ReceiverWork } from "./coded-receivers.ts";
import { type Keeper, NO_KEEPER } from "./keeper.ts";
import { answerPoints, endOf } from "./sequential.ts";
import { cutRanges, type Slice } from "./slices.ts";

/** One detector at one Eb/N0. */
export interface CodedPoint {
  readonly ebN0Decibels: number;
  readonly snrDecibels: number;
  /** 1 for each block whose payload was wrong, in order, 0 for others. */
  readonly failed: Uint8Array;
  readonly errors: number;
  /** Wrong bits before the decoder, and all of them. */
  readonly wrongBits: number;
  readonly codedBits: number;
  /** Of the decoder, per block. */
  readonly bitUpdates: number;
}

export interface CodedOptions {
  /** Default: keeps nothing. */
  readonly keeper?: Keeper | undefined;
  /** Called when some blocks were answered. */
  readonly onBlocks?: ((blocks: number) => void) | undefined;
}

/** Ascending, each once. */
export const pointsOf = ({ ebN0Decibels }: Pick<CodedSpec, "ebN0Decibels">): number[] =>
  [...new Set(ebN0Decibels)].sort((a, b) => a - b);

/** Blocks of one piece of work at most. */
const SLICE_BLOCKS = 16;

/** A classical receiver. Throws as `codedLink`; ValueError for joint detection of too many classes */
export async function evaluateCodedReceiver(
  executor: Executor,
  work: CodedWork,
  receiver: CodedReceiver,
  options: CodedOptions = {},
): Promise<CodedPoint[]> {
  return measurePoints(work, receiver, options, (slices, onResult) => {
    const setup: ReceiverWork = { ...work, receiver };
    const session = executor.open<ReceiverWork, Slice, BlockAnswers>("receive-blocks", setup, { repeatable: true });
    return session.run(slices, onResult).finally(session.close);
  });
}

/** Any detector whose `run` answers slices of blocks; `detector` names its answers for the keeper. */
export async function measurePoints(
  { task, coded }: CodedWork,
  detector: string,
  { keeper = NO_KEEPER, onBlocks }: CodedOptions,
  run: (slices: readonly Slice[], onResult: (answers: BlockAnswers, slice: number) => void) => Promise<unknown>,
): Promise<CodedPoint[]> {
  const link = codedLink(task, coded);
  const decibels = pointsOf(coded);
  const ratios = decibels.map(link.snrDecibels);
  const names = decibels.map((ebN0) => `${detector} / Eb/N0 ${ebN0} dB`);
  const answers = await answerPoints<BlockAnswers>({ limits: coded, keeper, names, onBlocks }, async (asked, keep) => {
    const pieces = asked.flatMap(({ point, ranges }) =>
      cutRanges(ranges, SLICE_BLOCKS, ratios[point]).map((slice) => ({ point, slice })),
    );
    const slices = pieces.map(({ slice }) => slice);
    await run(slices, (result, i) => keep(result, pieces[i].point, slices[i]));
  });
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
    wrongBits: sum((own) => own.wrongBits),
    codedBits: blocks * link.block.codedBits,
    bitUpdates: sum((own) => own.bitUpdates) / blocks,
  };
}
