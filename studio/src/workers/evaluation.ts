/**
 * Evaluates chips in the background, on as many threads as the page may have: a coarse answer first, then chip by chip. What it tells
 * are the figures of the report of `xpike run --chips C --prompts P`, for the C and P reached so far.
 */
import {
  asDescribed,
  browserExecutor,
  chipFigures,
  decodeCheckpoint,
  type Experiment,
  evaluateChips,
  type FigureDraft,
  openExperiment,
} from "xpikeformer";
import { serve } from "./calls.ts";
import type { Materials } from "./chip.ts";

export interface EvaluationGiven {
  readonly experiment: Experiment;
  readonly prompts: number;
}

export interface Reached {
  readonly chips: number;
  readonly prompts: number;
  readonly figures: readonly FigureDraft[];
}

/** Either what has been reached, or how many prompts of the next step are done. */
export type EvaluationNews = { readonly reached: Reached } | { readonly done: number; readonly of: number };

/** Prompts of the first chip that the first answers are given for. */
const COARSE = [32, 160];

const { executor, note } = browserExecutor();
let materials: Materials;
/** Counts what was asked for: work for an older question ends at its next slice. */
let asked = 0;
/** Settled when what is under way has ended. */
let running: Promise<unknown> = Promise.resolve();

class Outdated extends Error {}

const functions = {
  /** Threads that work, and why there is only one. */
  threads: () => ({ threads: executor.threads, note: note ?? null }),

  /** Ends what is under way. */
  stop() {
    asked++;
  },

  /** Keeps what the next experiments are evaluated with. */
  hold(next: Materials) {
    materials = next;
  },

  /**
   * Returns whether it came to its end: another question or `stop` ends it. It begins when the one before has ended, at its next slice, so
   * that the threads never have the work of more than one before them.
   */
  evaluate(given: EvaluationGiven, tell: (news: EvaluationNews) => void): Promise<boolean> {
    const question = ++asked;
    const isCurrent = () => question === asked;
    const result = running.then(() => isCurrent() && evaluate(given, isCurrent, tell));
    running = result.catch(() => false);
    return result;
  },
};

async function evaluate(
  { experiment, prompts }: EvaluationGiven,
  isCurrent: () => boolean,
  tell: (news: EvaluationNews) => void,
): Promise<boolean> {
  const { checkpoint, data } = materials;
  const network = asDescribed(experiment, decodeCheckpoint(new Uint8Array(checkpoint)).network, []);
  const run = async (chips: number, prompts: number, stepwise: boolean) => {
    let done = 0;
    const evaluated: Awaited<ReturnType<typeof evaluateChips>> = [];
    const reach = () =>
      tell({ reached: { chips: evaluated.length, prompts, figures: chipFigures(experiment, evaluated) } });
    await evaluateChips(executor, openExperiment(experiment, data), network, {
      chips,
      prompts,
      onPrompts: (count) => {
        if (!isCurrent()) throw new Outdated();
        done += count;
        if (stepwise) tell({ done, of: chips * prompts });
      },
      onChip: (chip) => {
        evaluated.push(chip);
        reach();
      },
    });
  };
  try {
    for (const coarse of COARSE) if (coarse < prompts) await run(1, coarse, false);
    await run(experiment.hardware.chips, prompts, true);
    return true;
  } catch (error) {
    if (error instanceof Outdated) return false;
    throw error;
  }
}

export type EvaluationFunctions = typeof functions;

serve(functions);
