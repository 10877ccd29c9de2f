/** From an experiment to its task, and to what the task asks of the experiment's network. */
import type { Geometry } from "../model/geometry.ts";
import type { Experiment } from "../spec/experiment.ts";
import type { ModelSpec } from "../spec/model.ts";
import type { TaskSpec } from "../spec/task.ts";
import { type DataOf, kitOf, type TaskOf } from "./catalogue.ts";
import type { TaskGeometry } from "./task.ts";

interface Described<T extends TaskSpec = TaskSpec> {
  readonly task: T;
  readonly model: ModelSpec;
}

/**
 * The task of an experiment. One that needs data draws from it; without any it has a geometry only.
 * Throws  SpecError and ShapeError as `TaskKit.create`
 */
export const createTask = <T extends TaskSpec>(
  { task, model }: Described<T>,
  data: DataOf<T> | null = null,
): TaskOf<T> => kitOf(task).create(task, model.kind === "spiking" ? model.steps : 1, data);

/** The geometry for the experiment's network: binary lines for a spiking one, real values for an ANN and for `repeat`. */
export function networkGeometry({ task: spec, model }: Described, task: { geometry: TaskGeometry }): Geometry {
  return takesSpikes(model, spec) ? task.geometry.spiking : task.geometry.real;
}

export const takesSpikes = (model: ModelSpec, task: Experiment["task"]): boolean =>
  model.kind === "spiking" && task.coding !== "repeat";
