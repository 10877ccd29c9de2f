// Measures the random numbers of attention: in tiles, in the error of attention, and in the answers of the bundled 2x2 network.
// Writes the measured part into result.json. All parts together take about five minutes on one idle core.
//
//   node experiments/random-numbers/measure.mjs [--part tiles|attention|stratified|independent|steps|chips] [--scale 1]
//
// --scale multiplies the sample sizes: 0.05 for a quick test.
import { readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { rounded } from "../figures.mjs";
import { checkpointOf, experimentOf } from "../networks.mjs";
import { measureAttention } from "./attention.mjs";
import { measureChips, measureNetwork, measureSteps } from "./network.mjs";
import { measureTiles } from "./tiles.mjs";

const here = new URL(".", import.meta.url);
const experiment = await experimentOf("wireless-2x2");
const { network } = await checkpointOf(experiment.checkpoints.network);

const { values } = parseArgs({
  options: {
    part: { type: "string" },
    scale: { type: "string", default: "1" },
    out: { type: "string", default: "result.json" },
  },
});
const scale = Number(values.scale);
const sized = (count) => Math.max(2, Math.round(count * scale));
const log = (line) => console.error(line);

/** Sample sizes and measurement of each part. */
const PARTS = {
  tiles: [{ tiles: sized(300) }, (sizes) => measureTiles(experiment.seed, sizes)],
  attention: [{ prompts: sized(8), seeds: sized(6) }, (sizes) => measureAttention(experiment, network, sizes)],
  stratified: [{ prompts: sized(640), runs: 4 }, (sizes) => measureNetwork(experiment, network, "stratified", sizes)],
  independent: [{ prompts: sized(256), runs: 4 }, (sizes) => measureNetwork(experiment, network, "independent", sizes)],
  steps: [{ prompts: sized(1024), runs: 4 }, (sizes) => measureSteps(experiment, network, sizes)],
  chips: [
    { prompts: sized(256), chips: 4, names: ["column-row, 1", "column, 1", "single, 1"] },
    (sizes) => measureChips(experiment, network, sizes),
  ],
};

const names = values.part === undefined ? Object.keys(PARTS) : [values.part];
for (const name of names) {
  if (!(name in PARTS)) throw new Error(`There is no part "${name}". Parts: ${Object.keys(PARTS).join(", ")}.`);
  const [sizes, measure] = PARTS[name];
  const started = process.cpuUsage();
  const result = measure({ ...sizes, log });
  const { user, system } = process.cpuUsage(started);
  await save(name, {
    command: `node experiments/random-numbers/measure.mjs --part ${name}${scale === 1 ? "" : ` --scale ${scale}`}`,
    experiment: "examples/wireless-2x2.json",
    seed: experiment.seed,
    sizes,
    processorSeconds: Math.round((user + system) / 1e6),
    result,
  });
}

/** Writes one part and leaves the others unchanged. */
async function save(name, part) {
  const file = new URL(values.out, here);
  const before = JSON.parse(await readFile(file, "utf8").catch(() => "{}"));
  const after = { ...before, [name]: part };
  const kept = Object.fromEntries(Object.keys(PARTS).flatMap((key) => (after[key] ? [[key, after[key]]] : [])));
  await writeFile(file, `${JSON.stringify(kept, rounded)}\n`);
}
