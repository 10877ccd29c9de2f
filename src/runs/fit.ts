/**
 * Checks whether a trained network fits the experiment that names it, and finds the field that does not.
 *
 * A network stores its sizes, but not its task. The differing field is therefore found by trial: values that would make the sizes equal,
 * one field at a time. Two tasks of equal sizes cannot be distinguished.
 */
import { isXpikeError, SpecError } from "../errors.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { shorten } from "../experiment/json.ts";
import {
  type GraphSpec,
  hasPositions,
  type ModelSpec,
  type SpikingSpec,
  type TransformerSpec,
} from "../experiment/model.ts";
import type { TaskSpec } from "../experiment/task.ts";
import { askedOnce, type Geometry, sameGeometry, sameSizes } from "../model/geometry.ts";
import type { Network } from "../model/network.ts";
import { parameterLayout } from "../model/network.ts";
import { kitOf } from "../task/catalogue.ts";
import { createTask, networkGeometry } from "../task/create.ts";

/**
 * The trained network with the settings of the experiment: weights from the checkpoint, everything that may differ without
 * retraining (steps, gains, draws, neuron, copies of a query, pilots of a slot) from the experiment, with a note for each that does.
 * `validatedSteps` are numbers of time steps, beyond that of the training, at which the network was checked: the note says so.
 * Throws  SpecError at the field of the experiment that the network does not fit; `field` is where the experiment names it
 */
export function asDescribed(
  experiment: Experiment,
  trained: Network,
  notes: string[],
  field = "checkpoints.network",
  validatedSteps: readonly number[] = [],
): Network<SpikingSpec> {
  const { model } = experiment;
  if (model.kind === "ann") {
    throw new SpecError(
      "model.kind",
      `Hardware runs spiking networks, but the model is "${model.kind}". Choose "spiking"; name an ANN for comparison in checkpoints.ann.`,
    );
  }
  if (trained.model.kind !== model.kind) throw otherKind(trained, model.kind, field);
  const described = checkModel(model, trained as Network<SpikingSpec>, field);
  const geometry = checkTask(experiment, { ...trained, model: described }, field);
  if (!sameGeometry(geometry, trained.geometry)) {
    const pilots = ({ tokens, queries }: Geometry) => tokens - queries.length;
    notes.push(
      `Of ${geometry.tokens} tokens, ${pilots(geometry)} are pilots, in other places than the ${pilots(trained.geometry)} of the training.`,
    );
  }
  for (const field of ["heads", "steps", "attention", "neuron"] as const) {
    const [now, then] = [model, trained.model].map((of) => JSON.stringify((of as Partial<TransformerSpec>)[field]));
    if (now === then) continue;
    notes.push(
      field === "steps" && validatedSteps.includes(model.steps)
        ? validatedNote(model.steps, trained.model.steps)
        : `model.${field} is ${now}, but the network was trained with ${then}.`,
    );
  }
  return { ...trained, model: described, geometry };
}

/** The note on a number of time steps that is not the training's, but at which the network was checked. */
export const validatedNote = (steps: number, trainedSteps: number): string =>
  `T = ${steps} was checked on validation prompts, after training at T = ${trainedSteps}.`;

/**
 * A comparison network, with the geometry of the task.
 * Throws  SpecError at `checkpoints.ROLE` for a network of the other kind; as `checkTask`
 */
export function asCompared(experiment: Experiment, trained: Network, role: "ann" | "spiking"): Network {
  const field = `checkpoints.${role}`;
  if ((trained.model.kind === "ann") !== (role === "ann")) throw otherKind(trained, role, field);
  return { ...trained, geometry: checkTask(experiment, trained, field) };
}

const otherKind = ({ model }: Network, wanted: ModelSpec["kind"], field: string): SpecError =>
  new SpecError(
    field,
    `This field needs a network of kind "${wanted}", but the file holds one of kind "${model.kind}". Name another network, ` +
      "or leave the field out.",
  );

/**
 * The geometry of the task for the network, which may have been trained with other copies of its queries. `field` names the network in the
 * experiment.
 * Throws  SpecError, at the field of the task that differs, when the task does not give what the network takes
 */
export function checkTask({ task }: Experiment, { model, geometry }: Network, field: string): Geometry {
  const given = geometryOf(task, model);
  const isRelaid = kitOf(task).carriesPlaces && !hasPositions(model);
  if (given && (isRelaid ? sameSizes : sameGeometry)(given, geometry)) return given;
  const changes = kitOf(task)
    .changes(task, askedOnce(geometry))
    .filter((change) => {
      const changed = geometryOf({ ...task, ...change } as TaskSpec, model);
      return changed && sameGeometry(changed, geometry);
    });
  const keys = [...new Set(changes.flatMap(Object.keys))];
  const found = changes.map((change) =>
    Object.entries(change)
      .map(([key, value]) => `task.${key} ${shorten(value)}`)
      .join(" and "),
  );
  const [first] = changes;
  const own = keys.map((key) => `task.${key} ${shorten((task as Record<string, unknown>)[key])}`).join(" and ");
  const difference =
    found.length === 0 ? "" : ` It fits ${found.slice(0, 3).join(", or ")}; the experiment has ${own}.`;
  const back = found.length === 0 ? "Restore the task" : `Set ${found[0]}`;
  throw new SpecError(
    first === undefined ? "task" : `task.${Object.keys(first)[0]}`,
    `The network of ${field} takes ${describe(geometry)}, but this task has ${given ? describe(given) : "no such sizes"}.` +
      `${difference} ${back}, or train a network for this task with \`xpike train\` and name it in ${field}.`,
  );
}

/**
 * The experiment's model, with the normalisation of the trained network.
 * Throws  SpecError, at the field that differs, when its parameters have other shapes than the network's
 */
export function checkModel(model: SpikingSpec, trained: Network<SpikingSpec>, field: string): SpikingSpec {
  const said = (of: SpikingSpec, key: (typeof SHAPING)[number]) => {
    const value = key === "readOut" ? (of.readOut ?? "joint") : (of as Partial<TransformerSpec & GraphSpec>)[key];
    return value === undefined ? "left out" : JSON.stringify(value);
  };
  const keys = SHAPING.filter((key) => said(model, key) !== said(trained.model, key));
  if (keys.length === 0) {
    const described = { ...model, normalisation: trained.model.normalisation };
    const wanted = parameterLayout(described, trained.geometry);
    const different = wanted.some(({ name, shape }) => String(trained.parameters[name]?.shape) !== String(shape));
    if (!different && wanted.length === Object.keys(trained.parameters).length) return described;
  }
  const values = (of: SpikingSpec) => keys.map((key) => `model.${key} ${said(of, key)}`).join(" and ");
  throw new SpecError(
    keys.length > 0 ? `model.${keys[0]}` : field,
    `The network of ${field} was trained with ${values(trained.model)}, but the experiment has ${values(model)}. Change the experiment back, or ` +
      `train this model with \`xpike train\` and name it in ${field}.`,
  );
}

/** Fields of a model that determine its parameters. */
const SHAPING = [
  "width",
  "depth",
  "expansion",
  "position",
  "outputProjection",
  "stem",
  "readOut",
  "operations",
] as const;

/** Null for a task that cannot be built. */
function geometryOf(task: TaskSpec, model: Network["model"]): Geometry | null {
  try {
    return networkGeometry({ task, model }, createTask({ task, model }));
  } catch (error) {
    if (isXpikeError(error)) return null;
    throw error;
  }
}

const describe = ({ inputs, tokens, classes }: Geometry): string =>
  `${tokens} tokens of ${inputs} inputs, and ${classes} classes`;
