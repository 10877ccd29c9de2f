/** `xpike run`: from an experiment and its trained networks to a report. */
import { useFolder } from "../node/run-folder.ts";
import { nodeExecutor } from "../node/threads.ts";
import { runExperiment } from "../runs/experiment.ts";
import type { Experiment } from "../spec/experiment.ts";
import { kitOf } from "../task/catalogue.ts";
import type { RunCommandOptions } from "./arguments.ts";
import { describeWork, expectedRun } from "./estimate.ts";
import { loadNetworks } from "./networks.ts";
import { commandLine, loadExperiment, openLoaded, repeated } from "./options.ts";
import { deliverReport, outputFolder } from "./output.ts";
import { type Progress, startProgress } from "./progress.ts";
import type { Terminal } from "./terminal.ts";
import { versions } from "./version.ts";

/** Throws XpikeError for input that cannot be run. */
export async function runCommand(source: string, options: RunCommandOptions, terminal: Terminal): Promise<void> {
  const loaded = await loadExperiment(source, options);
  const experiment = resized(loaded.experiment, options);
  const { networks, notes } = await loadNetworks(loaded, ["ann", "spiking"]);
  const { opened, notes: dataNotes } = await openLoaded({ ...loaded, experiment }, options);
  if (!options.json) terminal.err(`${describeWork(expectedRun(experiment, networks), options.threads)}\n`);
  const command = commandLine("run", source, options, repeated(options, ["chips", "prompts"]));
  await useFolder(outputFolder(experiment, options), command, async () => {
    const executor = nodeExecutor(options.threads);
    let progress: Progress | undefined;
    try {
      const report = await runExperiment(opened, networks, {
        executor,
        command,
        versions: versions(),
        notes: [...notes, ...dataNotes],
        onProgress: (done, total, part) => {
          progress ??= startProgress(terminal, {
            label: "run",
            total,
            unit: `${kitOf(experiment.task).metric.trial}s`,
            quiet: options.json === true,
          });
          progress.update(done, part);
        },
      });
      progress?.end();
      const shows = "what becomes of it as the chips age";
      await deliverReport(report, options, terminal, {
        next: { command: commandLine("eval", source, {}, ["--drift", "1s,1h,1y"]), shows },
      });
    } finally {
      await executor.close();
    }
  });
}

/** The experiment with the chips and prompts that were asked for; points of curves have no more prompts than the rest. */
function resized(experiment: Experiment, { chips, prompts }: RunCommandOptions): Experiment {
  const { hardware, evaluation } = experiment;
  return {
    ...experiment,
    hardware: { ...hardware, chips: chips ?? hardware.chips },
    evaluation: {
      ...evaluation,
      prompts: prompts ?? evaluation.prompts,
      curvePrompts: Math.min(evaluation.curvePrompts, prompts ?? evaluation.curvePrompts),
    },
  };
}
