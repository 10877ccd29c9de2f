/** A checkpoint of a published layout, as `import` and `cost` read it: an experiment around the network that its tensors describe. */
import { basename, dirname } from "node:path";
import { SpecError } from "../errors.ts";
import type { Experiment, ExperimentDocument } from "../experiment/experiment.ts";
import { parseExperiment } from "../experiment/parse.ts";
import { importNetwork } from "../import/import.ts";
import { type LayoutFile, readLayout } from "../import/layouts/catalogue.ts";
import { decodeTensors } from "../import/source.ts";
import { isSpiking, type Network } from "../model/network.ts";
import { readFileChecked } from "../node/files.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import type { CommandOptions, LayoutOptions } from "./arguments.ts";
import { CHECKPOINT_BYTES } from "./networks.ts";
import { type LoadedExperiment, loadExperiment } from "./options.ts";

export interface LoadedLayout {
  readonly file: LayoutFile;
  readonly experiment: Experiment;
  /** The experiment as it is written: without defaults, unless another experiment gave the task. */
  readonly document: ExperimentDocument;
  /** Values of the file that are no tensors. */
  readonly others: readonly string[];
}

/** A checkpoint for `xpike cost`. */
export interface Checkpoint {
  readonly loaded: LoadedExperiment;
  /** A network that fires and can be imported; null for others, which are priced by their sizes. */
  readonly network: Network | null;
  readonly notes: readonly string[];
}

/** Throws as `loadLayout`. What the network here does not compute is a note: only the price is asked for. */
export async function loadCheckpoint(
  source: string,
  layout: string,
  options: Parameters<typeof loadLayout>[2],
): Promise<Checkpoint> {
  const { file, experiment } = await loadLayout(source, layout, options);
  const { mapping, refusals } = file;
  const loaded = { experiment, directory: dirname(source), source };
  const differences = [...refusals, ...mapping.approximations].map((text) => `Priced by its sizes: ${text}`);
  if (!isSpiking(experiment) || differences.length > 0) {
    return { loaded, network: null, notes: [...differences, ...file.notes] };
  }
  const geometry = networkGeometry(experiment, createTask(experiment));
  const { network, notes } = importNetwork(file.tensors, experiment.model, geometry, mapping, { name: file.layout });
  return { loaded, network, notes: [...file.notes, ...notes] };
}

/**
 * An experiment given by option keeps its task, hardware and training; its model becomes that of the tensors.
 * Throws  FileError for a file that cannot be read; SpecError for one that does not fit the layout, or no task
 */
export async function loadLayout(
  source: string,
  layout: string,
  options: LayoutOptions & Pick<CommandOptions, "seed">,
): Promise<LoadedLayout> {
  const given = options.experiment === undefined ? null : (await loadExperiment(options.experiment, {})).experiment;
  const { tensors, others } = decodeTensors(await readFileChecked(source, CHECKPOINT_BYTES), options.path, source);
  const file = readLayout(tensors, layout, options);
  const { model, task } = file.document;
  if (!given && task === undefined) {
    throw new SpecError(
      "experiment",
      `Tensors of the layout ${file.layout} do not tell what a token holds. Name an experiment with its task: --experiment FILE. Its model is replaced.`,
    );
  }
  const name =
    basename(source)
      .replace(/\.\w+$/, "")
      .slice(0, 80) || "checkpoint";
  const written: ExperimentDocument = given ? { ...given, model, checkpoints: {} } : { name, task, model };
  const document = options.seed === undefined ? written : { ...written, seed: options.seed };
  return { file, experiment: parseExperiment(document, source), document, others };
}
