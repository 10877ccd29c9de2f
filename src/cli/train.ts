/** `xpike train`: from an experiment to a trained network. */
import { join } from "node:path";
import { type CommandOptions, loadExperiment } from "./options.ts";
import { outputFolder, writeWhole } from "./output.ts";
import type { Terminal } from "./terminal.ts";

/** Throws XpikeError for input that cannot be trained. */
export async function trainCommand(source: string, options: CommandOptions, terminal: Terminal): Promise<void> {
  const { experiment } = await loadExperiment(source, options);
  const path = join(outputFolder(experiment, options), "experiment.json");
  await writeWhole(path, `${JSON.stringify(experiment, null, 2)}\n`);
  terminal.out(`${path}\n`);
}
