/** From an experiment to its task, and to the geometry that the task requires of the network. */

import { SpecError } from "../errors.ts";
import { drawsOf } from "../experiment/by-attention.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { attentionsOf, hasPositions, isTransformer, type ModelSpec, stemOf } from "../experiment/model.ts";
import type { TaskSpec } from "../experiment/task.ts";
import { type Geometry, MOST_TOKENS } from "../model/geometry.ts";
import { listedGeometry } from "../model/listed.ts";
import { RESIDUALS } from "../model/residual.ts";
import { stemGeometry } from "../model/stem.ts";
import { type DataOf, kitOf, type TaskOf } from "./catalogue.ts";
import type { TaskGeometry } from "./task.ts";

export interface TaskAndModel<T extends TaskSpec = TaskSpec> {
  readonly task: T;
  readonly model: ModelSpec;
}

/**
 * The task of an experiment, for its network. A network that gives the same answer at all copies of a query gets only one copy. A
 * task that needs data draws from it; without data it has only a geometry.
 * Throws  SpecError and ShapeError as `TaskKit.create`
 */
export function createTask<T extends TaskSpec>(
  { task, model }: TaskAndModel<T>,
  data: DataOf<T> | null = null,
): TaskOf<T> {
  const kit = kitOf(task);
  return kit.create(
    drawsNothing(model, task) ? kit.askedOnce(task) : task,
    model.kind === "ann" ? 1 : model.steps,
    data,
  );
}

/**
 * Whether a network's answer depends on the prompt alone: neither its attention nor its input coding draws random numbers.
 */
function drawsNothing(model: ModelSpec, { coding }: TaskSpec): boolean {
  if (model.kind === "ann") return true;
  return (
    coding !== "bernoulli" && attentionsOf(model).every((attention) => [null, "ordered"].includes(drawsOf(attention)))
  );
}

/**
 * The geometry for the experiment's network: binary lines for a spiking network, real values for an ANN and for `repeat`. For a
 * network with a convolutional stem, the task's tokens are the pixels of its map.
 * Throws  SpecError when a stem cannot read them, or when the model reads out bits that the task's classes do not have
 */
export function networkGeometry({ task: spec, model }: TaskAndModel, task: { geometry: TaskGeometry }): Geometry {
  if (model.readOut === "bits" && kitOf(spec).metric.key !== "bitErrorRate") {
    throw new SpecError(
      "model.readOut",
      "A bit read-out answers bit by bit, but the classes of this task are not words of bits. Set model.readOut to `joint`, or leave it out.",
    );
  }
  const { real, spiking, grid } = task.geometry;
  if (hasPositions(model) && takesSpikes(model, spec) && spiking.copies) {
    throw new SpecError(
      "model.position",
      "Learned positions would tell copies of a query apart. Set model.position to `none`, or leave copies out of " +
        "task.queryCopies and training.stages.",
    );
  }
  const geometry = takesSpikes(model, spec) ? spiking : real;
  if (geometry.readOut === "stream-mean") requireNeuronsOnStream(model);
  return afterStem(model, geometry, grid);
}

function requireNeuronsOnStream(model: ModelSpec): void {
  if (model.kind === "graph") return; // its list says where the mean is taken
  if (model.kind === "spiking" && RESIDUALS[model.residual].neurons === "stream") return;
  throw new SpecError(
    "task.readOut",
    "`stream-mean` averages what the last neurons on the residual stream read, and this model has none there. Set task.readOut to `mean`.",
  );
}

/** The task as the read-out of a network sees it. Throws SpecError when the network cannot read it, or when there are too many tokens. */
export function afterStem(model: ModelSpec, read: Geometry, grid: TaskGeometry["grid"]): Geometry {
  const geometry = geometryBehind(model, read, grid);
  if (geometry.tokens > MOST_TOKENS) throw tooManyTokens(geometry.tokens, model);
  return geometry;
}

function geometryBehind(model: ModelSpec, read: Geometry, grid: TaskGeometry["grid"]): Geometry {
  if (!isTransformer(model)) return listedGeometry(model, read, grid);
  return model.stem ? stemGeometry(model.stem, read, grid) : read;
}

const tooManyTokens = (tokens: number, model: ModelSpec): SpecError => {
  const stem = stemOf(model);
  return new SpecError(
    stem ? "model.stem" : "task.patch",
    `The task makes ${tokens} tokens, which attend to each other with ${tokens} x ${tokens} = ${tokens ** 2} scores. Networks ` +
      `have at most ${MOST_TOKENS} tokens. ${stem ? "Let the stem output fewer pixels, with strides or pooling." : "Use larger patches."}`,
  );
};

export const takesSpikes = (model: ModelSpec, task: Experiment["task"]): boolean =>
  model.kind !== "ann" && task.coding !== "repeat";
