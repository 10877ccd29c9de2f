// Measures which part of a chip costs accuracy: `node experiments/image-accuracy/parts.mjs`.
//
// All validation images, in exact arithmetic with three seeds of attention's random numbers, and on ten chips of the machine `recommended`:
// as it is, with four lines for each input of the first layer, with ideal devices, with converters of 8 bits (whose codes are wider than its
// registers, so in floating point), and with both of these. Needs CIFAR-10 and Fashion-MNIST, as measure.mjs; a quarter of an hour on two
// cores. Writes parts.json.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
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

requireCommitted(["experiments/image-accuracy/parts.mjs"]);
const commit = presentCommit();
const executor = nodeExecutor(2);
const start = performance.now();
const runs = [];
try {
  for (const name of NAMES) {
    const document = await documentOf(name);
    const images = await imagesOf(document.task);
    const prompts = images.validation.labels.length;
    const { network } = await checkpointOf(document.checkpoints.network);
    // Test images stay unseen.
    const opened = (changes) =>
      openExperiment(parseExperiment({ ...document, ...changes }), { ...images, test: images.validation });
    const keep = (part, evaluations) => {
      const rates = evaluations.map(({ errors }) => errors.answers.rate);
      runs.push({ name, part, images: prompts, steps: document.model.steps, rates });
      console.log(name, part, rates.join(" "));
    };
    const exact = [];
    for (const seed of SEEDS) exact.push(await evaluateNetwork(executor, opened({ seed }), network, { prompts }));
    keep("exact", exact);
    for (const [part, { crossbar, ...machine }] of Object.entries(MACHINES)) {
      const hardware = { ...document.hardware, ...machine, crossbar: { ...document.hardware.crossbar, ...crossbar } };
      keep(
        part,
        await evaluateChips(executor, opened({ seed: SEEDS[0], hardware }), network, { prompts, chips: CHIPS }),
      );
    }
  }
} finally {
  await executor.close();
}
const seconds = Math.round((performance.now() - start) / 1000);
const result = { command: "node experiments/image-accuracy/parts.mjs", seeds: SEEDS, commit, seconds, runs };
await writeFileAtomic(fileURLToPath(new URL("parts.json", import.meta.url)), `${JSON.stringify(result, null, 2)}\n`);
