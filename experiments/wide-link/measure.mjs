// Measures wide and deep networks of the 2x2 link at few time steps against the ANN, on prompts of a fresh seed, with which nothing was
// chosen. Takes up to four minutes per row on two idle cores. Writes report figures of `xpike run` into result.json.
//
//   node experiments/wide-link/measure.mjs [name of a network ...] [--threads 2]
//
// Networks that are not named keep their results.
import { readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { evaluateNetwork, runExperiment } from "xpikeformer";
import { kitOf } from "xpikeformer/internal";
import { nodeExecutor } from "xpikeformer/node";
import { presentCommit, requireCommitted } from "../commit.mjs";
import { figuresOf, rounded } from "../figures.mjs";
import { checkpointOf, experimentOf, keyOf, networksOf, withCopies } from "../networks.mjs";
import { EARLIER_ANN, NETWORKS, SNR } from "./points.mjs";

const SEED = 3923;
const CHIPS = 5;
const PROMPTS = 10_000;
const CURVE_PROMPTS = 4096;
const COMMAND = "node experiments/wide-link/measure.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { threads: { type: "string", default: "2" } },
});
const names = NETWORKS.map(keyOf);
for (const name of positionals) if (!names.includes(name)) throw new Error(`Networks: ${names.join(", ")}.`);
const file = new URL("result.json", import.meta.url);

requireCommitted(["experiments/wide-link/measure.mjs", "experiments/wide-link/points.mjs"]);
const executor = nodeExecutor(Number(values.threads));

/** The figures of an experiment at T time steps. */
async function figuresAfter(steps, experiment, networks) {
  const evaluation = {
    ...experiment.evaluation,
    ...{ prompts: PROMPTS, curvePrompts: CURVE_PROMPTS, curveChips: null, snrDecibels: SNR, steps: [steps] },
  };
  const hardware = { ...experiment.hardware, chips: CHIPS };
  const own = { ...experiment, seed: SEED, model: { ...experiment.model, steps }, hardware, evaluation };
  const report = await runExperiment(own, networks, { executor, command: COMMAND, versions: {} });
  return figuresOf(report, /^(ber|gap|ratio)\./);
}

async function measure({ name, copies = 1, steps }) {
  const experiment = withCopies(await experimentOf(name), copies);
  const { network, ann } = await networksOf(experiment);
  const after = {};
  for (const count of steps) after[count] = await figuresAfter(count, experiment, { network, ann });
  return { commit: presentCommit(), steps: after };
}

try {
  const before = JSON.parse(await readFile(file, "utf8"));
  const measured = {};
  for (const network of NETWORKS) {
    const key = keyOf(network);
    const isKept = positionals.length > 0 && !positionals.includes(key);
    measured[key] = isKept ? before.networks[key] : await measure(network);
  }
  const { network } = await checkpointOf(EARLIER_ANN);
  const experiment = { ...(await experimentOf(NETWORKS[0].name)), seed: SEED };
  const { errors } = await evaluateNetwork(executor, experiment, network, { prompts: PROMPTS });
  const { rate, low, high } = kitOf(experiment.task).rate(errors);
  const sizes = { seed: SEED, chips: CHIPS, prompts: PROMPTS, curvePrompts: CURVE_PROMPTS };
  const result = {
    command: COMMAND,
    commit: presentCommit(),
    ...sizes,
    networks: measured,
    earlierAnn: [rate, low, high],
  };
  await writeFile(file, `${JSON.stringify(result, rounded)}\n`);
} finally {
  await executor.close();
}
