/**
 * The main job: evaluates the experiment's network on simulated chips, and every network and receiver it is compared with, on the
 * same prompts or images, and writes the report.
 */

import { SpecError } from "./errors.ts";
import type { Report } from "./report/report.ts";
import type { RunNetworks, RunOptions } from "./runs/common.ts";
import { runSymbolDetection } from "./runs/symbol-detection.ts";
import { type Experiment, isSymbolDetection } from "./spec/experiment.ts";

export { asDescribed, type RunNetworks, type RunOptions } from "./runs/common.ts";

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
  throw new SpecError("task.kind", "Images are trained on so far.");
}
