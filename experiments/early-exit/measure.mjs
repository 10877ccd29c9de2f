// Measures early exit by confidence on chips: the logit margin and the error after each time step. For each chip, a threshold is chosen
// on validation prompts and judged on others. Writes result.json, part by part.
//
//   node experiments/early-exit/measure.mjs [wireless-2x2-256|fashion-tiny ...] [--chips 5] [--prompts 1024] [--data DIRECTORY]
//
// --prompts sets the number of validation prompts and of test prompts. Images come from Fashion-MNIST, in the folder that --data or
// XPIKE_DATA names.
import { readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { createTask, foldNetwork, mapNetwork, programChip, simulateFast, stream } from "xpikeformer";
import { calibrateFast, kitOf, mean } from "xpikeformer/internal";
import { loadTaskData } from "xpikeformer/node";
import { checkpointOf, densitiesOf } from "../networks.mjs";
import { experimentOn } from "../two-machines.mjs";
import { chooseThreshold, outcome, stepsByAgreement, stepsByMargin } from "./exit.mjs";
import { MACHINE, NETWORKS, PROMISE, THRESHOLDS } from "./rules.mjs";

const SEED = 78;
const CALIBRATION = 32;
const PIECE = 64;

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
  const rounded = (_, value) => (typeof value === "number" ? Number(value.toPrecision(5)) : value);
  const command = `node experiments/early-exit/measure.mjs ${name} --chips ${chips} --prompts ${prompts}`;
  const after = { ...before, [name]: { command, seed: SEED, chips, prompts, ...found } };
  await writeFile(file, `${JSON.stringify(after, rounded)}\n`);
}

async function measure(name) {
  const placed = experimentOn(MACHINE, name);
  const experiment = { ...placed, seed: SEED, model: { ...placed.model, steps: NETWORKS[name].steps } };
  const { data } = await loadTaskData(experiment, { folder: values.data });
  const task = createTask(experiment, data);
  const { network } = await checkpointOf(experiment.checkpoints.network);
  const model = { ...experiment.model, normalisation: network.model.normalisation };
  const folded = foldNetwork({ ...network, model });
  const root = stream(SEED);
  const draw = (count, purpose, firstPrompt, part) =>
    task.draw(count, root.fork(purpose), { firstPrompt, values: false, ...(part && { from: { part } }) });
  const parts = { validation: data ? "validation" : undefined, evaluation: undefined };
  const byChip = [];
  let densities = null;
  for (let c = 0; c < chips; c++) {
    console.error(`${name}, chip ${c} ...`);
    const own = root.fork("chip", c);
    const mapping = mapNetwork(folded, experiment.hardware, experiment.task.coding);
    const blank = programChip(folded, mapping, experiment.hardware, own);
    const samples = draw(CALIBRATION, "calibration", 0, "calibration");
    const chip = calibrateFast(blank, samples.spikes, own.fork("calibration"));
    const rows = {};
    for (const [purpose, part] of Object.entries(parts)) {
      rows[purpose] = [];
      for (let first = 0; first < prompts; first += PIECE) {
        const batch = draw(Math.min(PIECE, prompts - first), purpose, first, part);
        const trace = simulateFast(chip, batch.spikes, own.fork("run", purpose), { firstPrompt: first });
        // From one slice of prompts on the first chip, as elsewhere: densities hardly differ.
        densities ??= densitiesOf(experiment, trace);
        rows[purpose].push(...promptsOf(folded, trace, batch.labels, experiment.task));
      }
    }
    byChip.push(rows);
  }
  const { steps } = model;
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

/** Margins, decisions and errors of every prompt after each step, at its last query. */
function promptsOf({ geometry: { queries, classes } }, { stepLogits, steps }, labels, task) {
  const count = queries.length;
  const prompts = labels.length / count;
  const size = stepLogits.length / steps;
  const kit = kitOf(task);
  const last = Array.from({ length: prompts }, (_, prompt) => (prompt + 1) * count - 1);
  const sums = last.map(() => new Float64Array(classes));
  const rows = last.map(() => ({ margins: [], decisions: [], wrong: [] }));
  for (let t = 0; t < steps; t++) {
    last.forEach((at, prompt) => {
      const sum = sums[prompt];
      for (let c = 0; c < classes; c++) sum[c] += stepLogits[t * size + at * classes + c];
      const [first, second] = Array.from(sum).sort((a, b) => b - a);
      rows[prompt].margins.push((first - second) / (t + 1));
      rows[prompt].decisions.push(sum.indexOf(first));
    });
    const errors = kit.errors(
      last.map((at) => labels[at]),
      rows.map(({ decisions }) => decisions[t]),
      task,
    );
    rows.forEach(({ wrong }, prompt) => {
      wrong.push(errors.wrong[prompt] / kit.trials(task));
    });
  }
  return rows;
}
