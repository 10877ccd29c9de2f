// Measures what the tables of this folder are computed from, on the bundled networks: error rates against time steps, and spike densities, on
// both machines. Needs MNIST, Fashion-MNIST and CIFAR-10, in the folder that XPIKE_DATA names or in the cache. Three minutes of two idle cores; writes
// result.json.
import { writeFile } from "node:fs/promises";
import { evaluateChips, evaluateNetwork, kitOf, measuredWorkload, openExperiment } from "xpikeformer";
import { loadImageData, nodeExecutor } from "xpikeformer/node";
import { networksOf } from "../networks.mjs";
import { experimentOn, MACHINES, NETWORKS } from "../two-machines.mjs";

// T is chosen where rates differ by 5 %: the standard error of a link's rate of 0.06 is some 6 % of it here, and less of ten chips.
const PROMPTS = { "symbol-detection": 1024, "image-classification": 2000 };

const executor = nodeExecutor(Number(process.argv[2] ?? 1));
try {
  const networks = {};
  for (const name of NETWORKS) networks[name] = await measure(name);
  const result = { command: "node experiments/iso-accuracy/measure.mjs", seed: 1, networks };
  await writeFile(new URL("result.json", import.meta.url), `${JSON.stringify(result, null, 2)}\n`);
} finally {
  await executor.close();
}

async function measure(name) {
  const experiments = Object.fromEntries(MACHINES.map((machine) => [machine, experimentOn(machine, name)]));
  const [experiment] = Object.values(experiments);
  const { task } = experiment;
  const { kind, data } = task;
  const prompts = PROMPTS[kind];
  const images = data && (await loadImageData(data)).data;
  if (data && images.name !== data) throw new Error(`All of ${data} is needed.`);
  const open = (own) => (images ? openExperiment(own, images) : own);
  const rateOf = (errors) => kitOf(task).rate(errors).rate;
  const curve = (bySteps) => bySteps.map(rateOf);

  const { network, ann, spiking } = await networksOf(experiment);
  const digital = spiking ?? network;
  const annErrors = (await evaluateNetwork(executor, open(experiment), ann, { prompts })).errors;
  const { spiking: snn } = await evaluateNetwork(executor, open(experiment), digital, { prompts });
  const chips = experiment.hardware.chips;
  const machines = {};
  for (const machine of MACHINES) {
    const own = experiments[machine];
    console.log(`${name} on ${machine} ...`);
    const evaluations = await evaluateChips(executor, open(own), network, { chips, prompts });
    const rates = evaluations.map(({ bySteps }) => curve(bySteps));
    // Densities of the first chip.
    const { blocks, inputDensity, headDensity } = measuredWorkload(own, evaluations[0]);
    machines[machine] = {
      rates: rates[0].map((_, t) => rates.reduce((sum, one) => sum + one[t], 0) / chips),
      densities: { blocks, inputDensity, headDensity },
    };
  }
  return {
    ...{ prompts, chips, ann: { model: ann.model, rate: rateOf(annErrors) } },
    snn: { model: digital.model, densities: snn.densities, rates: curve(snn.bySteps), own: spiking !== undefined },
    machines,
  };
}
