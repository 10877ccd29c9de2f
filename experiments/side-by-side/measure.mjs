// Measures networks next to their rivals, each in one run: `node experiments/side-by-side/measure.mjs [network...] [--threads 2]`.
//
// A run gives error rates, the paired difference, energy, latency, throughput and area of one network on one machine at one T, and of
// the ANN next to it. Each writes results/NAME.json with its command, seed, commit and figures, so that a row of a table needs no other
// file. Image networks need their data sets, in the folder that XPIKE_DATA names or in the cache. All of them take about half an hour
// on two idle cores; those measured at the current commit are skipped.
import { execFileSync } from "node:child_process";
import { mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { presentCommit, requireCommitted } from "../commit.mjs";
import { figuresOf } from "../figures.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
execFileSync("npm", ["run", "build", "--silent"], { cwd: root, stdio: "inherit" });
const { openExperiment, runExperiment } = await import("xpikeformer");
const { nodeExecutor, writeFileAtomic } = await import("xpikeformer/node");
const { experimentOf, imagesOf, networksOf, sizeOf } = await import("../networks.mjs");
const { ROWS, SEED, trainedOn } = await import("./rows.mjs");

const COMMAND = "node experiments/side-by-side/measure.mjs";
const KEPT = new RegExp(
  "^((ber|accuracy|gap)\\.(xpikeformer|ann|ml|mmse|digital|spiking)|ratio\\.|equality\\." +
    "|cost\\.(xpikeformer|annDigital|annTrees|snnDigital|ratio|latency|area|equalSteps)\\.)",
);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { threads: { type: "string", default: "2" } },
});
const asked = positionals.length > 0 ? positionals : Object.keys(ROWS);
for (const name of asked) {
  if (!Object.hasOwn(ROWS, name))
    throw new Error(`There is no row "${name}". There are: ${Object.keys(ROWS).join(", ")}.`);
}
requireCommitted(["experiments/side-by-side/measure.mjs", "experiments/side-by-side/rows.mjs"]);
const commit = presentCommit();
const { version } = JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8"));
const executor = nodeExecutor(Number(values.threads));
try {
  for (const name of asked) {
    const path = fileURLToPath(new URL(`results/${name}.json`, import.meta.url));
    const before = await readFile(path, "utf8").then(JSON.parse, () => null);
    if (before?.commit === commit) continue;
    console.log(`${name} ...`);
    const start = performance.now();
    const measured = await measure(name);
    const seconds = Math.round((performance.now() - start) / 1000);
    const command = `${COMMAND} ${name}`;
    const date = new Date().toISOString().slice(0, 10);
    const versions = { xpikeformer: version, node: process.versions.node };
    const result = { command, seed: SEED, commit, date, seconds, versions, ...measured };
    await mkdir(dirname(path), { recursive: true });
    await writeFileAtomic(path, `${JSON.stringify(result, null, 2)}\n`);
    console.log(`${name}: ${seconds} s`);
  }
} finally {
  await executor.close();
}

async function measure(row) {
  const { experiment: name, steps, ann, evaluation } = ROWS[row];
  const base = await experimentOf(name);
  const experiment = {
    ...base,
    seed: SEED,
    model: { ...base.model, steps },
    checkpoints: { ...base.checkpoints, ann: `bundled:${ann}` },
    evaluation: { ...base.evaluation, ...evaluation, steps: [steps] },
  };
  const networks = await networksOf(experiment);
  const images = await imagesOf(experiment.task);
  const opened = images ? openExperiment(experiment, images) : experiment;
  const report = await runExperiment(opened, networks, { executor, command: COMMAND, versions: {} });
  const { chips } = experiment.hardware;
  const network = experiment.checkpoints.network.replace(/^bundled:/, "");
  return {
    network: { name: network, size: sizeOf(experiment.model), steps, chips, ...(await trainedOn(network)) },
    rival: { name: ann, size: sizeOf(networks.ann.model), bits: 8, ...(await trainedOn(ann)) },
    tested: evaluation.prompts,
    figures: figuresOf(report, KEPT),
  };
}
