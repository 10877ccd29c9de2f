// The bundled experiments, their trained networks and their images, as all measuring programs read them.
import { readFile } from "node:fs/promises";
import { decodeCheckpoint, measuredWorkload, parseExperiment } from "xpikeformer";
import { loadImageData, networkFile } from "xpikeformer/node";

const examples = new URL("../examples/", import.meta.url);

const read = (name) => readFile(new URL(`${name}.json`, examples), "utf8");

/** What examples/NAME.json says, to be changed before it is parsed. */
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

/** By what results of a network are kept that is asked so often. */
export const keyOf = ({ name, copies = 1 }) => (copies === 1 ? name : `${name}, ${copies} copies`);

/** An experiment of the link, or its document, with so many copies of the last query, whatever its task says. */
export const withCopies = (experiment, queryCopies) => ({ ...experiment, task: { ...experiment.task, queryCopies } });
