// Measures early exit by confidence on chips: the logit margin and the error after each time step. For each chip, a threshold is chosen
// on validation prompts and judged on others. Writes result.json, part by part.
//
//   node experiments/early-exit/measure.mjs [name in rules.mjs ...] [--chips 5] [--prompts 1024] [--data DIRECTORY]
//
// --prompts sets the number of validation prompts and of test prompts. Images come from Fashion-MNIST, in the folder that --data or
// XPIKE_DATA names.
import { readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { mean } from "xpikeformer/internal";
import { loadTaskData } from "xpikeformer/node";
import { rounded } from "../figures.mjs";
import { checkpointOf } from "../networks.mjs";
import { experimentOn } from "../two-machines.mjs";
import { answersByStep } from "./answers.mjs";
import { chooseThreshold, outcome, stepsByAgreement, stepsByMargin } from "./exit.mjs";
import { MACHINE, NETWORKS, PROMISE, THRESHOLDS } from "./rules.mjs";

const SEED = 78;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    chips: { type: "string", default: "5" },
    prompts: { type: "string", default: "1024" },
    data: { type: "string" },
  },
});
const [chips, prompts] = [Number(values.chips), Number(values.prompts)];
const file = new URL("result.json", import.meta.url);
const asked = positionals.length > 0 ? positionals : Object.keys(NETWORKS);

for (const name of asked) {
  const found = await measure(name);
  const before = JSON.parse(await readFile(file, "utf8").catch(() => "{}"));
  const command = `node experiments/early-exit/measure.mjs ${name} --chips ${chips} --prompts ${prompts}`;
  const after = { ...before, [name]: { command, seed: SEED, chips, prompts, ...found } };
  await writeFile(file, `${JSON.stringify(after, rounded)}\n`);
}

async function measure(name) {
  const placed = experimentOn(MACHINE, name);
  const { steps } = NETWORKS[name];
  const experiment = { ...placed, seed: SEED, model: { ...placed.model, steps } };
  const { data } = await loadTaskData(experiment, { folder: values.data });
  const { network } = await checkpointOf(experiment.checkpoints.network);
  const { densities, byChip } = answersByStep(experiment, network, data, { chips, prompts });
  const model = { ...experiment.model, normalisation: network.model.normalisation };
  const judged = byChip.map(({ evaluation }) => evaluation);
  const all = judged.flat();
  const overChips = (stepsOf) => ({
    ...outcome(all, stepsOf),
    rates: judged.map((rows) => outcome(rows, stepsOf).rate),
  });
  return {
    model,
    densities,
    fixed: Array.from({ length: steps }, (_, t) => overChips(() => t + 1)),
    agreement: overChips(stepsByAgreement),
    margins: THRESHOLDS.map((threshold) => ({
      threshold,
      ...overChips((prompt) => stepsByMargin(prompt, threshold)),
    })),
    promised: PROMISE.alphas.map((alpha) => {
      const chosen = byChip.map(({ validation, evaluation }) => {
        const threshold = chooseThreshold(validation, THRESHOLDS, { alpha, delta: PROMISE.delta });
        return {
          threshold,
          ...outcome(evaluation, (one) => stepsByMargin(one, threshold ?? Number.POSITIVE_INFINITY)),
        };
      });
      const over = (key) => mean(chosen.map((one) => one[key]));
      return {
        alpha,
        thresholds: chosen.map(({ threshold }) => threshold),
        ...{ meanSteps: over("meanSteps"), rate: over("rate"), worse: over("worse") },
        distribution: Array.from({ length: steps }, (_, t) => mean(chosen.map(({ distribution }) => distribution[t]))),
        kept: chosen.filter(({ worse }) => worse <= alpha).length,
      };
    }),
  };
}
