// Measures what each lever costs in accuracy: errors of five chips on the same prompts, with the densities that price it. Writes
// ablation.json part by part; finished parts are skipped. Takes about ten minutes on one core.
//
//   node experiments/machine/ablation.mjs [threads]
import { readFile, writeFile } from "node:fs/promises";
import { evaluateChips, openExperiment, parseExperiment } from "xpikeformer";
import { asDescribed, kitOf } from "xpikeformer/internal";
import { nodeExecutor } from "xpikeformer/node";
import { presentCommit, requireCommitted } from "../commit.mjs";
import { groupSums } from "../errors/common.mjs";
import { GROUP } from "../errors/list.mjs";
import { rounded } from "../figures.mjs";
import { checkpointOf, densitiesOf, imagesOf } from "../networks.mjs";
import { experimentOn } from "../two-machines.mjs";
import { CHIPS, LEVERS, SEED, SUBJECTS, withLever } from "./levers.mjs";

const COMMAND = "node experiments/machine/ablation.mjs";
const file = new URL("ablation.json", import.meta.url);
const threads = Number(process.argv[2] ?? 1);

requireCommitted(["ablation.mjs", "levers.mjs"].map((name) => `experiments/machine/${name}`));
const result = await readFile(file, "utf8").then(JSON.parse, () => ({
  ...{ command: COMMAND, commit: presentCommit(), seed: SEED, chips: CHIPS, group: GROUP },
  networks: {},
}));
const executor = nodeExecutor(threads);
try {
  for (const subject of SUBJECTS) {
    for (const [lever, setting] of Object.entries(LEVERS)) {
      if (setting.like || (subject.only && !subject.only.includes(lever))) continue;
      const found = result.networks[subject.name] ?? { prompts: subject.prompts, steps: subject.steps, levers: {} };
      if (found.levers[lever]) continue;
      found.levers[lever] = await measure(subject, setting);
      result.networks[subject.name] = found;
      await writeFile(file, `${JSON.stringify(result, rounded)}\n`);
    }
  }
} finally {
  await executor.close();
}

async function measure({ name, steps, prompts }, setting) {
  const placed = withLever(experimentOn("recommended", name), setting);
  const experiment = parseExperiment({ ...placed, seed: SEED, model: { ...placed.model, steps } });
  const { network } = await checkpointOf(experiment.checkpoints.network);
  const data = await imagesOf(experiment.task);
  const subject = data ? openExperiment(experiment, data) : experiment;
  const started = process.cpuUsage();
  const evaluations = await evaluateChips(executor, subject, asDescribed(experiment, network, []), {
    chips: CHIPS,
    prompts,
  });
  const { user, system } = process.cpuUsage(started);
  console.error(`${name}, ${JSON.stringify(setting.change ?? {}).slice(0, 60)}: ${(user + system) / 1e6} s of CPU`);
  return {
    trials: kitOf(experiment.task).trials(experiment.task),
    densities: densitiesOf(experiment, evaluations[0]),
    wrong: evaluations.map(({ bySteps }) => groupSums(bySteps[steps - 1].wrong)),
  };
}
