// Measures what the choices of a machine are worth: wrong answers of bundled networks on the same chips and prompts, machine by machine,
// and the densities of their spikes, by which `tables.mjs` prices them. Writes the part that was measured into result.json.
//
//   node experiments/machines/measure.mjs --part wireless-2x2|fashion-tiny [--data DIRECTORY] [--threads 1] [--scale 1]
//
// --data is the folder of Fashion-MNIST, where it is not in the usual place. --scale multiplies prompts and images: 0.05 for a try.
import { readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { evaluateChips, measuredWorkload, openExperiment } from "xpikeformer";
import { loadTaskData, nodeExecutor } from "xpikeformer/node";
import { checkpointOf, experimentOf } from "../networks.mjs";
import { summary, wrongShares } from "../shares.mjs";
import { combinations, machineOf, OTHERS, SIMULATED_AXES, withFields } from "./machines.mjs";

const PARTS = {
  "wireless-2x2": { chips: 4, prompts: 640, bits: 4 },
  "fashion-tiny": { chips: 4, prompts: 500, bits: 1 },
};

const { values } = parseArgs({
  options: {
    part: { type: "string" },
    data: { type: "string" },
    threads: { type: "string", default: "1" },
    scale: { type: "string", default: "1" },
    out: { type: "string", default: "result.json" },
  },
});
const name = values.part;
if (!(name in PARTS)) throw new Error(`Name a part: ${Object.keys(PARTS).join(" or ")}.`);
const scale = Number(values.scale);
const asked = { ...PARTS[name], prompts: Math.round(PARTS[name].prompts * scale) };

const experiment = await experimentOf(name);
const recommended = machineOf("recommended", experiment);
const { network } = await checkpointOf(experiment.checkpoints.network);
const { data } = await loadTaskData(experiment, { folder: values.data });
const opened = openExperiment(experiment, data);
const executor = nodeExecutor(Number(values.threads));
const started = process.cpuUsage();
try {
  const [chip] = await evaluateChips(executor, opened, network, { chips: 1, prompts: 16 });
  const { blocks, inputDensity, headDensity } = measuredWorkload(experiment, chip);
  const reference = await wrongShares(executor, opened, network, recommended, asked);
  const rowOf = async (fields, hardware) => {
    const shares = await wrongShares(executor, opened, network, hardware, asked);
    const row = { fields, ...(typeof shares === "string" ? { refused: shares } : summary(shares, reference)) };
    console.error(JSON.stringify(row));
    return row;
  };
  const rows = [];
  for (const fields of [...combinations(SIMULATED_AXES), ...OTHERS]) {
    rows.push(await rowOf(fields, withFields(recommended, fields)));
  }
  rows.push(await rowOf({ preset: "paper" }, machineOf("paper", experiment)));
  const { user, system } = process.cpuUsage(started);
  await save({
    command: `node experiments/machines/measure.mjs --part ${name}${scale === 1 ? "" : ` --scale ${scale}`}`,
    experiment: `examples/${name}.json`,
    seed: experiment.seed,
    chips: asked.chips,
    prompts: asked.prompts,
    processorSeconds: Math.round((user + system) / 1e6),
    densities: { blocks, inputDensity, headDensity },
    rows,
  });
} finally {
  await executor.close();
}

/** Writes the part, and leaves the others as they are. */
async function save(part) {
  const file = new URL(values.out, import.meta.url);
  const before = JSON.parse(await readFile(file, "utf8").catch(() => "{}"));
  const rounded = (_, value) => (typeof value === "number" ? Number(value.toPrecision(5)) : value);
  const after = { ...before, [name]: part };
  const kept = Object.fromEntries(Object.keys(PARTS).flatMap((key) => (after[key] ? [[key, after[key]]] : [])));
  await writeFile(file, `${JSON.stringify(kept, rounded)}\n`);
}
