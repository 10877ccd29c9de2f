// Measures how many of a chip's spikes differ from exact arithmetic, layer by layer: `node experiments/image-accuracy/spikes.mjs`.
//
// Runs 24 training images on two chips of machine `recommended` for each number of rows per input of the first layer, and on one chip
// that is exact except for its discrete conductance levels. Needs CIFAR-10 and Fashion-MNIST, as measure.mjs does. Takes two minutes.
// Writes spikes.json.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { presentCommit, requireCommitted } from "../commit.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
execFileSync("npm", ["run", "build", "--silent"], { cwd: root, stdio: "inherit" });
const { createTask, foldNetwork, mapNetwork, parseExperiment, programChip, simulateFast, stream, unpackSpikes } =
  await import("xpikeformer");
const { calibrateFast, linearLayers } = await import("xpikeformer/internal");
const { writeFileAtomic } = await import("xpikeformer/node");
const { checkpointOf, documentOf, imagesOf } = await import("../networks.mjs");

const NAMES = ["cifar10-fine", "fashion-fine"];
const LINES = [1, 2, 4, 8];
const CHIPS = 2;
const IMAGES = 24;
const SEED = 1;
const LEVELS = { arithmetic: null, adc: { bits: null }, crossbar: { device: { kind: "ideal" } } };
const EXACT = { ...LEVELS, crossbar: { ...LEVELS.crossbar, conductanceBits: null, clippingQuantile: 1 } };

requireCommitted(["experiments/image-accuracy/spikes.mjs"]);
const commit = presentCommit();
const start = performance.now();
const random = stream(SEED);
const runs = [];
for (const name of NAMES) runs.push(...(await measure(name)));
const seconds = Math.round((performance.now() - start) / 1000);
const result = {
  command: "node experiments/image-accuracy/spikes.mjs",
  seed: SEED,
  commit,
  images: IMAGES,
  seconds,
  runs,
};
await writeFileAtomic(fileURLToPath(new URL("spikes.json", import.meta.url)), `${JSON.stringify(result, null, 2)}\n`);

async function measure(name) {
  const document = await documentOf(name);
  const task = createTask(parseExperiment(document), await imagesOf(document.task));
  const network = foldNetwork((await checkpointOf(document.checkpoints.network)).network);
  const from = { part: "training", position: 0, order: random.fork("epochs") };
  const { spikes } = task.draw(IMAGES, random.fork("images"), { values: false, from });
  // Attention's random numbers depend on the prompt and are the same on every chip.
  const rastersOf = (changes, chip) => {
    const crossbar = { ...document.hardware.crossbar, ...changes.crossbar };
    const { hardware } = parseExperiment({ ...document, hardware: { ...document.hardware, ...changes, crossbar } });
    const mapping = mapNetwork(network, hardware, document.task.coding);
    const programmed = programChip(network, mapping, hardware, random.fork("chip", chip));
    const calibrated = calibrateFast(programmed, spikes, random.fork("calibration"));
    return simulateFast(calibrated, spikes, random.fork("run"), { rasters: IMAGES }).rasters;
  };
  const exact = rastersOf(EXACT, 0);
  const layers = linearLayers(network.model, network.geometry)
    .filter(({ block, answers }) => block === null && !answers)
    .map(({ trainOut }) => trainOut);
  const found = [];
  const keep = (machine, rasters) => {
    const others = Object.fromEntries(layers.map((layer) => [layer, othersOf(rasters[layer], exact[layer])]));
    found.push({ name, ...machine, others });
    console.log(name, JSON.stringify(machine), JSON.stringify(others));
  };
  keep({ levels: true }, rastersOf(LEVELS, 0));
  for (const lines of LINES) {
    for (let chip = 0; chip < CHIPS; chip++)
      keep({ lines, chip }, rastersOf({ crossbar: { linesPerInput: lines } }, chip));
  }
  return found;
}

/** The number of places where two spike trains differ, divided by the number of spikes in the second. */
function othersOf(train, exact) {
  const [bits, expected] = [unpackSpikes(train), unpackSpikes(exact)];
  let [differing, ones] = [0, 0];
  expected.forEach((bit, i) => {
    differing += bit === bits[i] ? 0 : 1;
    ones += bit;
  });
  return Number((differing / ones).toPrecision(4));
}
