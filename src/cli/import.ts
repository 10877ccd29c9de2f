/** `xpike import` and `xpike export`: converts networks from and to files of other programs. */
import { basename } from "node:path";
import { SpecError } from "../errors.ts";
import { LONGEST_TEXT } from "../experiment/json.ts";
import { parseTensorMapping, type TensorMapping } from "../experiment/tensor-mapping.ts";
import { findTensorMapping } from "../import/catalogue.ts";
import { exportNetwork } from "../import/export.ts";
import { importNetwork, listNames } from "../import/import.ts";
import { LAYOUT_NAMES } from "../import/layouts/catalogue.ts";
import { isHdf5 } from "../import/nir/hdf5.ts";
import { networkFromNir, networkToNir } from "../import/nir/network.ts";
import { decodeTensors } from "../import/source.ts";
import { encodeCheckpoint } from "../model/checkpoint.ts";
import { isSpiking, type Network } from "../model/network.ts";
import { encodeSafetensors } from "../model/safetensors.ts";
import { readFileChecked, writeFileAtomic } from "../node/files.ts";
import { networkFile } from "../node/networks.ts";
import { readNir, writeNir } from "../node/nir-file.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import { type ExportCommandOptions, type ImportCommandOptions, KNOWN_MAPPINGS } from "./arguments.ts";
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
  const bytes = await readFileChecked(source, CHECKPOINT_BYTES);
  const isGraph = isHdf5(bytes);
  if (!isGraph && file === undefined) {
    throw new SpecError(
      "experiment",
      `Nothing says which network to fill. Name an experiment, --experiment FILE, or the layout of the file: --layout ${LAYOUT_NAMES.join(", ")} or auto.`,
    );
  }
  if (out === undefined) throw new SpecError("out", "Name the network to write: --out network.safetensors.");
  if (isGraph || file === undefined) return importGraph(bytes, source, { ...options, out }, terminal);
  const { experiment } = await loadExperiment(file, {});
  const geometry = networkGeometry(experiment, createTask(experiment));
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

async function importGraph(
  bytes: Uint8Array,
  source: string,
  { experiment, path, out }: ImportCommandOptions & { readonly out: string },
  terminal: Terminal,
): Promise<void> {
  if (experiment !== undefined || path !== undefined) {
    throw new SpecError(
      experiment === undefined ? "path" : "experiment",
      "A NIR graph describes its own network. Leave out --experiment and --path.",
    );
  }
  const { graph } = await readNir(bytes, source);
  const { network, hardware } = networkFromNir(graph, source);
  await requireNoInput(out, [source]);
  const origin = { source: basename(source), mapping: "nir", ...(hardware !== null && { hardware }) };
  await writeFileAtomic(out, encodeCheckpoint(network, origin));
  if (hardware !== null) say(terminal, "The graph's chip is kept as `hardware` in the metadata of the network.");
  terminal.out(`${describeNetwork(network)} from a graph of ${graph.nodes.size} nodes.\n${out}\n`);
}

/** Throws XpikeError for a network that cannot be read or a mapping without an inverse, before anything is written. */
export async function exportCommand(source: string, options: ExportCommandOptions, terminal: Terminal): Promise<void> {
  const network = await readNetwork(".", source, source);
  if (options.out.endsWith(".nir")) return exportGraph(network, source, options, terminal);
  if (options.experiment !== undefined) {
    throw new SpecError(
      "experiment",
      "Only a NIR graph keeps the chip of an experiment. Name a .nir file with --out, or leave out --experiment.",
    );
  }
  const mapping = await loadMapping(options.mapping, network, null);
  const tensors = exportNetwork(network, mapping, { name: options.mapping });
  await requireNoInput(options.out, [networkFile(source, "."), options.mapping]);
  // The metadata that Python's safetensors library writes for PyTorch.
  await writeFileAtomic(options.out, encodeSafetensors(tensors, { format: "pt" }));
  terminal.out(`${describeNetwork(network)} to ${Object.keys(tensors).length} tensors.\n${options.out}\n`);
}

async function exportGraph(
  network: Network,
  source: string,
  { experiment, mapping, out }: ExportCommandOptions,
  terminal: Terminal,
): Promise<void> {
  if (mapping !== KNOWN_MAPPINGS[0]) {
    throw new SpecError("mapping", "A NIR graph has the layers of the network. Leave out --mapping.");
  }
  const loaded = experiment === undefined ? null : await loadExperiment(experiment, {});
  const graph = networkToNir(network, { ...(loaded && { hardware: loaded.experiment.hardware }) });
  await requireNoInput(out, [networkFile(source, "."), ...(experiment === undefined ? [] : [experiment])]);
  await writeNir(out, graph);
  if (isSpiking(network) && network.model.normalisation === "batch")
    say(terminal, "BatchNorm is folded into its layers.");
  terminal.out(`${describeNetwork(network)} to a graph of ${graph.nodes.size} nodes.\n${out}\n`);
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
