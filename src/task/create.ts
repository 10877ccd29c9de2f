/** From an experiment to its task, and to what the task asks of the experiment's network. */
import type { Experiment } from "../spec/experiment.ts";
import type { ModelSpec } from "../spec/model.ts";
import { type SymbolDetectionTask, symbolDetection } from "./symbol-detection.ts";
import type { Geometry, TaskGeometry } from "./task.ts";

type Described = Pick<Experiment, "task" | "model">;

export function createTask({ task, model }: Described): SymbolDetectionTask {
  return symbolDetection(task, model.kind === "spiking" ? model.steps : 1);
}

/** The geometry for the experiment's network: binary lines for a spiking one, real values for an ANN and for `repeat`. */
export function networkGeometry({ task: spec, model }: Described, task: { geometry: TaskGeometry }): Geometry {
  return takesSpikes(model, spec) ? task.geometry.spiking : task.geometry.real;
}

export const takesSpikes = (model: ModelSpec, task: Experiment["task"]): boolean =>
  model.kind === "spiking" && task.coding !== "repeat";
