// Measures the table "From an ANN" of this folder: the network of networks/cifar10-wide.json and one with more channels, trained for half
// an epoch at T = 1 from scratch and from an ANN. Needs CIFAR-10, in the folder that XPIKE_DATA names or in the cache. Takes eight
// minutes on two cores; an interrupted run resumes. Writes starts.json. Run: node starts.mjs [threads]
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { openExperiment, parseExperiment } from "xpikeformer";
import { loadImageData, nodeExecutor, writeFileAtomic } from "xpikeformer/node";
import { checkpointOf, documentOf } from "../networks.mjs";
import { trainValidated } from "./validated.mjs";

const STEPS = 350;
const SEED = 1;
const NARROW = [64, 128, 256];
const WIDE = [128, 256, 256];
const STARTS = [
  { channels: NARROW, learningRate: 0.003 },
  { channels: NARROW, isFromAnn: true, learningRate: 0.006 },
  { channels: WIDE, learningRate: 0.003 },
  { channels: WIDE, isFromAnn: true, learningRate: 0.006 },
];
const document = await documentOf("cifar10-wide");
const { data: images } = await loadImageData("cifar-10");
const { network: ann } = await checkpointOf(document.training.teacher);
const output = fileURLToPath(new URL("starts.json", import.meta.url));

const result = await readFile(output, "utf8").then(JSON.parse, () => ({
  command: "node experiments/training-tricks/starts.mjs",
  seed: SEED,
  steps: STEPS,
  batch: document.training.batch,
  validationImages: document.training.validationPrompts,
  rows: [],
}));
const executor = nodeExecutor(Number(process.argv[2] ?? 2));
try {
  for (const start of STARTS.slice(result.rows.length)) {
    result.rows.push({ ...start, ...(await trainFrom(start)) });
    console.log(JSON.stringify(result.rows.at(-1)));
    await writeFileAtomic(output, `${JSON.stringify(result, null, 2)}\n`);
  }
} finally {
  await executor.close();
}

/** Error rate and loss of a training, validated at the end. */
async function trainFrom({ channels, isFromAnn, learningRate }) {
  const copy = structuredClone(document);
  const { model, training } = copy;
  copy.seed = SEED;
  delete copy.checkpoints;
  delete training.initial;
  for (const [i, layer] of model.stem.layers.entries()) layer.channels = channels[i];
  training.validateEvery = STEPS;
  training.stages = [{ steps: STEPS, timeSteps: 1, learningRate, warmup: 20, finalFraction: 0.1 }];
  const opened = openExperiment(parseExperiment(copy), images);
  const { validation, cpuSeconds } = await trainValidated(opened, {
    executor,
    teacher: ann,
    ...(isFromAnn && { initial: ann }),
  });
  return { errorRate: validation.errorRate, loss: validation.loss, cpuSeconds };
}
