/** `xpike studio`: serves a chip, an experiment or the folder of a run to the browser until stopped. */
import { stat } from "node:fs/promises";
import { networkFile } from "../node/networks.ts";
import { type StudioOptions, serveStudio } from "../node/studio-server.ts";
import type { StudioCommandOptions } from "./arguments.ts";
import { loadExperiment } from "./options.ts";
import type { Terminal } from "./terminal.ts";

/** Returns once the page is served; the server keeps the process alive. Throws XpikeError for an invalid source. */
export async function studioCommand(
  source: string | undefined,
  { port }: StudioCommandOptions,
  terminal: Terminal,
): Promise<void> {
  const { address } = await serveStudio({ ...(port !== undefined && { port }), ...(await openedOf(source)) });
  terminal.out(`The studio is at ${address}. Stop it with Ctrl-C.\n`);
}

async function openedOf(source: string | undefined): Promise<StudioOptions> {
  if (source === undefined) return {};
  const isFolder = await stat(source).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (isFolder) return { folder: source };
  const { experiment, directory } = await loadExperiment(source, {});
  const { network } = experiment.checkpoints;
  return { experiment, ...(network && { network: networkFile(network, directory) }) };
}
