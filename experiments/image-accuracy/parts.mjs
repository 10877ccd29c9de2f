// Measures which part of a chip costs accuracy: `node experiments/image-accuracy/parts.mjs [part...]`.
//
// Runs all validation images in exact arithmetic, with three seeds of attention's random numbers, and on ten chips of several machines:
// `recommended`, four rows per input of the first layer, ideal devices, 8-bit converters (in floating point, as the codes exceed the
// registers), and ideal devices with 8-bit converters. Needs CIFAR-10 and Fashion-MNIST, as measure.mjs does. Takes a quarter of an hour
// on two cores. Writes parts.json; parts that are not named keep their results.
import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { presentCommit, requireCommitted } from "../commit.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
execFileSync("npm", ["run", "build", "--silent"], { cwd: root, stdio: "inherit" });
const { evaluateChips, evaluateNetwork, openExperiment, parseExperiment } = await import("xpikeformer");
const { nodeExecutor, writeFileAtomic } = await import("xpikeformer/node");
const { checkpointOf, documentOf, imagesOf } = await import("../networks.mjs");

const NAMES = ["cifar10-fine", "fashion-fine"];
const SEEDS = [1, 2, 3];
const LINES = { crossbar: { linesPerInput: 4 } };
const IDEAL = { crossbar: { device: { kind: "ideal" } } };
const FINE = { adc: { bits: 8 }, arithmetic: null };
const MACHINES = {
  chips: {},
  "four lines": LINES,
  "ideal devices": IDEAL,
  "8 bits": FINE,
  both: { ...IDEAL, ...FINE },
};
const CHIPS = 10;

const PARTS = ["exact", ...Object.keys(MACHINES)];

const { positionals } = parseArgs({ allowPositionals: true });
const asked = positionals.length > 0 ? positionals : PARTS;
for (const part of asked) if (!PARTS.includes(part)) throw new Error(`Parts: ${PARTS.join(", ")}.`);
requireCommitted(["experiments/image-accuracy/parts.mjs"]);
const commit = presentCommit();
const output = fileURLToPath(new URL("parts.json", import.meta.url));
const { runs: before } = JSON.parse(await readFile(output, "utf8"));
const executor = nodeExecutor(2);
const runs = [];
try {
  for (const name of NAMES) {
    const measure = await measuring(name);
    for (const part of PARTS) {
      const own = asked.includes(part)
        ? await measure(part)
        : before.find((run) => run.name === name && run.part === part);
      runs.push(own);
      console.log(name, part, own.rates.join(" "));
    }
  }
} finally {
  await executor.close();
}
const result = { command: "node experiments/image-accuracy/parts.mjs", seeds: SEEDS, runs };
await writeFileAtomic(output, `${JSON.stringify(result, null, 2)}\n`);

async function measuring(name) {
  const document = await documentOf(name);
  const images = await imagesOf(document.task);
  const prompts = images.validation.labels.length;
  const { network } = await checkpointOf(document.checkpoints.network);
  // Test images stay unseen.
  const opened = (changes) =>
    openExperiment(parseExperiment({ ...document, ...changes }), { ...images, test: images.validation });
  const exact = async () => {
    const evaluations = [];
    for (const seed of SEEDS) evaluations.push(await evaluateNetwork(executor, opened({ seed }), network, { prompts }));
    return evaluations;
  };
  const onChips = ({ crossbar, ...machine }) => {
    const hardware = { ...document.hardware, ...machine, crossbar: { ...document.hardware.crossbar, ...crossbar } };
    return evaluateChips(executor, opened({ seed: SEEDS[0], hardware }), network, { prompts, chips: CHIPS });
  };
  return async (part) => {
    const start = performance.now();
    const evaluations = await (part === "exact" ? exact() : onChips(MACHINES[part]));
    const rates = evaluations.map(({ errors }) => errors.answers.rate);
    const seconds = Math.round((performance.now() - start) / 1000);
    return { name, part, commit, seconds, images: prompts, steps: document.model.steps, rates };
  };
}
