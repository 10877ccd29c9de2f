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
  type Executor,
  type Experiment,
  evaluateChips,
  evaluateNetwork,
  inlineExecutor,
  jobs,
  type Keeper,
  type Network,
  openExperiment,
} from "xpikeformer";
import {
  type AnnBeside,
  asCompared,
  type Backend,
  chipFigures,
  type ItemisedEnergy,
  itemiseChips,
  receiverRates,
  stateOfChip,
} from "xpikeformer/internal";
import type { FigureDraft } from "xpikeformer/report";
import { type ComputedOn, onGpuOrThreads } from "./backend.ts";
import { type Failure, failureOf, memoryOf, serve } from "./calls.ts";
import { type Change, changeFrom, forget, keep } from "./machines.ts";
import { type Materials, networkOf, readAhead } from "./materials.ts";
import { type Offers, offersOn } from "./offers.ts";

export interface EvaluationGiven {
  readonly experiment: Experiment;
  readonly chips: number;
  readonly prompts: number;
  /** Whether to report the first chip, and wait for `proceed` before it answers. */
  readonly wantsChip: boolean;
  readonly backend: Backend;
}

export interface Reached {
  readonly chips: number;
  readonly prompts: number;
  readonly figures: readonly FigureDraft[];
  /** Why the ANN cannot answer these prompts; null if it can, or if there is none. */
  readonly annFailure: string | null;
  /** Why there are no classical receivers on these prompts; null if there are, or if the task has none. */
  readonly receiverFailure: string | null;
}

/**
 * The first chip before it answers, the figures reached, the receipts of their energy, the number of prompts done on all chips, or where
 * chips are simulated.
 */
export type EvaluationNews =
  | { readonly on: ComputedOn }
  | { readonly chip: ChipState }
  | { readonly reached: Reached }
  | { readonly itemised: ItemisedEnergy }
  | { readonly done: number; readonly of: number };

/** Prompts of the first chip after which figures are reported. */
const COARSE: readonly number[] = [32, 160];
/** Prompts per thread at a time: a changed machine waits until they are answered. */
const SLICE = 16;

const { executor, note } = browserExecutor();
let materials: Materials;
/** Counts the networks that this worker has held. */
let networks = 0;
/** Counts requests for offers, and machines: work for an older one ends. */
let offersAsked = 0;
/** Ends the evaluation under way. */
let stopper = new AbortController();
/** Settles when the evaluation under way has ended. */
let running: Promise<unknown> = Promise.resolve();

/** The ANN of an experiment, on the prompts of its chips. */
interface Rival {
  readonly network: Network;
  /** By seed, task and number of prompts; null while it answers. */
  readonly errors: Map<string, AnnBeside["errors"]>;
  /** Why it cannot answer, by the same. */
  readonly failures: Map<string, string>;
}

/** Null for an experiment without an ANN, or before its file arrives. */
let rival: Rival | null = null;
/** It answers here, while the threads simulate chips. */
const alone = inlineExecutor(jobs);
/** Reports the newest figures of the evaluation under way once more. Never throws: an error of theirs ends the evaluation. */
let again = () => {};
/** Lets the first chip of the evaluation under way answer. */
let goAhead = () => {};
/** Rates of classical receivers by seed, task and number of prompts, or why there are none; null while they are computed. */
const receivers = new Map<string, readonly FigureDraft[] | Failure | null>();

/** Why an evaluation ends before its time. */
const OUTDATED = new Error("Another machine is evaluated.");

const functions = {
  /** Number of threads, and the reason if there is only one. */
  threads: () => ({ threads: executor.threads, note: note ?? null }),

  /** Keeps the network and data of the next experiments. */
  hold(next: Materials) {
    materials = next;
    networks++;
    forget();
    receivers.clear();
    again = () => {};
    readAhead(next);
  },

  /** Takes the checkpoint of the ANN to compare with; null for none. */
  compare(checkpoint: ArrayBuffer | null) {
    const network = checkpoint && decodeCheckpoint(new Uint8Array(checkpoint)).network;
    rival = network && { network, errors: new Map(), failures: new Map() };
    again();
  },

  /** Which values of each knob a machine can take; null where another machine is asked for meanwhile. */
  offers({ experiment, opened }: { experiment: Experiment; opened: Experiment }): Promise<Offers | null> {
    const question = ++offersAsked;
    return offersOn(experiment, opened, materials, async () => {
      // Lets the answers of threads in between two knobs.
      await new Promise((resolve) => setTimeout(resolve));
      return question === offersAsked;
    });
  },

  /** What became of the chips of one machine on another, on the prompts that both have answered so far. */
  change: ({ before, after }: { before: Experiment; after: Experiment }): Change | null => changeFrom(before, after),

  /** Ends the evaluation under way, so that the threads are free. */
  stop() {
    offersAsked++;
    stopper.abort(OUTDATED);
  },

  /** Lets the first chip answer. */
  proceed() {
    goAhead();
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
  { experiment, chips, prompts, wantsChip, backend }: EvaluationGiven,
  signal: AbortSignal,
  tell: Tell,
): Promise<void> {
  const whole: ChipEvaluation[] = [];
  let done = 0;
  let end = () => {};
  const over = new Promise<void>((resolve) => {
    end = resolve;
    signal.addEventListener("abort", () => resolve());
  });
  /** Errors of figures that were reported again. */
  const late: unknown[] = [];
  const reach = (evaluated: readonly ChipEvaluation[]) => {
    const count = evaluated[0].prompts;
    const report = () => {
      const own = chipFigures(experiment, evaluated, besides(experiment, count));
      const { rates, failure } = received(experiment, count);
      keep(experiment, evaluated, own);
      const annFailure = rival?.failures.get(askedKey(experiment, count)) ?? null;
      const figures = [...own, ...rates];
      tell({ reached: { chips: evaluated.length, prompts: count, figures, annFailure, receiverFailure: failure } });
    };
    again = () => {
      try {
        report();
      } catch (error) {
        late.push(error);
        end();
      }
    };
    report();
    tell({ itemised: itemiseChips(experiment, evaluated) });
  };
  again = () => {};
  try {
    const subject = openExperiment(experiment, materials.data);
    const network = networkOf(materials, experiment);
    let wants = wantsChip;
    const simulate = (threads: Executor, keeper?: Keeper) => {
      done = 0;
      whole.length = 0;
      return evaluateChips(threads, subject, network, {
        ...{ chips, prompts, signal, early: COARSE, slice: SLICE, keepAs: `${networks}` },
        ...(keeper && { keeper }),
        onPrompts: (count) => {
          done += count;
          tell({ done, of: chips * prompts });
        },
        onChip: (evaluation) => {
          if (evaluation.prompts < prompts) return reach([evaluation]);
          whole.push(evaluation);
          reach(whole);
        },
        ...(wants && {
          onFirstChip: (chip) => {
            wants = false;
            // On one thread, or with a GPU, the chip is the one that goes on answering.
            const isApart = threads.isApart && !threads.device;
            const state = isApart ? stateOfChip(chip) : structuredClone(stateOfChip(chip));
            const proceed = new Promise<void>((resolve) => {
              goAhead = resolve;
            });
            tell({ chip: state }, memoryOf(state));
            return Promise.race([proceed, over]);
          },
        }),
      });
    };
    await onGpuOrThreads({ asked: backend, threads: executor, signal }, simulate, (on) => tell({ on }));
    if (!signal.aborted) await over;
    if (late.length > 0) throw late[0];
  } catch (error) {
    if (error !== OUTDATED) throw error;
  }
}

/** What decides the answers of those who are not on a chip. */
const askedKey = ({ seed, task }: Experiment, prompts: number): string => JSON.stringify([seed, task, prompts]);

/** Rates of classical receivers on these prompts. None at first; figures are reported again once they, or their failure, are known. */
function received(experiment: Experiment, prompts: number): { rates: readonly FigureDraft[]; failure: string | null } {
  const key = askedKey(experiment, prompts);
  if (!receivers.has(key)) {
    receivers.set(key, null);
    receiverRates(alone, experiment, prompts)
      .catch(failureOf)
      .then((known) => {
        receivers.set(key, known);
        if ("message" in known || known.length > 0) again();
      });
  }
  const known = receivers.get(key) ?? [];
  return "message" in known ? { rates: [], failure: known.message } : { rates: known, failure: null };
}

/** The ANN beside chips on these prompts. Its errors are null at first, and figures are reported again once they are known. */
function besides(experiment: Experiment, prompts: number): AnnBeside | undefined {
  if (rival === null) return undefined;
  const current = rival;
  const { network, errors } = current;
  const key = askedKey(experiment, prompts);
  if (!errors.has(key)) {
    errors.set(key, null);
    const answer = async () => {
      const given = openExperiment(experiment, materials.data);
      const compared = asCompared(experiment, network, "ann");
      errors.set(key, (await evaluateNetwork(alone, given, compared, { prompts })).errors);
    };
    answer()
      .catch((error) => {
        current.failures.set(key, failureOf(error).message);
      })
      .then(() => rival === current && again());
  }
  return { model: network.model as AnnSpec, errors: errors.get(key)! };
}

export type EvaluationFunctions = typeof functions;

serve(functions);
