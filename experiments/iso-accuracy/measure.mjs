// Measures what the table of this folder is computed from, on the bundled networks of the 2x2 link: error rates against
// time steps, and spike densities. Some minutes on one core; writes result.json.
import { readFile, writeFile } from "node:fs/promises";
import { decodeCheckpoint, evaluateChips, evaluateNetwork, measuredWorkload, parseExperiment } from "xpikeformer";
import { networkFile, nodeExecutor } from "xpikeformer/node";

const here = new URL(".", import.meta.url);
const examples = new URL("../../examples/", here);
const experiment = parseExperiment(await readFile(new URL("wireless-2x2.json", examples), "utf8"));
const load = async (path) => decodeCheckpoint(await readFile(networkFile(path)), path).network;
const { prompts } = experiment.evaluation;

const executor = nodeExecutor(Number(process.argv[2] ?? 1));
try {
  const { network, ann, spiking } = experiment.checkpoints;
  const [own, conventional, digital] = await Promise.all([network, ann, spiking].map(load));
  const annRate = (await evaluateNetwork(executor, experiment, conventional, { prompts })).errors.bits.rate;
  const snnRate = (await evaluateNetwork(executor, experiment, digital, { prompts })).errors.bits.rate;
  const chips = await evaluateChips(executor, experiment, own, { chips: 10, prompts });
  const rates = chips[0].bySteps.map(
    (_, t) => chips.reduce((sum, { bySteps }) => sum + bySteps[t].bits.rate, 0) / chips.length,
  );
  const result = {
    command: "node experiments/iso-accuracy/measure.mjs",
    experiment: "examples/wireless-2x2.json",
    ...{ seed: experiment.seed, prompts, chips: chips.length },
    bitErrorRate: { ann: annRate, spiking: snnRate, xpikeformer: { steps: rates.map((_, t) => t + 1), rates } },
    snnSteps: digital.model.steps,
    // Densities of the first chip.
    workload: measuredWorkload(experiment, chips[0]),
  };
  await writeFile(new URL("result.json", here), `${JSON.stringify(result, null, 2)}\n`);
} finally {
  await executor.close();
}
