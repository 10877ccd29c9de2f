// Measures what the table of this folder is computed from, on the bundled networks of the 2x2 link: error rates against
// time steps, and spike densities. Some minutes on one core; writes result.json.
import { writeFile } from "node:fs/promises";
import { comparedWith, evaluateChips, evaluateNetwork, measuredWorkload } from "xpikeformer";
import { nodeExecutor } from "xpikeformer/node";
import { experimentOf, networksOf } from "../networks.mjs";

const experiment = await experimentOf("wireless-2x2");
const { network, ann, spiking } = await networksOf(experiment);
// T is chosen where rates differ by 5 %: the standard error of a rate of 0.06 is some 4 % of it here, and less of ten chips.
const prompts = 2048;

const curve = (rates) => ({ steps: rates.map((_, t) => t + 1), rates });

const executor = nodeExecutor(Number(process.argv[2] ?? 1));
try {
  const annRate = (await evaluateNetwork(executor, experiment, ann, { prompts })).errors.bits.rate;
  const { spiking: snn } = await evaluateNetwork(executor, experiment, spiking, { prompts });
  const chips = await evaluateChips(executor, experiment, network, { chips: 10, prompts });
  const rates = chips[0].bySteps.map(
    (_, t) => chips.reduce((sum, { bySteps }) => sum + bySteps[t].bits.rate, 0) / chips.length,
  );
  const result = {
    command: "node experiments/iso-accuracy/measure.mjs",
    experiment: "examples/wireless-2x2.json",
    ...{ seed: experiment.seed, prompts, chips: chips.length },
    bitErrorRate: {
      ann: annRate,
      spiking: curve(snn.bySteps.map(({ bits }) => bits.rate)),
      xpikeformer: curve(rates),
    },
    // Densities of the first chip, and of the digital SNN's own spikes.
    workload: comparedWith(measuredWorkload(experiment, chips[0]), experiment, {
      ann: ann.model,
      snn: { model: spiking.model, densities: snn.densities },
    }),
  };
  await writeFile(new URL("result.json", import.meta.url), `${JSON.stringify(result, null, 2)}\n`);
} finally {
  await executor.close();
}
