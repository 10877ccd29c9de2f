// Measures what the tables of this folder show: the bundled networks for images on all test images, after more and more time steps, with
// converters of 4 to 8 bits, and a year after programming. Needs the three data sets, in the folder that XPIKE_DATA names or in the cache.
// Ten minutes on two cores; goes on where it was stopped, and writes result.json. `node measure.mjs [threads]`
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import {
  decodeCheckpoint,
  evaluateDrift,
  evaluateSweep,
  parseDurations,
  parseExperiment,
  parseSweep,
  runExperiment,
} from "xpikeformer";
import { loadImageData, networkFile, nodeExecutor, writeFileAtomic } from "xpikeformer/node";

const EXAMPLES = ["fashion-tiny", "mnist-tiny", "cifar10-small"];
/** Test images of a drifted chip, and of a chip with other converters. */
const DRIFTED_IMAGES = 2500;
const SWEPT_IMAGES = 1000;

const examples = new URL("../../examples/", import.meta.url);
const output = fileURLToPath(new URL("result.json", import.meta.url));
const result = await readFile(output, "utf8").then(JSON.parse, () => ({
  command: "node experiments/image-accuracy/measure.mjs",
  images: { drifted: DRIFTED_IMAGES, swept: SWEPT_IMAGES },
  runs: [],
}));
const executor = nodeExecutor(Number(process.argv[2] ?? 2));
try {
  for (const name of EXAMPLES) {
    if (result.runs.some((run) => run.name === name)) continue;
    result.runs.push(await measure(name));
    await writeFileAtomic(output, `${JSON.stringify(result, null, 2)}\n`);
  }
} finally {
  await executor.close();
}

async function measure(name) {
  const experiment = parseExperiment(await readFile(new URL(`${name}.json`, examples), "utf8"));
  const networks = {};
  for (const [role, path] of Object.entries(experiment.checkpoints)) {
    networks[role] = decodeCheckpoint(await readFile(networkFile(path)), path).network;
  }
  const { data: images } = await loadImageData(experiment.task.data);
  const options = { executor, images, command: result.command, versions: {} };
  const run = await runExperiment(experiment, networks, options);
  const drift = await evaluateDrift(experiment, networks, parseDurations("1s,1y", "ages"), {
    ...options,
    prompts: DRIFTED_IMAGES,
  });
  const bits = await evaluateSweep(experiment, networks, parseSweep("adc.bits=4..8", experiment), [], {
    ...options,
    prompts: SWEPT_IMAGES,
  });
  const { depth, width, steps } = experiment.model;
  return {
    name,
    data: images.name,
    size: `${depth}-${width}`,
    steps,
    seed: experiment.seed,
    chips: experiment.hardware.chips,
    accuracies: figuresOf(run, /^(accuracy|gap)\.[a-z]+$/),
    bySteps: run.charts.find(({ id }) => id === "accuracy-steps").series[0].points.map(({ x, y }) => [x, y]),
    drift: figuresOf(drift, /^error\.drift\..*\.1y(\.change)?$/),
    bits: figuresOf(bits, /^error\.sweep\.adc\.bits\.\d\.[a-z]+$/),
  };
}

/** `[value, low, high]` of a report's figures, by id. */
function figuresOf({ figures }, ids) {
  const kept = figures.filter(({ id }) => ids.test(id));
  return Object.fromEntries(
    kept.map(({ id, value, interval }) => [id, interval ? [value, interval.low, interval.high] : [value]]),
  );
}
