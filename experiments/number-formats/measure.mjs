// Measures what whole numbers behind the converters cost: wrong answers of bundled networks on the same chips and prompts, format by
// format. Writes the part that was measured into result.json. A part takes about five minutes of an idle core.
//
//   node experiments/number-formats/measure.mjs --part wireless-2x2|fashion-tiny [--data DIRECTORY] [--threads 1] [--scale 1]
//
// --data is the folder of Fashion-MNIST, where it is not in the usual place. --scale multiplies prompts and images: 0.05 for a try.
import { readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { openExperiment } from "xpikeformer";
import { loadTaskData, nodeExecutor } from "xpikeformer/node";
import { checkpointOf, experimentOf } from "../networks.mjs";
import { summary, wrongShares } from "../shares.mjs";
import { machinesOf } from "./formats.mjs";

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
const { chips, bits, ...whole } = PARTS[name];
const prompts = Math.round(whole.prompts * scale);
const asked = { chips, prompts, bits };

const experiment = await experimentOf(name);
const { network } = await checkpointOf(experiment.checkpoints.network);
const { data } = await loadTaskData(experiment, { folder: values.data });
const opened = openExperiment(experiment, data);
const executor = nodeExecutor(Number(values.threads));
const started = process.cpuUsage();
try {
  const rows = [];
  let reference = null;
  for (const machine of machinesOf(experiment.hardware)) {
    const shares = await wrongShares(executor, opened, network, machine.hardware, asked);
    reference ??= shares;
    rows.push({
      name: machine.name,
      ...(typeof shares === "string" ? { refused: shares } : summary(shares, reference)),
    });
    console.error(JSON.stringify(rows.at(-1)));
  }
  const { user, system } = process.cpuUsage(started);
  await save({
    command: `node experiments/number-formats/measure.mjs --part ${name}${scale === 1 ? "" : ` --scale ${scale}`}`,
    experiment: `examples/${name}.json`,
    seed: experiment.seed,
    chips,
    prompts,
    processorSeconds: Math.round((user + system) / 1e6),
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
