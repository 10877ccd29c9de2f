// Measures the effect of the row order in the first layer: `node experiments/image-accuracy/lines.mjs [network...]`.
//
// Runs exact arithmetic and chips of machine `recommended` on all validation images. Rows follow the input order or strides of a pixel's
// thresholds; networks on patches also run on crossbars of 32 rows. Needs the data sets, as measure.mjs does. Takes a few minutes on two
// cores. Writes lines.json; networks that are not named keep their results.
import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { presentCommit, requireCommitted } from "../commit.mjs";
import { figuresOf } from "../figures.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
execFileSync("npm", ["run", "build", "--silent"], { cwd: root, stdio: "inherit" });
const { openExperiment, parseExperiment, runExperiment } = await import("xpikeformer");
const { nodeExecutor, writeFileAtomic } = await import("xpikeformer/node");
const { documentOf, imagesOf, networksOf } = await import("../networks.mjs");

const STRIDED = [{ inputStride: 1 }, { inputStride: "thresholds" }];
const NETWORKS = {
  "cifar10-wide": STRIDED,
  "cifar10-wide-strided": STRIDED,
  "fashion-large": STRIDED,
  "mnist-one-step": [{ inputStride: 1, embedRows: 32 }, ...STRIDED],
  "cifar10-small": [{ inputStride: 1, embedRows: 32 }, ...STRIDED],
};
const SEED = 1;
const command = "node experiments/image-accuracy/lines.mjs";
const output = fileURLToPath(new URL("lines.json", import.meta.url));

const { positionals } = parseArgs({ allowPositionals: true });
const asked = positionals.length > 0 ? positionals : Object.keys(NETWORKS);
for (const name of asked) {
  if (!Object.hasOwn(NETWORKS, name)) throw new Error(`Networks: ${Object.keys(NETWORKS).join(", ")}.`);
}
requireCommitted(["experiments/image-accuracy/lines.mjs"]);
const commit = presentCommit();
const { runs: before } = JSON.parse(await readFile(output, "utf8"));
const executor = nodeExecutor(2);
const runs = [];
try {
  for (const [name, crossbars] of Object.entries(NETWORKS)) {
    const own = asked.includes(name) ? await measure(name, crossbars) : before.filter((run) => run.name === name);
    runs.push(...own);
  }
} finally {
  await executor.close();
}
await writeFileAtomic(output, `${JSON.stringify({ command, seed: SEED, runs }, null, 2)}\n`);

async function measure(name, crossbars) {
  const document = await documentOf(name);
  const images = await imagesOf(document.task);
  const prompts = images.validation.labels.length;
  const own = [];
  for (const { inputStride, ...crossbar } of crossbars) {
    const stride = inputStride === "thresholds" ? document.task.thresholds : inputStride;
    const experiment = parseExperiment({
      ...document,
      seed: SEED,
      hardware: { crossbar: { ...crossbar, inputStride: stride }, chips: 5 },
      evaluation: { ...document.evaluation, prompts, steps: [document.model.steps] },
      checkpoints: { network: document.checkpoints.network },
    });
    // Test images stay unseen.
    const opened = openExperiment(experiment, { ...images, test: images.validation });
    const networks = await networksOf(experiment);
    const report = await runExperiment(opened, networks, { executor, command, versions: {} });
    const figures = figuresOf(report, /^accuracy\.(digital|xpikeformer)$/);
    own.push({
      name,
      commit,
      ...crossbar,
      inputStride: stride,
      steps: experiment.model.steps,
      images: prompts,
      figures,
    });
    console.log(name, JSON.stringify(crossbar), stride, JSON.stringify(figures));
  }
  return own;
}
