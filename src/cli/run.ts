/** `xpike run`: from an experiment and its trained networks to a report. */
import type { Experiment } from "../experiment/experiment.ts";
import { writeSoftBits } from "../node/channel-file.ts";
import { requireFree } from "../node/folder-lock.ts";
import { chipSoftBits } from "../runs/chip-soft-bits.ts";
import { runExperiment } from "../runs/experiment.ts";
import type { RunCommandOptions } from "./arguments.ts";
import { describeWork, expectedRun } from "./estimate.ts";
import { measureSlowness } from "./machine-speed.ts";
import { loadNetworks } from "./networks.ts";
import { commandLine, loadExperiment, openLoaded, repeated } from "./options.ts";
import { outputFolder, requireTable } from "./output.ts";
import { contentsOf, runToReport } from "./report-run.ts";
import type { Terminal } from "./terminal.ts";
import { versions } from "./version.ts";

/** Throws XpikeError for invalid input. */
export async function runCommand(source: string, options: RunCommandOptions, terminal: Terminal): Promise<void> {
  requireTable(options, source);
  const loaded = await loadExperiment(source, options);
  await requireFree(outputFolder(loaded.experiment, options));
  const experiment = resized(loaded.experiment, options);
  const { networks, validatedSteps, notes } = await loadNetworks(loaded, ["ann", "spiking"]);
  const { opened, notes: dataNotes } = await openLoaded({ ...loaded, experiment }, options);
  const title = commandLine("run", source, options, repeated(options, ["chips", "prompts"]));
  const question = {
    command: "run",
    experiment,
    options: {},
    contents: contentsOf(networks, opened),
    versions: versions(),
  };
  if (!options.json)
    terminal.err(`${describeWork(expectedRun(experiment, networks), options.threads, measureSlowness())}\n`);
  const next = {
    command: commandLine("eval", source, {}, ["--drift", "1s,1h,1y"]),
    shows: "as the chips age",
  };
  await runToReport(question, options, terminal, { title, next, network: networks.network }, async (making) => {
    const run = { ...making, command: title, notes: [...notes, ...dataNotes] };
    const { softBits } = options;
    if (softBits !== undefined) await writeSoftBits(softBits, await chipSoftBits(making.executor, opened, networks));
    return runExperiment(opened, { ...networks, validatedSteps }, run);
  });
}

/** The experiment with the requested chips and prompts; points of curves use at most that many prompts. */
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
