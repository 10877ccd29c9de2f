/** `xpike import --layout`: an experiment and its network from a checkpoint whose tensors tell both. */
import { basename, join } from "node:path";
import { SpecError } from "../errors.ts";
import { importNetwork, listNames } from "../import/import.ts";
import { encodeCheckpoint } from "../model/checkpoint.ts";
import { makeFolder, writeFilesTogether } from "../node/files.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import type { ImportCommandOptions } from "./arguments.ts";
import { describeNetwork, requireNoInput } from "./import-output.ts";
import { loadLayout } from "./layout-file.ts";
import { folderName } from "./output.ts";
import { say, type Terminal } from "./terminal.ts";

export const LAYOUT_FILES = { experiment: "experiment.json", network: "network.safetensors" } as const;

/** Throws XpikeError for a file that cannot be read or does not fit the layout, before anything is written. */
export async function importLayoutCommand(
  source: string,
  layout: string,
  options: ImportCommandOptions,
  terminal: Terminal,
): Promise<void> {
  const { file, experiment, document, others } = await loadLayout(source, layout, options);
  if (file.refusals.length > 0) {
    throw new SpecError(
      file.layout,
      `The network here cannot compute what the source computes:\n  ${file.refusals.join("\n  ")}\nIts price: xpike cost ${source} --layout ${file.layout}`,
    );
  }
  const { model } = experiment;
  const geometry = networkGeometry(experiment, createTask(experiment));
  const { network, notes } = importNetwork(file.tensors, model, geometry, file.mapping, {
    approximate: options.approximate === true,
    name: file.layout,
  });
  const out = options.out ?? join("results", folderName(experiment.name));
  const files = Object.values(LAYOUT_FILES).map((name) => join(out, name));
  for (const path of files) await requireNoInput(path, [source, ...(options.experiment ? [options.experiment] : [])]);
  const written = { ...document, checkpoints: { network: LAYOUT_FILES.network } };
  await makeFolder(out);
  await writeFilesTogether(out, {
    [LAYOUT_FILES.network]: encodeCheckpoint(network, { source: basename(source), mapping: file.layout }),
    [LAYOUT_FILES.experiment]: `${JSON.stringify(written, null, 2)}\n`,
  });
  for (const note of [...file.notes, ...notes]) say(terminal, note);
  if (others.length > 0)
    say(terminal, `The file also holds ${listNames(others)}, which are not tensors and are left out.`);
  terminal.out(`${describeNetwork(network)} from ${file.tensors.size} tensors.\n${files.join("\n")}\n`);
}
