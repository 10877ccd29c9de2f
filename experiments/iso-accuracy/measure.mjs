// Measures error rates against time steps, and spike densities, of the bundled networks on both machines. Needs MNIST, Fashion-MNIST and
// CIFAR-10, in the folder that XPIKE_DATA names or in the cache. Takes about four minutes on two idle cores. Writes result.json; networks
// that are not named keep their results.
//
//   node experiments/iso-accuracy/measure.mjs [name of a network ...] [--threads 1]
import { readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { asDescribed, evaluateChips, evaluateNetwork, kitOf, openExperiment } from "xpikeformer";
import { nodeExecutor } from "xpikeformer/node";
import { presentCommit, requireCommitted } from "../commit.mjs";
import { densitiesOf, imagesOf, networksOf } from "../networks.mjs";
import { experimentOn, MACHINES, NETWORKS } from "../two-machines.mjs";

// T is chosen with a tolerance of 5 %. Here the standard error of a link's rate of 0.06 is about 6 % of it, and less over ten chips.
const PROMPTS = { "symbol-detection": 1024, "image-classification": 2000 };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { threads: { type: "string", default: "1" } },
});
for (const name of positionals) if (!NETWORKS.includes(name)) throw new Error(`Networks: ${NETWORKS.join(", ")}.`);
const file = new URL("result.json", import.meta.url);

requireCommitted(["experiments/iso-accuracy/measure.mjs"]);
const commit = presentCommit();
const executor = nodeExecutor(Number(values.threads));
try {
  const { networks: before } = JSON.parse(await readFile(file, "utf8"));
  const networks = {};
  for (const name of NETWORKS) {
    const isKept = positionals.length > 0 && !positionals.includes(name);
    networks[name] = isKept ? before[name] : { commit, ...(await measure(name)) };
  }
  const result = { command: "node experiments/iso-accuracy/measure.mjs", seed: 1, networks };
  await writeFile(file, `${JSON.stringify(result, null, 2)}\n`);
} finally {
  await executor.close();
}

async function measure(name) {
  const { network: trained, ann, spiking } = await networksOf(experimentOn(MACHINES[0], name));
  // Up to the number of steps that the network was trained for.
  const onMachine = (machine) => {
    const placed = experimentOn(machine, name);
    return { ...placed, model: { ...placed.model, steps: trained.model.steps } };
  };
  const experiments = Object.fromEntries(MACHINES.map((machine) => [machine, onMachine(machine)]));
  const [experiment] = Object.values(experiments);
  const network = asDescribed(experiment, trained, []);
  const { task } = experiment;
  const prompts = PROMPTS[task.kind];
  const images = await imagesOf(task);
  const open = (own) => (images ? openExperiment(own, images) : own);
  const rateOf = (errors) => kitOf(task).rate(errors).rate;
  const curve = (bySteps) => bySteps.map(rateOf);

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
    // Densities come from the first chip.
    machines[machine] = {
      rates: rates[0].map((_, t) => rates.reduce((sum, one) => sum + one[t], 0) / chips),
      densities: densitiesOf(own, evaluations[0]),
    };
  }
  return {
    ...{ prompts, chips, ann: { model: ann.model, rate: rateOf(annErrors) } },
    snn: { model: digital.model, densities: snn.densities, rates: curve(snn.bySteps), own: spiking !== undefined },
    machines,
  };
}
