/**
 * A run: evaluates the experiment's network on simulated chips, and every network and receiver it is compared with, on the
 * same prompts or images, and writes the report.
 */
import type { Report } from "../report/report.ts";
import { type Experiment, isSymbolDetection } from "../spec/experiment.ts";
import type { ImageClassificationSpec } from "../spec/task.ts";
import { runImageClassification } from "./image-classification.ts";
import type { RunNetworks, RunOptions } from "./prepare.ts";
import { runSymbolDetection } from "./symbol-detection.ts";

/**
 * Random   all from `stream(experiment.seed)`, as each evaluation says
 * Throws   SpecError when a network does not fit the experiment, or images are missing; MappingError when it cannot be mapped
 */
export async function runExperiment(
  experiment: Experiment,
  networks: RunNetworks,
  options: RunOptions,
): Promise<Report> {
  if (isSymbolDetection(experiment)) return runSymbolDetection(experiment, networks, options);
  return runImageClassification(experiment as Experiment<ImageClassificationSpec>, networks, options);
}
