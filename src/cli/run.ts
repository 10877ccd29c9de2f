/** `xpike run`: the main job, from an experiment and its trained networks to a report. */
import { SpecError } from "../errors.ts";
import type { Network } from "../model/network.ts";
import { nodeExecutor } from "../node/threads.ts";
import { runExperiment } from "../run.ts";
import type { Experiment } from "../spec/experiment.ts";
import { type CommandOptions, commandLine, loadExperiment, loadImages, readNetwork } from "./options.ts";
import { deliverReport } from "./output.ts";
import { type Progress, startProgress } from "./progress.ts";
import type { Terminal } from "./terminal.ts";
import { versions } from "./version.ts";

/** Throws XpikeError for input that cannot be run. */
export async function runCommand(source: string, options: CommandOptions, terminal: Terminal): Promise<void> {
  const { experiment, directory } = await loadExperiment(source, options);
  const { networks, notes } = await loadNetworks(experiment, directory, source);
  const loaded = await loadImages(experiment, options);
  const executor = nodeExecutor(options.threads);
  let progress: Progress | undefined;
  try {
    const report = await runExperiment(experiment, networks, {
      executor,
      command: commandLine("run", source, options),
      versions: versions(),
      notes: [...notes, ...loaded.notes],
      images: loaded.images,
      onProgress: (done, total, stage) => {
        progress ??= startProgress(terminal, {
          label: "run",
          total,
          unit: loaded.images ? "images" : "prompts",
          quiet: options.json === true,
        });
        progress.update(done, stage);
      },
    });
    progress?.end();
    await deliverReport(report, options, terminal);
  } finally {
    await executor.close();
  }
}

/** Reads the experiment's checkpoints; a baseline may be missing, which the report notes. */
async function loadNetworks({ checkpoints }: Experiment, directory: string, source: string) {
  if (checkpoints.network === undefined) {
    throw new SpecError(
      "checkpoints.network",
      `No trained network is named. Train one with \`xpike train ${source} --out DIR\` and set checkpoints.network to ` +
        "DIR/network.safetensors.",
    );
  }
  const notes: string[] = [];
  const networks: { network: Network; ann?: Network; spiking?: Network } = {
    network: await readNetwork(directory, checkpoints.network),
  };
  for (const role of ["ann", "spiking"] as const) {
    const path = checkpoints[role];
    if (path !== undefined) networks[role] = await readNetwork(directory, path);
    else notes.push(`No checkpoint for the baseline checkpoints.${role}: it is left out of the comparison.`);
  }
  return { networks, notes };
}
