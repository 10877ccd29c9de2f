/** A checkpoint of a published layout, as `import` and `cost` read it: an experiment around the network that its tensors describe. */
import { basename } from "node:path";
import { SpecError } from "../errors.ts";
import type { Experiment, ExperimentDocument } from "../experiment/experiment.ts";
import { parseExperiment } from "../experiment/parse.ts";
import { type LayoutFile, readLayout } from "../import/layouts/catalogue.ts";
import { decodeTensors } from "../import/source.ts";
import { readFileChecked } from "../node/files.ts";
import type { LayoutOptions } from "./arguments.ts";
import { CHECKPOINT_BYTES } from "./networks.ts";
import { loadExperiment } from "./options.ts";

export interface LoadedLayout {
  readonly file: LayoutFile;
  readonly experiment: Experiment;
  /** The experiment as it is written: without defaults, unless another experiment gave the task. */
  readonly document: ExperimentDocument;
  /** Values of the file that are no tensors. */
  readonly others: readonly string[];
}

/**
 * An experiment given by option keeps its task, hardware and training; its model becomes that of the tensors.
 * Throws  FileError for a file that cannot be read; SpecError for one that does not fit the layout, or no task
 */
export async function loadLayout(source: string, layout: string, options: LayoutOptions): Promise<LoadedLayout> {
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
  const document: ExperimentDocument = given ? { ...given, model, checkpoints: {} } : { name, task, model };
  return { file, experiment: parseExperiment(document, source), document, others };
}
