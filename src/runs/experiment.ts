/**
 * A run: evaluates the experiment's network on simulated chips, and all comparison networks and receivers, on the same prompts or images,
 * and builds the report.
 */
import type { Report } from "../report/report.ts";
import { type Openable, opened } from "../task/open.ts";
import { reportKitOf } from "./catalogue.ts";
import type { RunNetworks, RunOptions } from "./prepare.ts";

/**
 * Random   all from `stream(experiment.seed)`, as each evaluation says
 * Throws   SpecError when a network does not fit the experiment, or the task's data is missing; MappingError when it cannot be mapped
 */
export async function runExperiment(subject: Openable, networks: RunNetworks, options: RunOptions): Promise<Report> {
  const given = opened(subject);
  return reportKitOf(given.experiment.task).run(given, networks, options);
}
