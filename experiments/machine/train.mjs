// Trains the networks of `plan.mjs`, in its order. Keeps them in `runs/machine/` and writes trained.json; an interrupted run goes on with
// the first network that is missing. Needs MNIST, in the folder that XPIKE_DATA names or in the cache, and the dropped networks that the
// plan names (`networks/README.md`). Run: node train.mjs [threads] [name ...]
import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { encodeTrained, openExperiment, parseExperiment, train } from "xpikeformer";
import { nodeExecutor, writeFileAtomic } from "xpikeformer/node";
import { presentCommit } from "../commit.mjs";
import { keptAt } from "../kept.mjs";
import { checkpointOf, imagesOf } from "../networks.mjs";
import { RUNS } from "./plan.mjs";

const folder = fileURLToPath(keptAt("machine/"));
const output = fileURLToPath(new URL("trained.json", import.meta.url));
const [threads = "1", ...names] = process.argv.slice(2);
const command = "node experiments/machine/train.mjs";
await mkdir(folder, { recursive: true });

const executor = nodeExecutor(Number(threads));
try {
  for (const { document } of RUNS) {
    const result = await readFile(output, "utf8").then(JSON.parse, () => ({ command, networks: [] }));
    const { name } = document;
    const at = result.networks.findIndex((one) => one.name === name);
    // A clone has the row, but not the network.
    const done = at >= 0 && existsSync(`${folder}${name}.safetensors`);
    if (done || (names.length > 0 && !names.includes(name))) continue;
    result.networks.splice(at < 0 ? result.networks.length : at, 1, await trained(document));
    await writeFileAtomic(output, `${JSON.stringify(result, null, 1)}\n`);
  }
} finally {
  await executor.close();
}

/** Trains and keeps a network. The row for trained.json has the validations as `[step, loss, error rate]`. */
async function trained(document) {
  const { name, seed } = document;
  const experiment = parseExperiment(document);
  const images = await imagesOf(experiment.task);
  const [initial, teacher] = await Promise.all(
    [experiment.training.initial, experiment.training.teacher].map(async (path) => (await checkpointOf(path)).network),
  );
  const curve = [];
  const start = process.cpuUsage();
  const { network, state } = await train(images ? openExperiment(experiment, images) : experiment, {
    ...{ executor, initial, teacher },
    onStep: ({ step, stage, validation }) => {
      if (!validation) return;
      curve.push([step, rounded(validation.loss), rounded(validation.bitErrorRate ?? validation.errorRate)]);
      console.log(`${name}, ${stage}: ${curve.at(-1).join(" ")}`);
    },
  });
  const { user, system } = process.cpuUsage(start);
  await writeFileAtomic(`${folder}${name}.safetensors`, encodeTrained({ network, state }, experiment, command));
  const [steps, loss, error] = curve.at(-1);
  const cpuSeconds = Math.round((user + system) / 1e6);
  console.log(`${name}: ${cpuSeconds} s`);
  return { name, commit: presentCommit(), seed, steps, loss, error, cpuSeconds, curve };
}

function rounded(value) {
  return Number(value.toPrecision(4));
}
