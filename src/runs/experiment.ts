/**
 * A run: evaluates the experiment's network on simulated chips, and every network and receiver it is compared with, on the
 * same prompts or images, and writes the report.
 */
import type { Report } from "../report/report.ts";
import type { Experiment } from "../spec/experiment.ts";
import { reportKitOf } from "./catalogue.ts";
import type { RunNetworks, RunOptions } from "./prepare.ts";

/**
 * Random   all from `stream(experiment.seed)`, as each evaluation says
 * Throws   SpecError when a network does not fit the experiment, or images are missing; MappingError when it cannot be mapped
 */
export async function runExperiment(
  experiment: Experiment,
  networks: RunNetworks,
  options: RunOptions,
): Promise<Report> {
  return reportKitOf(experiment.task).run(experiment, networks, options);
}
