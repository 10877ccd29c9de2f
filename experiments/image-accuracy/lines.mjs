// Measures what the order of the first layer's lines is worth: `node experiments/image-accuracy/lines.mjs`.
//
// Chips of the machine `recommended`, its lines in the order of the input and in strides of a pixel's thresholds, and exact arithmetic, on all
// validation images. Needs the data sets, as measure.mjs; a few minutes on two cores. Writes lines.json.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { presentCommit, requireCommitted } from "../commit.mjs";
import { figuresOf } from "../figures.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
execFileSync("npm", ["run", "build", "--silent"], { cwd: root, stdio: "inherit" });
const { openExperiment, parseExperiment, runExperiment } = await import("xpikeformer");
const { loadImageData, nodeExecutor, writeFileAtomic } = await import("xpikeformer/node");
const { documentOf, networksOf } = await import("../networks.mjs");

const NAMES = ["cifar10-wide", "cifar10-wide-strided", "fashion-large"];
const SEED = 1;
const command = "node experiments/image-accuracy/lines.mjs";

requireCommitted(["experiments/image-accuracy/lines.mjs"]);
const executor = nodeExecutor(2);
const [start, runs] = [performance.now(), []];
try {
  for (const name of NAMES) {
    const document = await documentOf(name);
    const { data } = await loadImageData(document.task.data);
    for (const inputStride of [1, document.task.thresholds]) {
      const prompts = data.validation.labels.length;
      const experiment = parseExperiment({
        ...document,
        seed: SEED,
        hardware: { crossbar: { inputStride }, chips: 5 },
        evaluation: { ...document.evaluation, prompts, steps: [document.model.steps] },
        checkpoints: { network: document.checkpoints.network },
      });
      // Test images stay unseen.
      const opened = openExperiment(experiment, { ...data, test: data.validation });
      const networks = await networksOf(experiment);
      const report = await runExperiment(opened, networks, { executor, command, versions: {} });
      const figures = figuresOf(report, /^accuracy\.(digital|xpikeformer)$/);
      runs.push({ name, inputStride, steps: experiment.model.steps, images: prompts, figures });
      console.log(name, inputStride, JSON.stringify(figures));
    }
  }
} finally {
  await executor.close();
}
const result = {
  command,
  seed: SEED,
  commit: presentCommit(),
  date: new Date().toISOString().slice(0, 10),
  seconds: Math.round((performance.now() - start) / 1000),
  runs,
};
await writeFileAtomic(fileURLToPath(new URL("lines.json", import.meta.url)), `${JSON.stringify(result, null, 2)}\n`);
