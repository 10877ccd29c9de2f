/** `xpike train`: from an experiment to a trained network. */
import { join } from "node:path";
import { writeFileAtomic } from "../node/files.ts";
import { type CommandOptions, loadExperiment } from "./options.ts";
import { makeFolder, outputFolder } from "./output.ts";
import type { Terminal } from "./terminal.ts";

/** Throws XpikeError for input that cannot be trained. */
export async function trainCommand(source: string, options: CommandOptions, terminal: Terminal): Promise<void> {
  const { experiment } = await loadExperiment(source, options);
  const folder = outputFolder(experiment, options);
  await makeFolder(folder);
  const path = join(folder, "experiment.json");
  await writeFileAtomic(path, `${JSON.stringify(experiment, null, 2)}\n`);
  terminal.out(`${path}\n`);
}
