// Measures wide networks of the 2x2 link at few time steps beside the ANN, on prompts of a seed that chose nothing. Writes result.json, with what the
// reports of `xpike run` say of them. About eight minutes of two idle cores.
//
//   node experiments/wide-link/measure.mjs [threads]
import { writeFile } from "node:fs/promises";
import { evaluateNetwork, kitOf, runExperiment } from "xpikeformer";
import { nodeExecutor } from "xpikeformer/node";
import { presentCommit, requireCommitted } from "../commit.mjs";
import { figuresOf } from "../figures.mjs";
import { checkpointOf, experimentOf, networksOf } from "../networks.mjs";
import { EARLIER_ANN, NETWORKS, SNR } from "./points.mjs";

const SEED = 3923;
const PROMPTS = 10_000;
const CURVE_PROMPTS = 4096;
const COMMAND = "node experiments/wide-link/measure.mjs";

requireCommitted(["experiments/wide-link"]);
const executor = nodeExecutor(Number(process.argv[2] ?? 2));

/** The figures of an experiment after so many time steps. */
async function figuresAfter(steps, experiment, networks) {
  const evaluation = {
    ...experiment.evaluation,
    ...{ prompts: PROMPTS, curvePrompts: CURVE_PROMPTS, curveChips: null, snrDecibels: SNR, steps: [steps] },
  };
  const own = { ...experiment, seed: SEED, model: { ...experiment.model, steps }, evaluation };
  const report = await runExperiment(own, networks, { executor, command: COMMAND, versions: {} });
  return figuresOf(report, /^(ber|gap|ratio)\.|^cost\.(xpikeformer|annDigital)\.symbol$/);
}

try {
  const points = {};
  for (const { neurons, name, steps } of NETWORKS) {
    const experiment = await experimentOf(name);
    const networks = await networksOf(experiment);
    points[neurons] = {};
    for (const count of steps) points[neurons][count] = await figuresAfter(count, experiment, networks);
  }
  const { network } = await checkpointOf(EARLIER_ANN);
  const experiment = { ...(await experimentOf(NETWORKS[0].name)), seed: SEED };
  const { errors } = await evaluateNetwork(executor, experiment, network, { prompts: PROMPTS });
  const { rate, low, high } = kitOf(experiment.task).rate(errors);
  const { chips } = experiment.hardware;
  const sizes = { seed: SEED, chips, prompts: PROMPTS, curvePrompts: CURVE_PROMPTS };
  const result = { command: COMMAND, commit: presentCommit(), ...sizes, points, earlierAnn: [rate, low, high] };
  const rounded = (_, value) => (typeof value === "number" ? Number(value.toPrecision(5)) : value);
  await writeFile(new URL("result.json", import.meta.url), `${JSON.stringify(result, rounded)}\n`);
} finally {
  await executor.close();
}
