// Measures the accuracy of the bundled image networks: `node experiments/image-accuracy/measure.mjs [part...] [--new] [--threads 2]`.
//
//   accuracy     all networks and five chips on all test images, and the chips after each time step
//   stem         the same for networks with a convolutional stem
//   drift        a year after programming
//   converters   converters of 4 to 8 bits
//
// Needs the three data sets, in the folder that XPIKE_DATA names or in the cache. Takes half an hour on two cores. Each part writes
// results/PART.json, whose rows record their commits. An interrupted run resumes at the same commit, and with --new at any commit.
import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { presentCommit, requireCommitted } from "../commit.mjs";
import { figuresOf } from "../figures.mjs";
import { upTo } from "../steps.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
execFileSync("npm", ["run", "build", "--silent"], { cwd: root, stdio: "inherit" });
const { evaluateDrift, openExperiment, parseDurations, runExperiment } = await import("xpikeformer");
const { evaluateSweep, parseSweep } = await import("xpikeformer/internal");
const { nodeExecutor, writeFileAtomic } = await import("xpikeformer/node");
const { experimentOf, imagesOf, networksOf, sizeOf } = await import("../networks.mjs");

const EXAMPLES = [{ name: "fashion-tiny" }, { name: "mnist-tiny" }, { name: "cifar10-small" }];
const EARLIER = [
  { name: "mnist-tiny", ann: "mnist-tiny-ann" },
  { name: "mnist-two-steps", ann: "mnist-ann-128" },
];
const SEED = 1;

async function measureAccuracy({ experiment, data }, networks, options) {
  // Each chip's run gives the results at all steps up to the network's own T, on all images.
  const steps = upTo(experiment.model.steps);
  const opened = openExperiment({ ...experiment, evaluation: { ...experiment.evaluation, steps } }, data);
  return figuresOf(await runExperiment(opened, networks, options), /^(accuracy|gap)\./);
}

/**
 * For each part: the number of test images (null for all), its examples if they differ from the default, and the measurement that returns
 * figures. An example may set the bundled ANN it is compared with, the time steps, the parallel devices and the rows per input.
 */
const PARTS = {
  accuracy: {
    images: null,
    examples: [
      ...EXAMPLES,
      ...EARLIER,
      { name: "mnist-two-steps" },
      { name: "mnist-two-steps-taught" },
      { name: "mnist-two-steps-taught", steps: 3 },
      { name: "mnist-two-steps-taught", ann: "mnist-ann-128-long" },
    ],
    measure: measureAccuracy,
  },
  stem: {
    images: null,
    examples: [
      { name: "cifar10-large" },
      { name: "cifar10-wide" },
      { name: "cifar10-wide", steps: 4 },
      { name: "cifar10-wide-strided" },
      { name: "cifar10-wide-strided", steps: 4 },
      { name: "cifar10-graded" },
      { name: "cifar10-graded", steps: 4 },
      { name: "cifar10-fine" },
      { name: "cifar10-fine", steps: 4 },
      { name: "cifar10-fine", devices: 2 },
      { name: "cifar10-fine", devices: 2, steps: 4 },
      { name: "cifar10-fine", lines: 4 },
      { name: "cifar10-fine", lines: 4, steps: 4 },
      { name: "cifar10-four", steps: 2 },
      { name: "cifar10-four" },
      { name: "cifar10-eight", lines: 4, steps: 2 },
      { name: "cifar10-eight", lines: 4 },
      { name: "cifar10-twice", steps: 2 },
      { name: "cifar10-twice" },
      { name: "fashion-stem" },
      { name: "fashion-large" },
      { name: "fashion-large", ann: "fashion-large-ann" },
      { name: "fashion-fine" },
      { name: "fashion-fine", lines: 4 },
      { name: "fashion-fine", lines: 4, ann: "fashion-ann-32" },
    ],
    measure: measureAccuracy,
  },
  drift: {
    images: 2500,
    async measure(opened, networks, options) {
      const report = await evaluateDrift(opened, networks, parseDurations("1s,1y", "ages"), options);
      return figuresOf(report, /^error\.drift\..*\.1y(\.change)?$/);
    },
  },
  converters: {
    images: 1000,
    async measure(opened, { network }, options) {
      // Registers are sized for 5-bit codes. Codes with more bits have smaller steps and need factors with more bits.
      const { experiment: own } = opened;
      const experiment = { ...own, hardware: { ...own.hardware, arithmetic: null } };
      const sweep = parseSweep("adc.bits=4..8", experiment);
      const report = await evaluateSweep({ ...opened, experiment }, { network }, sweep, [], options);
      return figuresOf(report, /^error\.sweep\.adc\.bits\.\d\.[a-z]+$/);
    },
  },
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { threads: { type: "string", default: "2" }, new: { type: "boolean", default: false } },
});
const asked = positionals.length > 0 ? positionals : Object.keys(PARTS);
for (const part of asked) {
  if (!Object.hasOwn(PARTS, part))
    throw new Error(`There is no part "${part}". There are: ${Object.keys(PARTS).join(", ")}.`);
}
requireCommitted(["experiments/image-accuracy/measure.mjs"]);
const commit = presentCommit();
const executor = nodeExecutor(Number(values.threads));
try {
  for (const part of asked) await measurePart(part);
} finally {
  await executor.close();
}

async function measurePart(part) {
  const { images: count, examples = EXAMPLES, measure } = PARTS[part];
  const output = fileURLToPath(new URL(`results/${part}.json`, import.meta.url));
  const before = await readFile(output, "utf8").then(JSON.parse, () => null);
  const isKept = before !== null && (values.new || before.commit === commit);
  const result = {
    command: `node experiments/image-accuracy/measure.mjs ${part}`,
    seed: SEED,
    commit,
    date: new Date().toISOString().slice(0, 10),
    seconds: isKept ? before.seconds : 0,
    images: count,
    runs: isKept ? before.runs : [],
  };
  for (const example of examples) {
    const experiment = await described(example);
    const { name } = example;
    const { ann } = experiment.checkpoints;
    const { steps } = experiment.model;
    const { parallelDevices, linesPerInput } = experiment.hardware.crossbar;
    const [devices, lines] = [several(parallelDevices), several(linesPerInput)];
    const isOf = (run) =>
      run.name === name && run.ann === ann && run.steps === steps && run.devices === devices && run.lines === lines;
    if (result.runs.some(isOf)) continue;
    const changes = [devices && `${devices} devices side by side`, lines && `${lines} lines for an input`];
    console.log(`${[`${part}, ${name} beside ${ann}`, `T = ${steps}`, ...changes.filter(Boolean)].join(", ")} ...`);
    const start = performance.now();
    const networks = await networksOf(experiment);
    const images = await imagesOf(experiment.task);
    const options = { executor, command: result.command, versions: {}, ...(count ? { prompts: count } : {}) };
    const figures = await measure(openExperiment(experiment, images), networks, options);
    const { chips } = experiment.hardware;
    result.runs.push({
      name,
      commit,
      data: images.name,
      size: sizeOf(experiment.model),
      ann,
      annSize: sizeOf(networks.ann.model),
      steps,
      chips,
      ...(devices && { devices }),
      ...(lines && { lines }),
      figures,
    });
    result.seconds += Math.round((performance.now() - start) / 1000);
    await writeFileAtomic(output, `${JSON.stringify(result, null, 2)}\n`);
  }
}

/** A count to record, or undefined if it is 1. */
function several(count) {
  return count > 1 ? count : undefined;
}

async function described({ name, ann, steps, devices: parallelDevices, lines: linesPerInput }) {
  const example = await experimentOf(name);
  const crossbar = {
    ...example.hardware.crossbar,
    ...(parallelDevices && { parallelDevices }),
    ...(linesPerInput && { linesPerInput }),
  };
  const checkpoints = { ...example.checkpoints, ...(ann && { ann: `bundled:${ann}` }) };
  const model = { ...example.model, ...(steps && { steps }) };
  return { ...example, seed: SEED, model, hardware: { ...example.hardware, crossbar }, checkpoints };
}
