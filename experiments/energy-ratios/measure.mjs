// Prices four networks beside an int8 ANN and a digital SNN, with intervals over the ranges of all prices, and again with other
// converters: `node experiments/energy-ratios/measure.mjs`. Writes result.json with its command, seed, commit and ratios.
//
// Our own networks are simulated on one chip for 16 prompts, whose actions are counted. Images are those of the folder that XPIKE_DATA
// names, or of the cache. Takes about a minute on two idle cores.
import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { presentCommit, requireCommitted } from "../commit.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
execFileSync("npm", ["run", "build", "--silent"], { cwd: root, stdio: "inherit" });
const api = await import("xpikeformer");
const { estimateCost, evaluateChips, findCostPreset, hardwarePrices, machineByName } = api;
const { openExperiment, ratioTo, resolveTechnology, stream } = api;
const prices = await import("xpikeformer/cost");
const { comparedWith, findPrice, measuredWorkload, perInference, priceRanges, withSteps } = prices;
const { asDescribed } = await import("xpikeformer/internal");
const { nodeExecutor, writeFileAtomic } = await import("xpikeformer/node");
const { checkpointOf, experimentOf, imagesOf, networksOf } = await import("../networks.mjs");
const { ROWS } = await import("../side-by-side/rows.mjs");
const { vit } = await import("../two-machines.mjs");

const SEED = 4242;
const DRAWS = 300;
const PROMPTS = 16;

/** Prices by name: a preset, and what is set in it. */
const PRICES = {
  simulated: { preset: "simulated" },
  upper: { preset: "simulated", set: { conversion5: findPrice("peng-iedm-2019.conversion5").high } },
  survey: { preset: "survey-adc" },
  silicon: { preset: "silicon-hermes" },
};
const RIVALS = ["annDigital", "annTrees", "snnDigital"];

requireCommitted(["experiments/energy-ratios/measure.mjs", "experiments/side-by-side/rows.mjs"]);
const commit = presentCommit();
const { version } = JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8"));
const executor = nodeExecutor(2);
const networks = {};
try {
  for (const name of ["link", "mnist", "cifar10"]) networks[name] = priced(await simulated(ROWS[name]));
} finally {
  await executor.close();
}
const hardware = machineByName("recommended");
networks.vit = priced({ workload: { ...vit, hardware }, machine: hardwarePrices(hardware, vit) });

const result = {
  ...{ command: "node experiments/energy-ratios/measure.mjs", seed: SEED, commit },
  date: new Date().toISOString().slice(0, 10),
  versions: { xpikeformer: version, node: process.versions.node },
  settings: { draws: DRAWS, prompts: PROMPTS },
  networks,
};
const path = fileURLToPath(new URL("result.json", import.meta.url));
await writeFileAtomic(path, `${JSON.stringify(result, null, 1)}\n`);

/** A network with the spikes of one simulated chip, both spiking machines at the steps of its row, and the counted actions. */
async function simulated({ experiment: name, steps, ann }) {
  const base = await experimentOf(name);
  const experiment = { ...base, seed: SEED, model: { ...base.model, steps } };
  const images = await imagesOf(experiment.task);
  const opened = images ? openExperiment(experiment, images) : experiment;
  const { network } = await networksOf({ checkpoints: { network: base.checkpoints.network } });
  const own = asDescribed(experiment, network, []);
  const [chip] = await evaluateChips(executor, opened, own, { chips: 1, prompts: PROMPTS });
  const rival = await checkpointOf(`bundled:${ann}`);
  const compared = comparedWith(measuredWorkload(experiment, chip), experiment, { ann: rival.network.model });
  return {
    workload: withSteps(compared, steps),
    machine: hardwarePrices(experiment.hardware, experiment.model),
    operations: perInference(chip),
  };
}

/** Joules per inference and ratios, `[value, low, high]`, by prices. */
function priced({ workload, machine, operations }) {
  const random = stream(SEED).fork("prices");
  const ratios = Object.entries(PRICES).map(([name, { preset, set = {} }]) => {
    // Measured columns have 256 rows: they keep their own crossbars, for which the actions of ours do not count.
    const isMeasured = preset === "silicon-hermes";
    const counted = isMeasured ? undefined : operations;
    const resolved = resolveTechnology(findCostPreset(preset), { set: isMeasured ? set : { ...machine, ...set } });
    const estimate = estimateCost(workload, resolved, counted);
    const { of } = priceRanges(workload, resolved, { draws: DRAWS, random, operations: counted });
    const found = RIVALS.map((id) => [id, [ratioTo(estimate, id), of[id].ratio.low, of[id].ratio.high]]);
    return [name, { energy: estimate.architectures.xpikeformer.total, ...Object.fromEntries(found) }];
  });
  return { name: workload.name, steps: workload.steps, ...Object.fromEntries(ratios) };
}
