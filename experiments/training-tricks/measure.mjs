// Measures the first table of this folder: the spiking network of examples/fashion-tiny.json, trained for 300 steps at T = 4, unchanged
// and with one change at a time. Needs all of Fashion-MNIST. Takes about a minute per row on two cores; an interrupted run resumes.
// Writes result.json. Run: node measure.mjs [threads] [folder of the images]
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { evaluateChips, openExperiment, parseExperiment } from "xpikeformer";
import { loadImageData, nodeExecutor, writeFileAtomic } from "xpikeformer/node";
import { checkpointOf, documentOf } from "../networks.mjs";
import { trainValidated } from "./validated.mjs";
import { SEEDS, variants } from "./variants.mjs";

const STEPS = 300;
/** Number of validation images that one chip classifies to measure spike density. */
const DENSITY_IMAGES = 256;
const here = new URL(".", import.meta.url);
const document = await documentOf("fashion-tiny");
const { data: images } = await loadImageData("fashion-mnist", process.argv[3]);
const { network: teacher } = await checkpointOf(document.training.teacher);
const output = fileURLToPath(new URL("result.json", here));

const result = await readFile(output, "utf8").then(JSON.parse, () => ({
  command: "node experiments/training-tricks/measure.mjs",
  images: { training: images.train.count, validation: images.validation.count },
  batch: document.training.batch,
  steps: STEPS,
  rows: [],
}));
const executor = nodeExecutor(Number(process.argv[2] ?? 2));
try {
  for (const { name, change } of variants) {
    for (const seed of name === "all of it" ? SEEDS : SEEDS.slice(0, 1)) {
      if (result.rows.some((row) => row.name === name && row.seed === seed)) continue;
      result.rows.push({ name, seed, ...(await trainOnce(change, seed)) });
      await writeFileAtomic(output, `${JSON.stringify(result, null, 2)}\n`);
    }
  }
} finally {
  await executor.close();
}

/** Error rate, loss and spike density of a changed training, validated at the end. */
async function trainOnce(change, seed) {
  const copy = structuredClone(document);
  const { training } = copy;
  copy.seed = seed;
  delete copy.checkpoints;
  copy.model.steps = 4;
  training.validateEvery = STEPS;
  training.stages = [{ steps: STEPS, learningRate: 0.003, warmup: 100, finalFraction: 0.02 }];
  change(copy);
  const experiment = parseExperiment(copy);
  const { network, validation, cpuSeconds } = await trainValidated(openExperiment(experiment, images), {
    executor,
    ...(training.labels === "teacher" && { teacher }),
  });
  const { errorRate, loss } = validation;
  return { errorRate, loss, density: await densityOf(experiment, network), cpuSeconds };
}

/** Spikes per neuron and time step, averaged over all LIF layers of one chip; null for LIF attention, which no chip implements. */
async function densityOf(experiment, network) {
  if (experiment.model.attention.kind === "lif") return null;
  const validation = { ...images, test: images.validation };
  const [{ densities }] = await evaluateChips(executor, openExperiment(experiment, validation), network, {
    chips: 1,
    prompts: DENSITY_IMAGES,
  });
  const rates = Object.entries(densities).filter(([name]) => !/^input$|scores$|attention$/.test(name));
  return rates.reduce((sum, [, rate]) => sum + rate, 0) / rates.length;
}
