/**
 * Evaluates chips in the background, on as many threads as the page may use: coarse figures first, then chip by chip. The figures are those
 * of the report of `xpike run --chips C --prompts P`, for the C and P reached so far.
 */
import {
  browserExecutor,
  type ChipEvaluation,
  type ChipState,
  type Experiment,
  evaluateChips,
  openExperiment,
} from "xpikeformer";
import { chipFigures, stateOfChip } from "xpikeformer/internal";
import type { FigureDraft } from "xpikeformer/report";
import { memoryOf, serve } from "./calls.ts";
import { type Materials, networkOf, readAhead } from "./materials.ts";

export interface EvaluationGiven {
  readonly experiment: Experiment;
  readonly prompts: number;
  /** Whether to report the first chip. */
  readonly wantsChip: boolean;
}

export interface Reached {
  readonly chips: number;
  readonly prompts: number;
  readonly figures: readonly FigureDraft[];
}

/** The first chip before it answers, the figures reached, or the number of prompts done on all chips. */
export type EvaluationNews =
  | { readonly chip: ChipState }
  | { readonly reached: Reached }
  | { readonly done: number; readonly of: number };

/** Prompts of the first chip after which figures are reported. */
const COARSE = [32, 160];
/** Prompts per thread at a time: a changed machine waits until they are answered. */
const SLICE = 16;

const { executor, note } = browserExecutor();
let materials: Materials;
/** Ends the evaluation under way. */
let stopper = new AbortController();
/** Settles when the evaluation under way has ended. */
let running: Promise<unknown> = Promise.resolve();

/** Why an evaluation ends before its time. */
const OUTDATED = new Error("Another machine is evaluated.");

const functions = {
  /** Number of threads, and the reason if there is only one. */
  threads: () => ({ threads: executor.threads, note: note ?? null }),

  /** Keeps the network and data of the next experiments. */
  hold(next: Materials) {
    materials = next;
    readAhead(next);
  },

  /**
   * Returns whether it was completed: a new evaluation ends it. It starts when the previous evaluation has ended, at the next piece of
   * work, so the threads never have more than one evaluation in their queue.
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
