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
  type ImageData,
  openExperiment,
} from "xpikeformer";
import { serve } from "./calls.ts";

export interface EvaluationGiven {
  readonly experiment: Experiment;
  /** Bytes of the network's checkpoint. */
  readonly checkpoint: ArrayBuffer;
  readonly prompts: number;
  /** Of a task that classifies images; null for a link. */
  readonly data: ImageData | null;
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
/** Counts what was asked for: work for an older question ends at its next slice. */
let asked = 0;

class Outdated extends Error {}

const functions = {
  /** Threads that work, and why there is only one. */
  threads: () => ({ threads: executor.threads, note: note ?? null }),

  /** Ends what is under way. */
  stop() {
    asked++;
  },

  /** Returns whether it came to its end: another question or `stop` ends it. */
  async evaluate({ experiment, checkpoint, prompts, data }: EvaluationGiven, tell: (news: EvaluationNews) => void) {
    const question = ++asked;
    const requireCurrent = () => {
      if (question !== asked) throw new Outdated();
    };
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
          requireCurrent();
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
  },
};

export type EvaluationFunctions = typeof functions;

serve(functions);
