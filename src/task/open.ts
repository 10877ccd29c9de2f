/** An opened experiment: with its task, and the data that the task draws from. Everything that draws prompts starts from it. */
import type { Experiment } from "../experiment/experiment.ts";
import type { ModelSpec } from "../experiment/model.ts";
import type { TaskSpec } from "../experiment/task.ts";
import { type DataOf, kitOf, type TaskOf } from "./catalogue.ts";
import { createTask } from "./create.ts";

/** The part that can be copied to another thread, where the task is created anew. */
export interface Given<T extends TaskSpec = TaskSpec, M extends ModelSpec = ModelSpec> {
  readonly experiment: Experiment<T, M>;
  /** Null for a task that generates its prompts. */
  readonly data: DataOf<T>;
}

export interface Opened<T extends TaskSpec = TaskSpec, M extends ModelSpec = ModelSpec> extends Given<T, M> {
  /** For the experiment's own model; a network with another number of time steps calls `createTask` itself. */
  readonly task: TaskOf<T>;
}

/** Argument of functions that draw prompts: an experiment whose task generates them, or one opened with its data. */
export type Openable<T extends TaskSpec = TaskSpec, M extends ModelSpec = ModelSpec> = Experiment<T, M> | Opened<T, M>;

/**
 * Opens an experiment with the data of its task, such as images for image classification.
 * Throws  SpecError when the task needs data and there are none; ShapeError when the data do not match the spec
 *
 * @example
 * const { data } = await loadTaskData(experiment); // in xpikeformer/node
 * await train(openExperiment(experiment, data), { executor });
 */
export function openExperiment<T extends TaskSpec, M extends ModelSpec>(
  experiment: Experiment<T, M>,
  data: DataOf<T> | null = null,
): Opened<T, M> {
  const missing = kitOf(experiment.task).withoutData(experiment.task);
  if (missing && !data) throw missing;
  const own = (missing ? data : null) as DataOf<T>;
  return { experiment, data: own, task: createTask(experiment, own) };
}

/** The subject, opened if necessary. Throws as `openExperiment`. */
export const opened = <T extends TaskSpec, M extends ModelSpec>(subject: Openable<T, M>): Opened<T, M> =>
  "experiment" in subject ? subject : openExperiment(subject);

/** The same data for a changed experiment. Throws as `openExperiment`. */
export const reopened = <T extends TaskSpec, M extends ModelSpec>(
  { data }: Pick<Given<T>, "data">,
  experiment: Experiment<T, M>,
): Opened<T, M> => openExperiment(experiment, data);
