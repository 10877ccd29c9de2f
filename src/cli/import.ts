/** `xpike import` and `xpike export`: converts networks from and to files of other programs. */
import { basename } from "node:path";
import { SpecError } from "../errors.ts";
import { LONGEST_TEXT } from "../experiment/json.ts";
import { parseTensorMapping, type TensorMapping } from "../experiment/tensor-mapping.ts";
import { findTensorMapping } from "../import/catalogue.ts";
import { exportNetwork } from "../import/export.ts";
import { importNetwork, listNames } from "../import/import.ts";
import { LAYOUT_NAMES } from "../import/layouts/catalogue.ts";
import { decodeTensors } from "../import/source.ts";
import { encodeCheckpoint } from "../model/checkpoint.ts";
import type { Network } from "../model/network.ts";
import { encodeSafetensors } from "../model/safetensors.ts";
import { readFileChecked, writeFileAtomic } from "../node/files.ts";
import { networkFile } from "../node/networks.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import type { ExportCommandOptions, ImportCommandOptions } from "./arguments.ts";
import { describeNetwork, requireNoInput } from "./import-output.ts";
import { CHECKPOINT_BYTES, readNetwork } from "./networks.ts";
import { loadExperiment } from "./options.ts";
import { say, type Terminal } from "./terminal.ts";

/** Throws XpikeError for a file that cannot be read or does not fit, before anything is written. */
export async function importCommand(source: string, options: ImportCommandOptions, terminal: Terminal): Promise<void> {
  if (options.layout !== undefined) {
    const { importLayoutCommand } = await import("./import-layout.ts");
    return importLayoutCommand(source, options.layout, options, terminal);
  }
  const { experiment: file, out } = options;
  if (file === undefined) {
    throw new SpecError(
      "experiment",
      `Nothing says which network to fill. Name an experiment, --experiment FILE, or the layout of the file: --layout ${LAYOUT_NAMES.join(", ")} or auto.`,
    );
  }
  if (out === undefined) throw new SpecError("out", "Name the network to write: --out network.safetensors.");
  const { experiment } = await loadExperiment(file, {});
  const geometry = networkGeometry(experiment, createTask(experiment));
  const bytes = await readFileChecked(source, CHECKPOINT_BYTES);
  const { tensors, others } = decodeTensors(bytes, options.path, source);
  const { model } = experiment;
  const mapping = await loadMapping(options.mapping, { model, geometry }, new Set(tensors.keys()));
  const { network, notes } = importNetwork(tensors, model, geometry, mapping, {
    approximate: options.approximate === true,
    name: options.mapping,
  });
  await requireNoInput(out, [source, file, options.mapping]);
  const origin = { source: basename(source), mapping: basename(options.mapping) };
  await writeFileAtomic(out, encodeCheckpoint(network, origin));
  for (const note of notes) say(terminal, note);
  if (others.length > 0)
    say(terminal, `The file also holds ${listNames(others)}, which are not tensors and are left out.`);
  terminal.out(`${describeNetwork(network)} from ${tensors.size} tensors.\n${out}\n`);
}

/** Throws XpikeError for a network that cannot be read or a mapping without an inverse, before anything is written. */
export async function exportCommand(source: string, options: ExportCommandOptions, terminal: Terminal): Promise<void> {
  const network = await readNetwork(".", source, source);
  const mapping = await loadMapping(options.mapping, network, null);
  const tensors = exportNetwork(network, mapping, { name: options.mapping });
  await requireNoInput(options.out, [networkFile(source, "."), options.mapping]);
  // The metadata that Python's safetensors library writes for PyTorch.
  await writeFileAtomic(options.out, encodeSafetensors(tensors, { format: "pt" }));
  terminal.out(`${describeNetwork(network)} to ${Object.keys(tensors).length} tensors.\n${options.out}\n`);
}

async function loadMapping(
  name: string,
  network: Pick<Network, "model" | "geometry">,
  names: ReadonlySet<string> | null,
): Promise<TensorMapping> {
  if (!name.endsWith(".json")) return findTensorMapping(name, network, names);
  // A character takes at most four bytes.
  const text = new TextDecoder().decode(await readFileChecked(name, 4 * LONGEST_TEXT));
  return parseTensorMapping(text, name);
}
