// The bundled experiments, their trained networks and their images, as all measuring programs read them.
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { decodeCheckpoint, measuredWorkload, parseExperiment } from "xpikeformer";
import { loadImageData, networkFile } from "xpikeformer/node";

const root = new URL("../", import.meta.url);
const { networks } = JSON.parse(readFileSync(new URL("networks/manifest.json", root), "utf8"));

/**
 * The experiment of a network, from the root of the repository: of `NAME-xpikeformer` or `NAME`, as the manifest has it. What the manifest
 * does not name is an example.
 */
export function experimentPath(name) {
  const entry = networks.find((network) => network.name === `${name}-xpikeformer` || network.name === name);
  return entry?.experiment ?? `examples/${name}.json`;
}

export const experimentFile = (name) => new URL(experimentPath(name), root);

const read = (name) => readFile(experimentFile(name), "utf8");

/** What the experiment of a network says, to be changed before it is parsed. */
export const documentOf = async (name) => JSON.parse(await read(name));

export const experimentOf = async (name) => parseExperiment(await read(name));

/** `{ network, metadata }` of the file that an experiment names. */
export const checkpointOf = async (path) => decodeCheckpoint(await readFile(networkFile(path)), path);

/** The networks that an experiment names, by role. */
export async function networksOf({ checkpoints }) {
  const load = async ([role, path]) => [role, (await checkpointOf(path)).network];
  return Object.fromEntries(await Promise.all(Object.entries(checkpoints).map(load)));
}

/** All images that a task classifies; undefined where it classifies none. Throws where a part of the set is missing. */
export async function imagesOf({ data: name }) {
  if (!name) return undefined;
  const { data, notes } = await loadImageData(name);
  if (data.name !== name) throw new Error(`All of ${name} is needed. ${notes.join(" ")}`);
  return data;
}

/** How densely its spikes came in a trace of an experiment: all that prices need of it. */
export function densitiesOf(experiment, trace) {
  const { blocks, inputDensity, stemDensities, headDensity } = measuredWorkload(experiment, trace);
  return { blocks, inputDensity, ...(stemDensities && { stemDensities }), headDensity };
}

/** The key of a network's results: its name, and its copies of the query. */
export const keyOf = ({ name, copies = 1 }) => (copies === 1 ? name : `${name}, ${copies} copies`);

/** An experiment of the link, or its document, with a number of copies of the last query, whatever its task says. */
export const withCopies = (experiment, queryCopies) => ({ ...experiment, task: { ...experiment.task, queryCopies } });
