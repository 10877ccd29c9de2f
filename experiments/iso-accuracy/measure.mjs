// Measures what the table of this folder is computed from, on the bundled networks of the 2x2 link: error rates against
// time steps, and spike densities. Some minutes on one core; writes result.json.
import { writeFile } from "node:fs/promises";
import { evaluateChips, evaluateNetwork, measuredWorkload } from "xpikeformer";
import { nodeExecutor } from "xpikeformer/node";
import { experimentOf, networksOf } from "../networks.mjs";

const experiment = await experimentOf("wireless-2x2");
const { network, ann, spiking } = await networksOf(experiment);
const { prompts } = experiment.evaluation;

const executor = nodeExecutor(Number(process.argv[2] ?? 1));
try {
  const annRate = (await evaluateNetwork(executor, experiment, ann, { prompts })).errors.bits.rate;
  const snnRate = (await evaluateNetwork(executor, experiment, spiking, { prompts })).errors.bits.rate;
  const chips = await evaluateChips(executor, experiment, network, { chips: 10, prompts });
  const rates = chips[0].bySteps.map(
    (_, t) => chips.reduce((sum, { bySteps }) => sum + bySteps[t].bits.rate, 0) / chips.length,
  );
  const result = {
    command: "node experiments/iso-accuracy/measure.mjs",
    experiment: "examples/wireless-2x2.json",
    ...{ seed: experiment.seed, prompts, chips: chips.length },
    bitErrorRate: { ann: annRate, spiking: snnRate, xpikeformer: { steps: rates.map((_, t) => t + 1), rates } },
    snnSteps: spiking.model.steps,
    // Densities of the first chip.
    workload: measuredWorkload(experiment, chips[0]),
  };
  await writeFile(new URL("result.json", import.meta.url), `${JSON.stringify(result, null, 2)}\n`);
} finally {
  await executor.close();
}
