// Measures what the tables of this folder show: the bundled networks for images on all test images, after more and more time steps, with
// converters of 4 to 8 bits, and a year after programming. Needs the three data sets, in the folder that XPIKE_DATA names or in the cache.
// Ten minutes on two cores; goes on where it was stopped at the same commit, and writes result.json. `node measure.mjs [threads]`
import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { presentCommit, requireCommitted } from "../commit.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
execFileSync("npm", ["run", "build", "--silent"], { cwd: root, stdio: "inherit" });
const { decodeCheckpoint, evaluateDrift, evaluateSweep, parseDurations, parseExperiment, parseSweep, runExperiment } =
  await import("xpikeformer");
const { loadImageData, nodeExecutor, writeFileAtomic } = await import("xpikeformer/node");

const EXAMPLES = ["fashion-tiny", "mnist-tiny", "cifar10-small"];
/** Test images of a drifted chip, and of a chip with other converters. */
const DRIFTED_IMAGES = 2500;
const SWEPT_IMAGES = 1000;
/** Numbers of time steps beyond the networks' own, and that. */
const LONGER_STEPS = "8,12,16";

requireCommitted(["experiments/image-accuracy/measure.mjs"]);
const commit = presentCommit();
const examples = new URL("../../examples/", import.meta.url);
const output = fileURLToPath(new URL("result.json", import.meta.url));
const { version } = JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8"));
const before = await readFile(output, "utf8").then(JSON.parse, () => null);
const fresh = {
  command: "node experiments/image-accuracy/measure.mjs",
  seed: 1,
  commit,
  date: new Date().toISOString().slice(0, 10),
  seconds: 0,
  versions: { xpikeformer: version, node: process.versions.node },
  images: { drifted: DRIFTED_IMAGES, swept: SWEPT_IMAGES },
  runs: [],
};
const result = before?.commit === commit ? before : fresh;
const executor = nodeExecutor(Number(process.argv[2] ?? 2));
try {
  for (const name of EXAMPLES) {
    if (result.runs.some((run) => run.name === name)) continue;
    const start = performance.now();
    result.runs.push(await measure(name));
    result.seconds += Math.round((performance.now() - start) / 1000);
    await writeFileAtomic(output, `${JSON.stringify(result, null, 2)}\n`);
  }
} finally {
  await executor.close();
}

async function measure(name) {
  const written = parseExperiment(await readFile(new URL(`${name}.json`, examples), "utf8"));
  // Up to the network's own T every chip's run answers, on all images.
  const steps = Array.from({ length: written.model.steps }, (_, t) => t + 1);
  const experiment = { ...written, seed: result.seed, evaluation: { ...written.evaluation, steps } };
  const networks = {};
  for (const [role, path] of Object.entries(experiment.checkpoints)) {
    networks[role] = decodeCheckpoint(await readFile(new URL(path, examples)), path).network;
  }
  const { data: images, notes } = await loadImageData(experiment.task.data);
  if (images.name !== experiment.task.data)
    throw new Error(`All of ${experiment.task.data} is needed. ${notes.join(" ")}`);
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
  const longer = await evaluateSweep(experiment, networks, parseSweep(`steps=${LONGER_STEPS}`, experiment), [], {
    ...options,
    prompts: SWEPT_IMAGES,
  });
  const { depth, width } = experiment.model;
  return {
    name,
    data: images.name,
    size: `${depth}-${width}`,
    steps: experiment.model.steps,
    chips: experiment.hardware.chips,
    accuracies: figuresOf(run, /^(accuracy|gap)\.[a-z]+$/),
    bySteps: figuresOf(run, /^accuracy\.xpikeformer\.steps\.\d+$/),
    longer: figuresOf(longer, /^error\.sweep\.steps\.\d+\.hwat(\.change)?$/),
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
