/**
 * Evaluates networks and chips on the experiment's evaluation prompts, slice by slice: the code that both share.
 *
 * Prompt k of `stream(seed).fork("evaluation")` is the same for every network, chip and SNR (apart from the strength of its
 * noise), so comparisons are paired. Answers are kept per decision and summed in prompt order, so how prompts are cut into
 * slices, and which thread takes which slice, changes no result.
 */
import { ShapeError, ValueError } from "../errors.ts";
import type { TaskSpec } from "../experiment/task.ts";
import { type Geometry, valuesPerAnswer } from "../model/geometry.ts";
import type { Network } from "../model/network.ts";
import type { SpikeCount } from "../simulation/trace.ts";
import type { Answers } from "../task/answers.ts";
import { type ErrorsOf, kitOf, type TaskOf } from "../task/catalogue.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import type { Given } from "../task/open.ts";
import { scoredErrors } from "../task/scored.ts";
import type { Labels } from "../task/task.ts";
import type { Range } from "./keeper.ts";

/** Errors of one kind of task; of any kind if none is given. */
export interface Evaluation<E = ErrorsOf<TaskSpec>> {
  readonly prompts: number;
  /** Signal-to-noise ratio of all prompts; null if every prompt draws its own, as in the task. */
  readonly snrDecibels: number | null;
  /** At the queries that count (`task/scored.ts`): the last, where all pilots are known, or all of a slot. */
  readonly errors: E;
  /** At each query: after 0, 1, ... pilots. Empty where queries share their pilots. */
  readonly byContext: readonly E[];
  /** Cross-entropy per decision over all queries, in nats, or squared error per answer. */
  readonly loss: number;
}

/** Prompts that one piece of work answers. */
export interface Slice extends Range {
  readonly snrDecibels: number | null;
}

/** Throws ValueError unless all values are positive integers. */
export function requireCounts(values: Readonly<Record<string, number>>): void {
  for (const [path, value] of Object.entries(values)) {
    if (!(Number.isSafeInteger(value) && value >= 1)) {
      throw new ValueError(path, `${path} is ${value}; give a whole number of at least 1.`);
    }
  }
}

/** Cuts the first `prompts` prompts into slices of at most `size`. */
export const cutPrompts = (prompts: number, size: number, snrDecibels: number | null): Slice[] =>
  cutRanges([{ firstPrompt: 0, prompts }], size, snrDecibels);

/** Cuts ranges of prompts into slices of at most `size`. */
export function cutRanges(ranges: readonly Range[], size: number, snrDecibels: number | null): Slice[] {
  return ranges.flatMap(({ firstPrompt: first, prompts }) =>
    Array.from({ length: Math.ceil(prompts / size) }, (_, i) => {
      return { firstPrompt: first + i * size, prompts: Math.min(size, prompts - i * size), snrDecibels };
    }),
  );
}

/** The name under which evaluations at one SNR are kept. */
export const snrName = (snrDecibels: number | null): string =>
  snrDecibels === null ? "every SNR" : `${snrDecibels} dB`;

/**
 * The experiment's task as the network sees it.
 * Throws  ShapeError when the network was made for another task
 */
export function taskOf<T extends TaskSpec>({ experiment, data }: Given<T>, { model, geometry }: Network): TaskOf<T> {
  const described = { task: experiment.task, model };
  const task = createTask(described, data);
  const asked = networkGeometry(described, task);
  for (const field of ["inputs", "tokens", "classes"] as const) {
    if (geometry[field] !== asked[field]) {
      throw new ShapeError(
        "network.geometry",
        `The network has ${geometry[field]} ${field}, but the experiment's task has ${asked[field]}. ` +
          "Evaluate it with the task it was trained on.",
      );
    }
  }
  return task;
}

/** The evaluation of all slices, in the order of prompts. */
export function evaluationOf<T extends TaskSpec>(
  slices: readonly Answers[],
  spec: T,
  geometry: Geometry,
  snrDecibels: number | null,
): Evaluation<ErrorsOf<T>> {
  const { queries } = geometry;
  const size = valuesPerAnswer(geometry);
  const labels = slices.flatMap((slice) => [...slice.labels]);
  const decisions = slices.flatMap((slice) => [...slice.decisions]);
  const kit = kitOf(spec);
  const column = (values: number[], query: number) =>
    values.filter((_, i) => Math.floor(i / size) % queries.length === query);
  const byContext = Array.from(kit.scored === "all" ? [] : queries, (_, query) =>
    kit.errors(column(labels, query), column(decisions, query), spec, size),
  );
  let loss = 0;
  for (const slice of slices) for (const one of slice.losses) loss += one;
  const errors = byContext.at(-1) ?? scoredErrors(spec, geometry, slices);
  return { prompts: errors.prompts, snrDecibels, errors, byContext, loss: loss / (labels.length / size) };
}

/** What a spiking network reports for a slice besides its answers. */
export interface SpikingAnswers extends Answers {
  /** `[steps]`, each as `decisions`, after 1 .. T steps. */
  readonly byStep: readonly Labels[];
  readonly spikes: Readonly<Record<string, SpikeCount>>;
}

/** Errors at the queries that count, after 1 .. T steps. */
export function errorsByStep<T extends TaskSpec>(
  slices: readonly SpikingAnswers[],
  task: T,
  geometry: Geometry,
): ErrorsOf<T>[] {
  return slices[0].byStep.map((_, t) =>
    scoredErrors(
      task,
      geometry,
      slices.map(({ labels, byStep }) => ({ labels, decisions: byStep[t] })),
    ),
  );
}

/** Spikes of all slices, by train. */
export const sumSpikes = (slices: readonly Pick<SpikingAnswers, "spikes">[]): Record<string, SpikeCount> =>
  Object.fromEntries(
    Object.keys(slices[0].spikes).map((name) => [
      name,
      {
        ones: slices.reduce((sum, slice) => sum + slice.spikes[name].ones, 0),
        bits: slices.reduce((sum, slice) => sum + slice.spikes[name].bits, 0),
      },
    ]),
  );
