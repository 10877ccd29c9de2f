// Measures how many pixel levels an ANN needs: `node experiments/image-accuracy/levels.mjs`.
//
// For each number of levels per colour, measures validation errors of the bundled ANN, unchanged and after a quarter of an epoch on
// training images with the same levels. Needs CIFAR-10 and Fashion-MNIST, as measure.mjs does. Takes five minutes on two cores; an
// interrupted run resumes. Writes levels.json.
import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { presentCommit, requireCommitted } from "../commit.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
execFileSync("npm", ["run", "build", "--silent"], { cwd: root, stdio: "inherit" });
const { evaluateNetwork, openExperiment, parseExperiment } = await import("xpikeformer");
const { nodeExecutor, writeFileAtomic } = await import("xpikeformer/node");
const { checkpointOf, documentOf, imagesOf } = await import("../networks.mjs");
const { trainValidated } = await import("../training-tricks/validated.mjs");

const NAMES = ["cifar10-wide-ann", "fashion-large-ann"];
const LEVELS = [8, 16, 32, 256];
const SEED = 1;
const output = fileURLToPath(new URL("levels.json", import.meta.url));

requireCommitted(["experiments/image-accuracy/levels.mjs", "experiments/training-tricks/validated.mjs"]);
const commit = presentCommit();
const before = await readFile(output, "utf8").then(JSON.parse, () => null);
const command = "node experiments/image-accuracy/levels.mjs";
const result = before?.commit === commit ? before : { command, seed: SEED, commit, seconds: 0, runs: [] };
const executor = nodeExecutor(2);
try {
  for (const name of NAMES) {
    const document = await documentOf(name);
    const { network } = await checkpointOf(`bundled:${name}`);
    const images = await imagesOf(document.task);
    for (const levels of LEVELS) {
      if (result.runs.some((run) => run.name === name && run.levels === levels)) continue;
      const start = performance.now();
      const run = { name, levels, ...(await errorsAt(levels, { document, network, images })) };
      result.runs.push(run);
      result.seconds += Math.round((performance.now() - start) / 1000);
      console.log(JSON.stringify(run));
      await writeFileAtomic(output, `${JSON.stringify(result, null, 2)}\n`);
    }
  }
} finally {
  await executor.close();
}

/** Errors of a document's ANN when every pixel takes the middle of one of `levels` equal ranges. */
async function errorsAt(levels, { document, network, images }) {
  const [train, validation] = [images.train, images.validation].map((set) => rounded(set, levels));
  const steps = Math.round(train.labels.length / document.training.batch / 4);
  const stages = [{ steps, learningRate: 0.001, warmup: 20, finalFraction: 0.03 }];
  const training = { ...document.training, validateEvery: steps, stages };
  const experiment = parseExperiment({ ...document, seed: SEED, training });
  const prompts = training.validationPrompts;
  // Test images stay unseen.
  const opened = openExperiment(experiment, { ...images, train, validation, test: validation });
  const { errors } = await evaluateNetwork(executor, opened, network, { prompts });
  const { validation: after } = await trainValidated(opened, { executor, initial: network });
  return { images: prompts, steps, asItIs: errors.answers, trained: after.errorRate };
}

function rounded(set, levels) {
  return { ...set, pixels: set.pixels.map((pixel) => ((Math.floor((pixel * levels) / 256) + 0.5) * 256) / levels) };
}
