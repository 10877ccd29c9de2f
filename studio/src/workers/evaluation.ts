/**
 * Evaluates chips in the background, on as many threads as the page may have: a coarse answer first, then chip by chip. What it tells
 * are the figures of the report of `xpike run --chips C --prompts P`, for the C and P reached so far.
 */
import {
  browserExecutor,
  type ChipEvaluation,
  type ChipState,
  chipFigures,
  type Experiment,
  evaluateChips,
  type FigureDraft,
  openExperiment,
  stateOfChip,
} from "xpikeformer";
import { memoryOf, serve } from "./calls.ts";
import { type Materials, networkOf, readAhead } from "./materials.ts";

export interface EvaluationGiven {
  readonly experiment: Experiment;
  readonly prompts: number;
  /** Whether the first chip is told of. */
  readonly wantsChip: boolean;
}

export interface Reached {
  readonly chips: number;
  readonly prompts: number;
  readonly figures: readonly FigureDraft[];
}

/** The first chip before it answers, what has been reached, or how many prompts of all chips are done. */
export type EvaluationNews =
  | { readonly chip: ChipState }
  | { readonly reached: Reached }
  | { readonly done: number; readonly of: number };

/** Prompts of the first chip that the first answers are given for. */
const COARSE = [32, 160];
/** Prompts of a thread at a time: a changed machine waits until they are answered. */
const SLICE = 16;

const { executor, note } = browserExecutor();
let materials: Materials;
/** Ends what is under way. */
let stopper = new AbortController();
/** Settled when what is under way has ended. */
let running: Promise<unknown> = Promise.resolve();

/** Why an evaluation ends before its time. */
const OUTDATED = new Error("Another machine is evaluated.");

const functions = {
  /** Threads that work, and why there is only one. */
  threads: () => ({ threads: executor.threads, note: note ?? null }),

  /** Keeps what the next experiments are evaluated with. */
  hold(next: Materials) {
    materials = next;
    readAhead(next);
  },

  /**
   * Returns whether it came to its end: another question ends it. It begins when the one before has ended, at its next piece of work, so
   * that the threads never have the work of more than one before them.
   */
  evaluate(given: EvaluationGiven, tell: Tell): Promise<boolean> {
    stopper.abort(OUTDATED);
    stopper = new AbortController();
    const { signal } = stopper;
    const result = running.then(() => evaluate(given, signal, tell));
    running = result.catch(() => {});
    return result;
  },
};

type Tell = (news: EvaluationNews, given?: Transferable[]) => void;

async function evaluate(
  { experiment, prompts, wantsChip }: EvaluationGiven,
  signal: AbortSignal,
  tell: Tell,
): Promise<boolean> {
  const { chips } = experiment.hardware;
  const whole: ChipEvaluation[] = [];
  let done = 0;
  const reach = (evaluated: readonly ChipEvaluation[]) => {
    const figures = chipFigures(experiment, evaluated);
    tell({ reached: { chips: evaluated.length, prompts: evaluated[0].prompts, figures } });
  };
  try {
    await evaluateChips(executor, openExperiment(experiment, materials.data), networkOf(materials, experiment), {
      ...{ chips, prompts, signal, early: COARSE, slice: SLICE },
      onPrompts: (count) => {
        done += count;
        tell({ done, of: chips * prompts });
      },
      onChip: (evaluation) => {
        if (evaluation.prompts < prompts) return reach([evaluation]);
        whole.push(evaluation);
        reach(whole);
      },
      ...(wantsChip && {
        onFirstChip: (chip) => {
          // On one thread the chip is the one that goes on answering.
          const state = executor.isApart ? stateOfChip(chip) : structuredClone(stateOfChip(chip));
          tell({ chip: state }, memoryOf(state));
        },
      }),
    });
    return true;
  } catch (error) {
    if (error === OUTDATED) return false;
    throw error;
  }
}

export type EvaluationFunctions = typeof functions;

serve(functions);
