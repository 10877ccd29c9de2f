/** `xpike run`: the main job, from an experiment to a report. */
import { buildReport } from "../report/report.ts";
import { type CommandOptions, commandLine, loadExperiment } from "./options.ts";
import { deliverReport } from "./output.ts";
import type { Terminal } from "./terminal.ts";
import { versions } from "./version.ts";

/** Throws XpikeError for input that cannot be run. */
export async function runCommand(source: string, options: CommandOptions, terminal: Terminal): Promise<void> {
  const { experiment } = await loadExperiment(source, options);
  const report = buildReport({
    title: experiment.name,
    summary: `Experiment ${experiment.name}, checked and with every default filled in.`,
    description: "The experiment as it is understood.",
    experiment,
    command: commandLine("run", source, options),
    seed: experiment.seed,
    versions: versions(),
    figures: [],
  });
  await deliverReport(report, options, terminal);
}
