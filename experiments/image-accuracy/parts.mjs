// Measures which part of a chip costs accuracy, and what several devices for a conductance bring: `node experiments/image-accuracy/parts.mjs`.
//
// All validation images, in exact arithmetic with three seeds of attention's random numbers, and on five chips of the machine `recommended`:
// as it is, with two and with four devices side by side in place of each, with ideal devices, with converters of 8 bits (whose codes are wider
// than its registers, so in floating point), and with both of these. Needs CIFAR-10 and Fashion-MNIST, as measure.mjs; nine minutes on two
// cores. Writes parts.json, with the densities by which `tables.mjs` prices the machines.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { presentCommit, requireCommitted } from "../commit.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
execFileSync("npm", ["run", "build", "--silent"], { cwd: root, stdio: "inherit" });
const { evaluateChips, evaluateNetwork, measuredWorkload, openExperiment, parseExperiment } = await import(
  "xpikeformer"
);
const { nodeExecutor, writeFileAtomic } = await import("xpikeformer/node");
const { checkpointOf, documentOf, imagesOf } = await import("../networks.mjs");

const NAMES = ["cifar10-fine", "fashion-fine"];
const SEEDS = [1, 2, 3];
const sideBySide = (parallelDevices) => ({ crossbar: { parallelDevices } });
const IDEAL = { crossbar: { device: { kind: "ideal" } } };
const FINE = { adc: { bits: 8 }, arithmetic: null };
const MACHINES = {
  chips: {},
  "two side by side": sideBySide(2),
  "four side by side": sideBySide(4),
  "ideal devices": IDEAL,
  "8 bits": FINE,
  both: { ...IDEAL, ...FINE },
};
const CHIPS = 5;

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
    const keep = (part, evaluations, priced) => {
      const rates = evaluations.map(({ errors }) => errors.answers.rate);
      runs.push({ name, part, images: prompts, steps: document.model.steps, rates, ...priced });
      console.log(name, part, rates.join(" "));
    };
    const exact = [];
    for (const seed of SEEDS) exact.push(await evaluateNetwork(executor, opened({ seed }), network, { prompts }));
    keep("exact", exact);
    for (const [part, { crossbar, ...machine }] of Object.entries(MACHINES)) {
      const hardware = { ...document.hardware, ...machine, crossbar: { ...document.hardware.crossbar, ...crossbar } };
      const chosen = opened({ seed: SEEDS[0], hardware });
      const evaluations = await evaluateChips(executor, chosen, network, { prompts, chips: CHIPS });
      // Densities of the first chip.
      const { blocks, inputDensity, stemDensities, headDensity } = measuredWorkload(chosen.experiment, evaluations[0]);
      const devices = crossbar?.parallelDevices ?? 1;
      keep(part, evaluations, { devices, densities: { blocks, inputDensity, stemDensities, headDensity } });
    }
  }
} finally {
  await executor.close();
}
const seconds = Math.round((performance.now() - start) / 1000);
const result = { command: "node experiments/image-accuracy/parts.mjs", seeds: SEEDS, commit, seconds, runs };
await writeFileAtomic(fileURLToPath(new URL("parts.json", import.meta.url)), `${JSON.stringify(result, null, 2)}\n`);
