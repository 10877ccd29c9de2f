// Reads the bundled experiments, their trained networks and their images for the measuring programs.
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { decodeCheckpoint, parseExperiment } from "xpikeformer";
import { measuredWorkload } from "xpikeformer/cost";
import { loadImageData, networkFile } from "xpikeformer/node";

const root = new URL("../", import.meta.url);
const { networks } = JSON.parse(readFileSync(new URL("networks/manifest.json", root), "utf8"));

/**
 * The path of a network's experiment from the repository root, as the manifest lists it for `NAME-xpikeformer` or `NAME`. A name missing
 * from the manifest is an example.
 */
export function experimentPath(name) {
  const entry = networks.find((network) => network.name === `${name}-xpikeformer` || network.name === name);
  return entry?.experiment ?? `examples/${name}.json`;
}

export const experimentFile = (name) => new URL(experimentPath(name), root);

const read = (name) => readFile(experimentFile(name), "utf8");

/** The JSON of a network's experiment, to be changed before parsing. */
export const documentOf = async (name) => JSON.parse(await read(name));

export const experimentOf = async (name) => parseExperiment(await read(name));

/** `{ network, metadata }` of a network file that an experiment names. */
export const checkpointOf = async (path) => decodeCheckpoint(await readFile(networkFile(path)), path);

/** The networks that an experiment names, by role. */
export async function networksOf({ checkpoints }) {
  const load = async ([role, path]) => [role, (await checkpointOf(path)).network];
  return Object.fromEntries(await Promise.all(Object.entries(checkpoints).map(load)));
}

/** All images of a task, or undefined if the task has no images. Throws if part of the data set is missing. */
export async function imagesOf({ data: name }) {
  if (!name) return undefined;
  const { data, notes } = await loadImageData(name);
  if (data.name !== name) throw new Error(`All of ${name} is needed. ${notes.join(" ")}`);
  return data;
}

/** The spike densities in a trace of an experiment, which is all the cost model needs from it. */
export function densitiesOf(experiment, trace) {
  const { blocks, inputDensity, stemDensities, headDensity } = measuredWorkload(experiment, trace);
  return { blocks, inputDensity, ...(stemDensities && { stemDensities }), headDensity };
}

/** The key of a network's results: its name and its number of query copies. */
export const keyOf = ({ name, copies = 1 }) => (copies === 1 ? name : `${name}, ${copies} copies`);

/** A copy of a link experiment, or of its document, with the given number of copies of the last query. */
export const withCopies = (experiment, queryCopies) => ({ ...experiment, task: { ...experiment.task, queryCopies } });

/** Depth and width, and the channels of the stem. */
export function sizeOf({ depth, width, stem }) {
  const channels = stem?.layers.map((layer) => layer.channels).join("-");
  return `${depth}-${width}${channels ? ` behind ${channels}` : ""}`;
}
