// Measures the second table of this folder: the network of networks/wireless-4x4-bits.json, trained from scratch for 450 steps of Muon at
// T = 2, with one or two changes. Takes two minutes per row on two cores; an interrupted run resumes. Writes link.json.
// Run: node link.mjs [threads]
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseExperiment } from "xpikeformer";
import { nodeExecutor, writeFileAtomic } from "xpikeformer/node";
import { checkpointOf, documentOf } from "../networks.mjs";
import { trainValidated } from "./validated.mjs";
import { linkVariants } from "./variants.mjs";

const STEPS = 450;
const SEED = 1;
const VALIDATION_PROMPTS = 1024;
const document = await documentOf("wireless-4x4-bits");
const { network: teacher } = await checkpointOf(document.training.teacher);
const output = fileURLToPath(new URL("link.json", import.meta.url));

const result = await readFile(output, "utf8").then(JSON.parse, () => ({
  command: "node experiments/training-tricks/link.mjs",
  validationPrompts: VALIDATION_PROMPTS,
  batch: document.training.batch,
  steps: STEPS,
  seed: SEED,
  rows: [],
}));
const executor = nodeExecutor(Number(process.argv[2] ?? 2));
try {
  for (const { name, change } of linkVariants) {
    if (result.rows.some((row) => row.name === name)) continue;
    console.log(`${name} ...`);
    result.rows.push({ name, ...(await trainOnce(change)) });
    await writeFileAtomic(output, `${JSON.stringify(result, null, 2)}\n`);
  }
} finally {
  await executor.close();
}

/** Loss and bit error rate of a changed training, validated at the end. */
async function trainOnce(change) {
  const copy = structuredClone(document);
  copy.seed = SEED;
  delete copy.checkpoints;
  delete copy.task.queryCopies;
  Object.assign(copy.training, { optimiser: "muon", validateEvery: STEPS, validationPrompts: VALIDATION_PROMPTS });
  copy.training.stages = [{ steps: STEPS, timeSteps: 2, learningRate: 0.003, warmup: 100, finalFraction: 0.1 }];
  change(copy);
  const { validation } = await trainValidated(parseExperiment(copy), { executor, teacher });
  return { loss: validation.loss, bitErrorRate: validation.bitErrorRate };
}
