/**
 * Evaluates chips in the background, on as many threads as the page may use: coarse figures first, then chip by chip. The figures are those
 * of the report of `xpike run --chips C --prompts P`, for the C and P reached so far.
 */
import {
  type AnnSpec,
  browserExecutor,
  type ChipEvaluation,
  type ChipState,
  decodeCheckpoint,
  type Experiment,
  evaluateChips,
  evaluateNetwork,
  inlineExecutor,
  jobs,
  type Network,
  openExperiment,
} from "xpikeformer";
import { type AnnBeside, asCompared, chipFigures, stateOfChip } from "xpikeformer/internal";
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

/** The ANN of an experiment, on the prompts of its chips. */
interface Rival {
  readonly network: Network;
  /** By seed, task and number of prompts; null while it answers. */
  readonly errors: Map<string, AnnBeside["errors"]>;
}

/** Null for an experiment without an ANN, or before its file arrives. */
let rival: Rival | null = null;
/** It answers here, while the threads simulate chips. */
const alone = inlineExecutor(jobs);
/** Reports the newest figures of the evaluation under way once more. */
let again = () => {};

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

  /** Takes the checkpoint of the ANN to compare with; null for none. */
  compare(checkpoint: ArrayBuffer | null) {
    const network = checkpoint && decodeCheckpoint(new Uint8Array(checkpoint)).network;
    rival = network && { network, errors: new Map() };
    again();
  },

  /**
   * Reports figures until a new evaluation ends it, because those of the ANN may come after all chips'. It starts when the previous
   * evaluation has ended, at the next piece of work, so the threads never have more than one evaluation in their queue.
   */
  evaluate(given: EvaluationGiven, tell: Tell): Promise<void> {
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
): Promise<void> {
  const { chips } = experiment.hardware;
  const whole: ChipEvaluation[] = [];
  let done = 0;
  const reach = (evaluated: readonly ChipEvaluation[]) => {
    again = () => {
      const count = evaluated[0].prompts;
      const figures = chipFigures(experiment, evaluated, besides(experiment, count));
      tell({ reached: { chips: evaluated.length, prompts: count, figures } });
    };
    again();
  };
  again = () => {};
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
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
  } catch (error) {
    if (error !== OUTDATED) throw error;
  }
}

/** The ANN beside chips on these prompts. Its errors are null at first, and figures are reported again once they are known. */
function besides(experiment: Experiment, prompts: number): AnnBeside | undefined {
  if (rival === null) return undefined;
  const { network, errors } = rival;
  const key = JSON.stringify([experiment.seed, experiment.task, prompts]);
  if (!errors.has(key)) {
    errors.set(key, null);
    const given = openExperiment(experiment, materials.data);
    evaluateNetwork(alone, given, asCompared(experiment, network, "ann"), { prompts }).then((evaluation) => {
      errors.set(key, evaluation.errors);
      if (rival?.errors === errors) again();
    });
  }
  return { model: network.model as AnnSpec, errors: errors.get(key)! };
}

export type EvaluationFunctions = typeof functions;

serve(functions);
