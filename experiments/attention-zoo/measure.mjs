// Runs the trained networks of this folder in exact arithmetic and on five chips of the default machine, on prompts that chose nothing, and
// prices them. Networks of sdsa-3 are those of spikformer. Writes chips-TASK.json; an interrupted run resumes.
// Run: node measure.mjs [link|images] [threads]
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import {
  decodeCheckpoint,
  estimateCost,
  evaluateChips,
  evaluateNetwork,
  findCostPreset,
  hardwarePrices,
  mapNetwork,
  openExperiment,
  parseExperiment,
  resolveTechnology,
} from "xpikeformer";
import { measuredWorkload, perInference } from "xpikeformer/cost";
import { kitOf } from "xpikeformer/internal";
import { loadImageData, nodeExecutor, writeFileAtomic } from "xpikeformer/node";
import { presentCommit } from "../commit.mjs";
import { readKept } from "../kept.mjs";
import { documentOf, TASKS } from "./tasks.mjs";

const SEED = 9001;
const here = new URL(".", import.meta.url);
const [name = "link", threads = "2"] = process.argv.slice(2);
const task = TASKS[name];
const { trained } = JSON.parse(await readFile(new URL(`${name}.json`, here), "utf8"));
const images = task.data && (await loadImageData(task.data)).data;
const output = fileURLToPath(new URL(`chips-${name}.json`, here));

const result = await readFile(output, "utf8").then(JSON.parse, () => ({
  command: `node experiments/attention-zoo/measure.mjs ${name}`,
  commit: presentCommit(),
  seed: SEED,
  prompts: task.prompts,
  chips: task.document.hardware.chips,
  rows: [],
}));
const executor = nodeExecutor(Number(threads));
/** Each trained row, and that of spikformer once more as sdsa-3. */
const asked = trained.flatMap((row) =>
  row.kind === "spikformer"
    ? [row, { ...row, kind: "sdsa-3", attention: { ...row.attention, kind: "sdsa-3" } }]
    : [row],
);
try {
  for (const row of asked) {
    if (result.rows.some(({ kind, seed }) => kind === row.kind && seed === row.seed)) continue;
    result.rows.push({ kind: row.kind, seed: row.seed, ...(await measure(row)) });
    await writeFileAtomic(output, `${JSON.stringify(result, null, 1)}\n`);
    console.log(JSON.stringify(result.rows.at(-1)));
  }
} finally {
  await executor.close();
}

async function measure({ kind, seed, attention }) {
  const experiment = parseExperiment({ ...documentOf(task, attention, SEED, 1), seed: SEED });
  const subject = images ? openExperiment(experiment, images) : experiment;
  const of = kind === "sdsa-3" ? "spikformer" : kind;
  const file = `attention-zoo/${name}-${of.replaceAll(/\W+/g, "-")}-${seed}.safetensors`;
  const kept = decodeCheckpoint(await readKept(file, `node experiments/attention-zoo/train.mjs ${name}`)).network;
  const network = { ...kept, model: { ...kept.model, attention: experiment.model.attention } };
  const exact = await evaluateNetwork(executor, subject, network, { prompts: task.prompts.exact });
  const { chips } = experiment.hardware;
  const ran = await evaluateChips(executor, subject, network, { chips, prompts: task.prompts.chip });
  const [first] = ran;
  const workload = measuredWorkload(experiment, first);
  const set = hardwarePrices(experiment.hardware, experiment.model);
  const technology = resolveTechnology(findCostPreset("simulated"), { set });
  const { architectures, operations, area } = estimateCost(workload, technology, perInference(first));
  const folded = { ...network, model: { ...network.model, normalisation: "none" } };
  return {
    exact: errorOf(exact),
    chip: ran.map(errorOf),
    energy: architectures.xpikeformer.total,
    attentionEnergy: operations
      .filter((one) => one.name.endsWith(".attention"))
      .reduce((sum, one) => sum + one.energy, 0),
    latency: architectures.xpikeformer.performance.latency,
    area: Object.values(area.xpikeformer).reduce((sum, part) => sum + part, 0),
    unit: unitOf(folded, experiment),
  };
}

/** Bit error rate of the link, share of wrong images. */
function errorOf({ errors }) {
  return kitOf(task.document.task).rate(errors).rate;
}

function unitOf(network, experiment) {
  const [{ unit, clocks }] = mapNetwork(network, experiment.hardware, experiment.task.coding).attention;
  return { name: unit, ...(clocks && { clocks: network.model.steps * clocks.step + clocks.drain }) };
}
