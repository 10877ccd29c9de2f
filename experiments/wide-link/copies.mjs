// Measures test-time repetition: error rates in exact arithmetic by copies of the last query, after every number of time steps. The number
// of copies was chosen on the same prompts. Takes four minutes on two idle cores. Writes copies.json.
//
//   node experiments/wide-link/copies.mjs [--threads 2]
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { evaluateNetwork } from "xpikeformer";
import { asDescribed, kitOf } from "xpikeformer/internal";
import { nodeExecutor } from "xpikeformer/node";
import { rounded } from "../figures.mjs";
import { checkpointOf, experimentOf, withCopies } from "../networks.mjs";
import { COPIED, COPIED_STEPS, COPIES } from "./points.mjs";

const SEED = 99;
const PROMPTS = 4096;

const { values } = parseArgs({ options: { threads: { type: "string", default: "2" } } });
const executor = nodeExecutor(Number(values.threads));
try {
  const rates = {};
  for (const { name } of COPIED) {
    const example = await experimentOf(name);
    const bundled = { ...example, seed: SEED, model: { ...example.model, steps: Math.max(...COPIED_STEPS) } };
    const { network } = await checkpointOf(bundled.checkpoints.network);
    rates[name] = {};
    for (const queryCopies of COPIES) {
      const experiment = withCopies(bundled, queryCopies);
      const { spiking } = await evaluateNetwork(executor, experiment, asDescribed(experiment, network, []), {
        prompts: PROMPTS,
      });
      rates[name][queryCopies] = spiking.bySteps.map((errors) => kitOf(experiment.task).rate(errors).rate);
      console.log(
        `${name}, ${queryCopies} copies: ${rates[name][queryCopies].map((rate) => rate.toFixed(4)).join(" ")}`,
      );
    }
  }
  const result = { command: "node experiments/wide-link/copies.mjs", seed: SEED, prompts: PROMPTS, rates };
  await writeFile(new URL("copies.json", import.meta.url), `${JSON.stringify(result, rounded)}\n`);
} finally {
  await executor.close();
}
