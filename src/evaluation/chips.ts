/**
 * A network's performance on simulated chips: several chips, programmed independently, on the same prompts and any number of
 * threads. One run of T steps also answers for every shorter run, so it gives the error rate as a function of the number of steps.
 *
 * Chips run one after another, and all threads share each of them (`shared-chip.ts`).
 */
import type { Experiment } from "../experiment/experiment.ts";
import type { HardwareSpec } from "../experiment/hardware.ts";
import type { SpikingSpec } from "../experiment/model.ts";
import type { TaskSpec } from "../experiment/task.ts";
import { type ActionCounts, sumActions } from "../hardware/actions.ts";
import { mapNetwork } from "../mapping/mapping.ts";
import { foldNetwork } from "../model/fold.ts";
import { answerKind, type Geometry } from "../model/geometry.ts";
import type { Network } from "../model/network.ts";
import type { Chip } from "../simulation/chip.ts";
import { type RegisterCounts, sumRegisters } from "../simulation/registers.ts";
import { clippedShare, densitiesOf, meanLogits, type OperationTrace, sumOperations } from "../simulation/trace.ts";
import { answer, decide } from "../task/answers.ts";
import type { ErrorsOf } from "../task/catalogue.ts";
import { type Given, type Openable, opened } from "../task/open.ts";
import { scoredErrors, scoredQueries, scoredValues } from "../task/scored.ts";
import type { Executor } from "../threads/executor.ts";
import { untilAborted } from "../threads/until-aborted.ts";
import { type ExitAnswers, exitByMargin, exitMarginOf } from "./exit.ts";
import { type AnswerOptions, answerPrompts, type Keeper, NO_KEEPER } from "./keeper.ts";
import { openSharedChip, type SharedChip, sharedChipJob } from "./shared-chip.ts";
import {
  type Evaluation,
  errorsByStep,
  evaluationOf,
  requireCounts,
  type SpikingAnswers,
  snrName,
  sumSpikes,
  taskOf,
} from "./slices.ts";
import { joinAgreements, type SoftAnswers, scoredAgreements, softBitsOf } from "./soft-bits.ts";

export interface EvaluateChipsOptions<E = ErrorsOf<TaskSpec>> {
  /** Number of chips, counted from 0: chip c is the same for any number of chips. */
  readonly chips: number;
  readonly prompts: number;
  /** The first of the prompts. Default 0. */
  readonly firstPrompt?: number;
  /** Evaluates every chip at each of these SNRs. Default: once, at the SNRs that the task draws. */
  readonly snrDecibels?: readonly number[];
  /** Default: the experiment's. */
  readonly hardware?: HardwareSpec;
  /** Most prompts per piece of work. Affects the speed only. Default 32. */
  readonly slice?: number;
  /** Saves answers as they come. Default: saves nothing. */
  readonly keeper?: Keeper;
  /**
   * A name of the network's parameters. Threads keep the first chip, and a later evaluation of the same name starts with it, where its
   * machine programs the same devices. Affects the speed only. Default: they keep none.
   */
  readonly keepAs?: string;
  /** Numbers of prompts, ascending, after which the first chip is already summarised. Default: none. */
  readonly early?: readonly number[];
  /** Ends the evaluation at its next piece of work; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /**
   * Called with the first chip when it is programmed and calibrated, before it answers; not if a keeper has all of its answers. If it
   * returns a promise, answers wait for it.
   */
  readonly onFirstChip?: (chip: Chip) => unknown;
  /** Called when some prompts have been answered on one chip. What it throws ends the evaluation. */
  readonly onPrompts?: (prompts: number) => void;
  /** Called when a chip is done at one SNR, and after each of the `early` numbers of prompts. */
  readonly onChip?: (evaluation: ChipEvaluation<E>) => void;
}

export interface ChipEvaluation<E = ErrorsOf<TaskSpec>> extends Evaluation<E> {
  readonly chip: number;
  /** With `evaluation.softBits`, those of the queries that count, `[prompts, scored, bits]`, positive where right; null otherwise. */
  readonly agreed: Float64Array | null;
  /** At the queries that count, after 1 .. T time steps. */
  readonly bySteps: readonly E[];
  /** With `evaluation.exitMargin`: error rate with early exit, and the share of prompts that took 1 .. T steps. */
  readonly exit: { readonly errors: E; readonly shares: readonly number[] } | null;
  /** Operations of the network in the order in which they run, summed over all prompts. */
  readonly operations: readonly OperationTrace[];
  /** Sum over all operations. */
  readonly actions: ActionCounts;
  /** Share of conversions that clipped. */
  readonly clippedShare: number;
  /** Numbers that the registers took, and how many of them saturated; null in floating point. */
  readonly registers: RegisterCounts | null;
  /** Share of ones by spike train, named as in `Trace`. */
  readonly densities: Readonly<Record<string, number>>;
}

/**
 * Evaluates chips, chip by chip and, within a chip, SNR by SNR. If the task has data, this uses its test part, and some of the
 * training part to calibrate converters.
 *
 * Random   prompts from `stream(seed).fork("evaluation")` and `.fork("calibration")`; chip c is programmed from
 *          `stream(seed).fork("chip", c)`, calibrated and run with forks "calibration" and "run" of the same
 * Throws   MappingError and ShapeError when the network does not fit hardware or task, ValueError when an option is out of range
 */
export async function evaluateChips<T extends TaskSpec>(
  executor: Executor,
  subject: Openable<T>,
  network: Network<SpikingSpec>,
  options: EvaluateChipsOptions<ErrorsOf<T>>,
): Promise<ChipEvaluation<ErrorsOf<T>>[]> {
  const given = opened(subject);
  const { experiment } = given;
  const { chips, prompts, firstPrompt = 0, hardware = experiment.hardware, slice = 32 } = options;
  const { keeper = NO_KEEPER, early = [], signal, onPrompts, onChip } = options;
  let { onFirstChip } = options;
  requireCounts({ chips, prompts, slice });
  const ratios: readonly (number | null)[] = options.snrDecibels ?? [null];
  const threads = signal ? untilAborted(executor, signal) : executor;
  const shared = openChips(threads, given, network, [hardware], slice, options.keepAs);
  const evaluations: ChipEvaluation<ErrorsOf<T>>[] = [];
  try {
    for (let chip = 0; chip < chips; chip++) {
      const place = { condition: 0, chip, read: 0 };
      for (const snrDecibels of ratios) {
        const evaluate = (slices: readonly ChipAnswers[]) => ({
          chip,
          ...summarise(slices, experiment, network, snrDecibels),
        });
        const asked: AnswerOptions<ChipAnswers> = {
          keeper,
          name: `chip ${chip} / ${snrName(snrDecibels)}`,
          onPrompts,
          ...(chip === 0 && { early, onEarly: (slices) => onChip?.(evaluate(slices)) }),
        };
        const slices = await answerPrompts(prompts, asked, async (missing, keep) => {
          await shared.bring(place);
          if (onFirstChip) await onFirstChip(await shared.take(place));
          onFirstChip = undefined;
          const moved = missing.map((range) => ({ ...range, firstPrompt: range.firstPrompt + firstPrompt }));
          await shared.answer(moved, snrDecibels, (result, range) => {
            keep(result, { ...range, firstPrompt: range.firstPrompt - firstPrompt });
          });
        });
        const evaluation = evaluate(slices);
        evaluations.push(evaluation);
        onChip?.(evaluation);
      }
    }
  } finally {
    shared.close();
  }
  return evaluations;
}

/**
 * The chips of one network, with one condition per entry of `machines` and at most `slice` prompts per piece of work.
 * Throws  MappingError and ShapeError when the network does not fit the machines or the task
 */
export function openChips(
  executor: Executor,
  { experiment, data }: Given,
  network: Network<SpikingSpec>,
  machines: readonly HardwareSpec[],
  slice: number,
  keepAs?: string,
): SharedChip<ChipAnswers> {
  const folded = foldNetwork(network);
  taskOf({ experiment, data }, folded);
  for (const hardware of machines) {
    exitMarginOf(experiment, hardware);
    mapNetwork(folded, hardware, experiment.task.coding);
  }
  const conditions = machines.map((hardware) => ({ network: "evaluated", hardware }));
  const work = { experiment, data, networks: { evaluated: folded }, conditions, keepAs };
  return openSharedChip<object, ChipAnswers>(executor, "simulate-chip", work, slice, {});
}

export interface ChipAnswers extends SpikingAnswers, SoftAnswers {
  readonly operations: readonly OperationTrace[];
  readonly registers: RegisterCounts | null;
  readonly exit: ExitAnswers | null;
}

/** The job "simulate-chip": answers slices of the evaluation prompts with a chip. */
export const simulateChip = sharedChipJob<object, ChipAnswers>(({ network, labels, trace }, { experiment }) => {
  const { classes } = network.geometry;
  const { readOut } = network.model;
  const kind = answerKind(network);
  const { steps, stepLogits, logits, operations, spikes, registers } = trace;
  const byStep = Array.from({ length: steps }, (_, t) => decide(meanLogits(stepLogits, steps, t + 1), classes, kind));
  const margin = experiment.evaluation.exitMargin;
  const { scored } = scoredQueries(experiment.task, network.geometry);
  const exit = margin === undefined ? null : exitByMargin(trace, classes, readOut, margin, scored);
  const soft = softBitsOf(experiment) && {
    agreed: scoredAgreements(experiment.task, logits, labels, network.geometry, readOut),
  };
  return { ...answer(logits, labels, classes, kind), ...soft, byStep, exit, operations, spikes, registers };
});

function summarise<T extends TaskSpec>(
  slices: readonly ChipAnswers[],
  { task }: Experiment<T>,
  { geometry }: Network,
  snrDecibels: number | null,
): Omit<ChipEvaluation<ErrorsOf<T>>, "chip"> {
  const operations = sumOperations(slices.map((slice) => slice.operations));
  const actions = sumActions(operations.map((operation) => operation.actions));
  return {
    ...evaluationOf(slices, task, geometry, snrDecibels),
    agreed: joinAgreements(slices),
    bySteps: errorsByStep(slices, task, geometry),
    exit: exitOf(slices, task, geometry),
    operations,
    actions,
    clippedShare: clippedShare({ operations, actions }),
    registers: sumRegisters(slices.map((slice) => slice.registers)),
    densities: densitiesOf(sumSpikes(slices)),
  };
}

/** Exits at the queries that count. */
function exitOf<T extends TaskSpec>(
  slices: readonly ChipAnswers[],
  task: T,
  geometry: Geometry,
): ChipEvaluation<ErrorsOf<T>>["exit"] {
  const exits = slices.flatMap(({ exit, labels, byStep }) => (exit ? [{ ...exit, labels, most: byStep.length }] : []));
  if (exits.length === 0) return null;
  const counts = scoredQueries(task, geometry);
  const steps = exits.flatMap((exit) => [...scoredValues(exit.steps, counts)]);
  const errors = scoredErrors(task, geometry, exits);
  const shareOf = (taken: number) => steps.filter((count) => count === taken).length / steps.length;
  return { errors, shares: Array.from({ length: exits[0].most }, (_, i) => shareOf(i + 1)) };
}
