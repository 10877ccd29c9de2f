// Measures the wide network of the 2x2 link at few time steps beside the ANN, on prompts of a seed that chose nothing. Writes result.json, with what the
// reports of `xpike run` say of it. About four minutes of two idle cores.
//
//   node experiments/wide-link/measure.mjs [threads]
import { writeFile } from "node:fs/promises";
import { evaluateNetwork, kitOf, runExperiment } from "xpikeformer";
import { nodeExecutor } from "xpikeformer/node";
import { presentCommit, requireCommitted } from "../commit.mjs";
import { figuresOf } from "../figures.mjs";
import { checkpointOf, experimentOf, networksOf } from "../networks.mjs";
import { EARLIER_ANN, EXPERIMENT, SNR, STEPS } from "./points.mjs";

const SEED = 2711;
const PROMPTS = 10_000;
const CURVE_PROMPTS = 4096;
const COMMAND = "node experiments/wide-link/measure.mjs";

requireCommitted(["experiments/wide-link"]);
const base = { ...(await experimentOf(EXPERIMENT)), seed: SEED };
const { chips } = base.hardware;
const networks = await networksOf(base);
const executor = nodeExecutor(Number(process.argv[2] ?? 2));
try {
  const points = {};
  for (const steps of STEPS) {
    const evaluation = {
      ...base.evaluation,
      ...{ prompts: PROMPTS, curvePrompts: CURVE_PROMPTS, curveChips: null, snrDecibels: SNR, steps: [steps] },
    };
    const experiment = { ...base, model: { ...base.model, steps }, evaluation };
    const report = await runExperiment(experiment, networks, { executor, command: COMMAND, versions: {} });
    points[steps] = figuresOf(report, /^(ber|gap|ratio)\.|^cost\.(xpikeformer|annDigital)\.symbol$/);
  }
  const { network } = await checkpointOf(EARLIER_ANN);
  const { errors } = await evaluateNetwork(executor, base, network, { prompts: PROMPTS });
  const { rate, low, high } = kitOf(base.task).rate(errors);
  const sizes = { seed: SEED, chips, prompts: PROMPTS, curvePrompts: CURVE_PROMPTS };
  const result = { command: COMMAND, commit: presentCommit(), ...sizes, points, earlierAnn: [rate, low, high] };
  const rounded = (_, value) => (typeof value === "number" ? Number(value.toPrecision(5)) : value);
  await writeFile(new URL("result.json", import.meta.url), `${JSON.stringify(result, rounded)}\n`);
} finally {
  await executor.close();
}
