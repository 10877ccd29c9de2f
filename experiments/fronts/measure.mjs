// Measures the error rates behind the fronts: ANNs exact and with few bits, spiking networks on chips, all on the same prompts of a task.
// Writes result.json part by part, and skips parts already measured with the same numbers of chips and prompts. Needs MNIST and
// Fashion-MNIST, in the folder that XPIKE_DATA names or in the cache. Takes about forty minutes on one idle core.
//
//   node experiments/fronts/measure.mjs [name of a network ...] [--chips 5] [--threads 1]
import { readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import {
  asDescribed,
  createTask,
  evaluateChips,
  evaluateNetwork,
  kitOf,
  mean,
  openExperiment,
  standardError,
  stream,
} from "xpikeformer";
import { nodeExecutor } from "xpikeformer/node";
import { presentCommit, requireCommitted } from "../commit.mjs";
import { checkpointOf, densitiesOf, experimentOf, imagesOf, keyOf } from "../networks.mjs";
import { experimentOn } from "../two-machines.mjs";
import { ENGINES, FRONTS, MACHINE } from "./points.mjs";
import { quantisedAnn } from "./quantised-ann.mjs";

/** Number of prompts for choosing the quantization steps of activations. */
const CALIBRATION = 32;
const PIECE = 32;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    chips: { type: "string", default: "5" },
    threads: { type: "string", default: "1" },
  },
});
const chips = Number(values.chips);
const file = new URL("result.json", import.meta.url);
const networks = Object.fromEntries(
  Object.values(FRONTS).flatMap((front) => [
    ...front.anns.map((name) => [name, { ...front, measure: () => measureAnn(name, front) }]),
    ...front.spiking.map((one) => [keyOf(one), { ...front, measure: () => measureChips(one, front) }]),
  ]),
);
const names = Object.keys(networks);
for (const name of positionals) if (!names.includes(name)) throw new Error(`Networks: ${names.join(", ")}.`);

requireCommitted(["experiments/fronts/measure.mjs", "experiments/fronts/points.mjs"]);
const commit = presentCommit();
const executor = nodeExecutor(Number(values.threads));
try {
  for (const name of positionals.length > 0 ? positionals : names) {
    const { seed, prompts, measure } = networks[name];
    const present = async () => JSON.parse(await readFile(file, "utf8").catch(() => "{}"));
    const kept = (await present())[name];
    if (kept?.prompts === prompts && (kept.chips ?? chips) === chips) continue;
    console.error(`${name} ...`);
    const command = `node experiments/fronts/measure.mjs ${name.includes(" ") ? `"${name}"` : name}`;
    const found = { command, commit, seed, prompts, ...(await measure()) };
    // Another run of this program may have added a part in the meantime.
    const after = { ...(await present()), [name]: found };
    const ordered = Object.fromEntries(names.flatMap((key) => (after[key] ? [[key, after[key]]] : [])));
    const rounded = (_, value) => (typeof value === "number" ? Number(value.toPrecision(5)) : value);
    await writeFile(file, `${JSON.stringify(ordered, rounded)}\n`);
  }
} finally {
  await executor.close();
}

/** For each prompt, the share of wrong bits, or for a class 0 or 1. */
function sharesOf(wrong, { task }) {
  const trials = kitOf(task).trials(task);
  return Array.from(wrong, (count) => count / trials);
}

/** The error rate and its standard error over prompts. */
function rateOf(shares) {
  return { rate: mean(shares), promptError: standardError(shares) };
}

async function measureAnn(name, { seed, prompts }) {
  const experiment = { ...(await experimentOf(name)), seed };
  const images = await imagesOf(experiment.task);
  const { network } = await checkpointOf(`bundled:${name}`);
  const opened = images ? openExperiment(experiment, images) : experiment;
  const { errors } = await evaluateNetwork(executor, opened, network, { prompts });
  const rates = { exact: rateOf(sharesOf(errors.wrong, experiment)) };
  const task = createTask(experiment, images);
  const draw = (count, name, options) =>
    task.draw(count, stream(seed).fork(name), { ...options, spikes: false, values: true });
  const calibration = draw(CALIBRATION, "calibration", { from: { part: "validation" } });
  for (const { bits } of ENGINES) {
    const answer = quantisedAnn(network, bits, { prompts: CALIBRATION, values: calibration.values });
    const shares = [];
    for (let first = 0; first < prompts; first += PIECE) {
      const count = Math.min(PIECE, prompts - first);
      const batch = draw(count, "evaluation", { firstPrompt: first });
      const logits = answer({ prompts: count, values: batch.values });
      shares.push(...sharesOf(wrongOf(network, logits, batch.labels, experiment), experiment));
    }
    rates[bits] = rateOf(shares);
  }
  return { model: network.model, rates };
}

/** The number of errors of each prompt, at its last query. */
function wrongOf({ geometry: { queries, classes } }, logits, labels, { task }) {
  const asked = queries.length;
  const prompts = labels.length / asked;
  const last = Array.from({ length: prompts }, (_, prompt) => (prompt + 1) * asked - 1);
  const decisions = last.map((at) => {
    const scores = logits.subarray(at * classes, (at + 1) * classes);
    return scores.indexOf(Math.max(...scores));
  });
  return kitOf(task).errors(
    last.map((at) => labels[at]),
    decisions,
    task,
  ).wrong;
}

async function measureChips({ name, copies, most, steps }, { seed, prompts }) {
  const placed = experimentOn(MACHINE, name, copies);
  const experiment = { ...placed, seed, model: { ...placed.model, steps: most } };
  const images = await imagesOf(experiment.task);
  const { network } = await checkpointOf(experiment.checkpoints.network);
  const described = asDescribed(experiment, network, []);
  const opened = images ? openExperiment(experiment, images) : experiment;
  const evaluations = await evaluateChips(executor, opened, described, { chips, prompts });
  const densities = densitiesOf(experiment, evaluations[0]);
  const rates = Object.fromEntries(
    steps.map((count) => {
      const rows = evaluations.map(({ bySteps }) => sharesOf(bySteps[count - 1].wrong, experiment));
      const byPrompt = Array.from({ length: prompts }, (_, prompt) => mean(rows.map((row) => row[prompt])));
      return [count, { rates: rows.map(mean), promptError: standardError(byPrompt) }];
    }),
  );
  return { chips, model: described.model, densities, rates };
}
