/** From an experiment to its task, and to what the task asks of the experiment's network. */
import type { ImageData } from "../data/images.ts";
import type { Geometry } from "../model/geometry.ts";
import type { Experiment } from "../spec/experiment.ts";
import type { ModelSpec } from "../spec/model.ts";
import type { SymbolDetectionSpec, TaskSpec } from "../spec/task.ts";
import { type ImageTask, imageClassification, withoutImages } from "./image-classification.ts";
import { type SymbolDetectionTask, symbolDetection } from "./symbol-detection.ts";
import type { TaskGeometry } from "./task.ts";

interface Described<T extends TaskSpec = TaskSpec> {
  readonly task: T;
  readonly model: ModelSpec;
}

/** The kind of task that a spec describes. */
export type TaskOf<T extends TaskSpec> = T extends SymbolDetectionSpec ? SymbolDetectionTask : ImageTask;

/**
 * The task of an experiment. One that classifies images draws from `images`; without them it has a geometry only.
 * Throws  SpecError and ShapeError as `imageClassification`
 */
export function createTask<T extends TaskSpec>({ task, model }: Described<T>, images?: ImageData | null): TaskOf<T> {
  const steps = model.kind === "spiking" ? model.steps : 1;
  const spec: TaskSpec = task;
  const created =
    spec.kind === "image-classification"
      ? imageClassification(spec, steps, images ?? undefined)
      : symbolDetection(spec, steps);
  return created as TaskOf<T>;
}

/** Throws SpecError when the task classifies images, and there are none. */
export function requireImages({ task }: Pick<Described, "task">, images: ImageData | null | undefined): void {
  if (task.kind === "image-classification" && !images) throw withoutImages();
}

/** The geometry for the experiment's network: binary lines for a spiking one, real values for an ANN and for `repeat`. */
export function networkGeometry({ task: spec, model }: Described, task: { geometry: TaskGeometry }): Geometry {
  return takesSpikes(model, spec) ? task.geometry.spiking : task.geometry.real;
}

export const takesSpikes = (model: ModelSpec, task: Experiment["task"]): boolean =>
  model.kind === "spiking" && task.coding !== "repeat";
