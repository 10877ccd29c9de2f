// Measures the error rates of the 2x2 link that fronts are drawn by: conventional networks exact and in few bits, spiking ones on chips; all on
// the same prompts. Writes result.json, part by part, and leaves parts that have been measured with as many chips and prompts as they are.
// Some ten minutes of an idle core.
//
//   node experiments/fronts/measure.mjs [name of a network ...] [--chips 5] [--prompts 1024] [--threads 1]
import { readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import {
  asDescribed,
  createTask,
  detectionErrors,
  evaluateChips,
  evaluateNetwork,
  mean,
  measuredWorkload,
  standardError,
  stream,
} from "xpikeformer";
import { nodeExecutor } from "xpikeformer/node";
import { checkpointOf, experimentOf, keyOf } from "../networks.mjs";
import { experimentOn } from "../two-machines.mjs";
import { ANNS, ENGINES, MACHINE, SPIKING } from "./points.mjs";
import { quantisedAnn } from "./quantised-ann.mjs";

const SEED = 77;
const BITS = 4;
/** Prompts by which the steps of activations are chosen. */
const CALIBRATION = 32;
const PIECE = 32;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    chips: { type: "string", default: "5" },
    prompts: { type: "string", default: "1024" },
    threads: { type: "string", default: "1" },
  },
});
const [chips, prompts] = [Number(values.chips), Number(values.prompts)];
const file = new URL("result.json", import.meta.url);
const names = [...ANNS, ...SPIKING.map(keyOf)];
for (const name of positionals) if (!names.includes(name)) throw new Error(`Networks: ${names.join(", ")}.`);

const executor = nodeExecutor(Number(values.threads));
try {
  for (const name of positionals.length > 0 ? positionals : names) {
    const before = JSON.parse(await readFile(file, "utf8").catch(() => "{}"));
    const kept = before[name];
    if (kept?.prompts === prompts && (kept.chips ?? chips) === chips) continue;
    console.error(`${name} ...`);
    const spiking = SPIKING.find((one) => keyOf(one) === name);
    const found = spiking ? await measureChips(spiking) : await measureAnn(name);
    const command = `node experiments/fronts/measure.mjs ${name.includes(" ") ? `"${name}"` : name}`;
    const after = { ...before, [name]: { command, seed: SEED, prompts, ...found } };
    const ordered = Object.fromEntries(names.flatMap((key) => (after[key] ? [[key, after[key]]] : [])));
    const rounded = (_, value) => (typeof value === "number" ? Number(value.toPrecision(5)) : value);
    await writeFile(file, `${JSON.stringify(ordered, rounded)}\n`);
  }
} finally {
  await executor.close();
}

/** Rate and the standard error that prompts leave in it, from the wrong bits of each. */
function rateOf(wrong) {
  const shares = Array.from(wrong, (count) => count / BITS);
  return { rate: mean(shares), promptError: standardError(shares) };
}

async function measureAnn(name) {
  const experiment = { ...(await experimentOf(name)), seed: SEED };
  const { network } = await checkpointOf(`bundled:${name}`);
  const { errors } = await evaluateNetwork(executor, experiment, network, { prompts });
  const rates = { exact: rateOf(errors.wrong) };
  const task = createTask(experiment);
  const draw = (count, name, firstPrompt = 0) =>
    task.draw(count, stream(SEED).fork(name), { firstPrompt, spikes: false, values: true });
  const calibration = { prompts: CALIBRATION, values: draw(CALIBRATION, "calibration").values };
  for (const { bits } of ENGINES) {
    const answer = quantisedAnn(network, bits, calibration);
    const wrong = [];
    for (let first = 0; first < prompts; first += PIECE) {
      const count = Math.min(PIECE, prompts - first);
      const batch = draw(count, "evaluation", first);
      const logits = answer({ prompts: count, values: batch.values });
      wrong.push(...wrongOf(network, logits, batch.labels, experiment.task));
    }
    rates[bits] = rateOf(wrong);
  }
  return { model: network.model, rates };
}

/** Wrong bits of each prompt, at the last query. */
function wrongOf({ geometry: { queries, classes } }, logits, labels, task) {
  const asked = queries.length;
  const prompts = labels.length / asked;
  const last = Array.from({ length: prompts }, (_, prompt) => (prompt + 1) * asked - 1);
  const decisions = last.map((at) => {
    const scores = logits.subarray(at * classes, (at + 1) * classes);
    return scores.indexOf(Math.max(...scores));
  });
  return detectionErrors(
    last.map((at) => labels[at]),
    decisions,
    task,
  ).wrong;
}

async function measureChips({ name, copies = 1, most, steps }) {
  const placed = experimentOn(MACHINE, name, copies);
  const experiment = { ...placed, seed: SEED, model: { ...placed.model, steps: most } };
  const { network } = await checkpointOf(experiment.checkpoints.network);
  const described = asDescribed(experiment, network, []);
  const evaluations = await evaluateChips(executor, experiment, described, { chips, prompts });
  const { blocks, inputDensity, headDensity } = measuredWorkload(experiment, evaluations[0]);
  const rates = Object.fromEntries(
    steps.map((count) => {
      const rows = evaluations.map(({ bySteps }) => Array.from(bySteps[count - 1].wrong, (wrong) => wrong / BITS));
      const byPrompt = Array.from({ length: prompts }, (_, prompt) => mean(rows.map((row) => row[prompt])));
      return [count, { rates: rows.map(mean), promptError: standardError(byPrompt) }];
    }),
  );
  return { chips, model: described.model, densities: { blocks, inputDensity, headDensity }, rates };
}
