// Measures errors by chip and group of prompts: spiking networks on chips and in exact arithmetic, ANNs exactly and with few bits, all on the
// same prompts of a task. Pages compute equal accuracy, fronts and their intervals from result.json, and price anew without it.
//
// Writes part by part. Parts measured with the same network file, seed, chips and prompts are skipped, unless --again. Networks that are only
// in the history are read from there. Needs MNIST, Fashion-MNIST and CIFAR-10, in the folder that XPIKE_DATA names or in the cache. Takes
// about 25 minutes on two busy cores, as two programs: `--only chips` and `--only anns`.
//
//   node experiments/errors/measure.mjs [part of a name ...] [--only chips|anns] [--prompts 2000] [--threads 1] [--again] [--list]
import { execFileSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createTask, decodeCheckpoint, evaluateChips, evaluateNetwork, openExperiment, stream } from "xpikeformer";
import { asDescribed, kitOf } from "xpikeformer/internal";
import { networkFile, nodeExecutor } from "xpikeformer/node";
import { presentCommit, requireCommitted } from "../commit.mjs";
import { rounded } from "../figures.mjs";
import { quantisedAnn } from "../fronts/quantised-ann.mjs";
import { TRAINED_NAMES } from "../fronts/trained.mjs";
import { densitiesOf, experimentOf, imagesOf, keyOf } from "../networks.mjs";
import { experimentOn, MACHINES, NETWORKS } from "../two-machines.mjs";
import { commonOf, groupSums } from "./common.mjs";
import {
  CHIP_COUNT,
  CHIPS,
  chipsKey,
  DENSITY_PROMPTS,
  exactKey,
  GROUP,
  LOW_BIT,
  LOW_BIT_PROMPTS,
  PROMPTS,
  SEED,
} from "./list.mjs";

const [LITERAL, MACHINE] = MACHINES;
/** Number of prompts for choosing the quantization steps of activations. */
const CALIBRATION = 32;
const PIECE = 50;
const COMMAND = "node experiments/errors/measure.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: "string" },
    prompts: { type: "string", default: String(PROMPTS) },
    threads: { type: "string", default: "1" },
    again: { type: "boolean", default: false },
    list: { type: "boolean", default: false },
  },
});
const prompts = Number(values.prompts);
if (prompts % GROUP !== 0) throw new Error(`--prompts must be a multiple of ${GROUP}.`);
const root = fileURLToPath(new URL("../../", import.meta.url));
const file = new URL("result.json", import.meta.url);
const { networks: manifest } = JSON.parse(await readFile(new URL("networks/manifest.json", `file://${root}`), "utf8"));

const parts = {};
for (const one of CHIPS) {
  const { task, checkpoints } = experimentOn(MACHINE, one.name, one.copies);
  const key = keyOf({ name: one.name, copies: task.queryCopies });
  const settings = { prompts, chips: one.chips ?? CHIP_COUNT };
  const network = nameOf(checkpoints.network);
  parts[chipsKey(key, MACHINE)] = { kind: "chips", network, ...settings, measure: () => onChips(one, settings) };
  // Fronts need no more. Other pages take an experiment as it is, with its rivals.
  if (one.copies !== undefined || !NETWORKS.includes(one.name)) continue;
  parts[chipsKey(key, LITERAL)] = {
    ...{ kind: "chips", network, prompts: DENSITY_PROMPTS, chips: 1 },
    measure: () => densitiesOn(LITERAL, one),
  };
  const digital = nameOf(checkpoints.spiking ?? checkpoints.network);
  parts[exactKey(key)] = { kind: "anns", network: digital, prompts, measure: () => exactly(one) };
  addAnn(nameOf(checkpoints.ann));
}
for (const name of LOW_BIT) addAnn(name);
// Evaluation rounds what was trained for few bits.
for (const name of TRAINED_NAMES) if (manifest.some((entry) => entry.name === name)) addAnn(name);

function addAnn(name) {
  const isLow = LOW_BIT.includes(name);
  parts[name] = { kind: "anns", network: name, prompts, measure: () => measureAnn(name, isLow) };
}

const asked = Object.entries(parts).filter(
  ([key, { kind }]) =>
    (values.only === undefined || kind === values.only) &&
    (positionals.length === 0 || positionals.some((text) => key.includes(text))),
);
if (asked.length === 0) throw new Error(`Parts: ${Object.keys(parts).join("; ")}.`);
if (values.list) {
  console.log(asked.map(([key]) => key).join("\n"));
  process.exit();
}

requireCommitted([
  ...["measure.mjs", "list.mjs", "common.mjs"].map((name) => `experiments/errors/${name}`),
  ...["experiments/fronts/quantised-ann.mjs", "experiments/two-machines.mjs"],
]);
const commit = presentCommit();
const executor = nodeExecutor(Number(values.threads));
try {
  for (const [key, { network, measure, prompts: count, chips }] of asked) {
    const { sha256 } = entryOf(network);
    const kept = (await present())[key];
    const isKept = kept?.sha256 === sha256 && kept.seed === SEED && kept.prompts === count && kept.chips === chips;
    if (isKept && !values.again) continue;
    const started = process.cpuUsage();
    const found = await measure();
    const { user, system } = process.cpuUsage(started);
    console.error(`${key}: ${Math.round((user + system) / 1e6)} s of CPU`);
    const of = { command: COMMAND, commit, seed: SEED, network, sha256, prompts: count };
    await keep(key, { ...of, ...(chips && { chips }), ...found });
  }
} finally {
  await executor.close();
}

async function present() {
  return JSON.parse(await readFile(file, "utf8").catch(() => '{"networks":{}}')).networks;
}

/** Adds a part to what another run of this program may have written in the meantime; a part is a line. */
async function keep(key, found) {
  const after = { ...(await present()), [key]: found };
  const lines = Object.keys(parts)
    .filter((name) => after[name])
    .map((name) => `${JSON.stringify(name)}:${JSON.stringify(after[name], rounded)}`);
  await writeFile(
    file,
    `{"command":"${COMMAND}","seed":${SEED},"group":${GROUP},"networks":{\n${lines.join(",\n")}\n}}\n`,
  );
}

function nameOf(reference) {
  return reference.replace("bundled:", "");
}

function entryOf(name) {
  const entry = manifest.find((one) => one.name === name);
  if (!entry) throw new Error(`networks/manifest.json has no ${name}.`);
  return entry;
}

async function networkOf(name) {
  const { commit: from, file: path } = entryOf(name);
  const bytes = path
    ? await readFile(networkFile(`bundled:${name}`))
    : execFileSync("git", ["show", `${from}:checkpoints/${name}.safetensors`], { cwd: root, maxBuffer: 2 ** 26 });
  return decodeCheckpoint(bytes, name).network;
}

async function opened(experiment) {
  const data = await imagesOf(experiment.task);
  return { data, subject: data ? openExperiment(experiment, data) : experiment };
}

function onMachine(machine, { name, copies, most }) {
  const placed = experimentOn(machine, name, copies);
  return { ...placed, seed: SEED, model: { ...placed.model, steps: most } };
}

async function chipsOn(machine, one, options) {
  const experiment = onMachine(machine, one);
  const network = asDescribed(experiment, await networkOf(nameOf(experiment.checkpoints.network)), []);
  const { data, subject } = await opened(experiment);
  const evaluations = await evaluateChips(executor, subject, network, options);
  return { experiment, data, evaluations, model: network.model, densities: densitiesOf(experiment, evaluations[0]) };
}

async function onChips(one, options) {
  const { experiment, data, evaluations, model, densities } = await chipsOn(MACHINE, one, options);
  const wrong = Object.fromEntries(
    evaluations[0].bySteps.map((_, t) => [t + 1, evaluations.map(({ bySteps }) => groupSums(bySteps[t].wrong))]),
  );
  return { model, densities, ...(await commonOf(experiment, data, prompts)), wrong };
}

async function densitiesOn(machine, one) {
  const { model, densities } = await chipsOn(machine, one, { chips: 1, prompts: DENSITY_PROMPTS });
  return { model, densities };
}

/** The digital SNN in exact arithmetic: one trained for it, or the network of the chips. */
async function exactly(one) {
  const experiment = onMachine(MACHINE, one);
  const { spiking, network } = experiment.checkpoints;
  const trained = await networkOf(nameOf(spiking ?? network));
  const digital = spiking ? trained : asDescribed(experiment, trained, []);
  const { data, subject } = await opened(experiment);
  const { spiking: found } = await evaluateNetwork(executor, subject, digital, { prompts });
  const wrong = Object.fromEntries(found.bySteps.map((errors, t) => [t + 1, [groupSums(errors.wrong)]]));
  const common = await commonOf(experiment, data, prompts);
  return { model: digital.model, own: spiking !== undefined, densities: found.densities, ...common, wrong };
}

async function measureAnn(name, isLow) {
  const experiment = { ...(await experimentOf(name)), seed: SEED };
  const network = await networkOf(name);
  const { data, subject } = await opened(experiment);
  const { errors } = await evaluateNetwork(executor, subject, network, { prompts });
  const wrong = { exact: [groupSums(errors.wrong)] };
  for (const bits of isLow ? [8, 5, 4] : []) {
    const isPatches = experiment.task.kind === "image-classification" && !network.model.stem;
    const count = Math.min(prompts, LOW_BIT_PROMPTS[isPatches ? "patches" : "others"]);
    wrong[bits] = [groupSums(lowBitErrors(network, bits, experiment, data, count))];
  }
  return { model: network.model, ...(await commonOf(experiment, data, prompts)), wrong };
}

function lowBitErrors(network, bits, experiment, data, count) {
  const task = createTask(experiment, data);
  const draw = (count, name, options) =>
    task.draw(count, stream(SEED).fork(name), { ...options, spikes: false, values: true });
  const calibration = draw(CALIBRATION, "calibration", { from: { part: "validation" } });
  const answer = quantisedAnn(network, bits, { prompts: CALIBRATION, values: calibration.values });
  const wrong = [];
  for (let firstPrompt = 0; firstPrompt < count; firstPrompt += PIECE) {
    const batch = draw(PIECE, "evaluation", { firstPrompt });
    const logits = answer({ prompts: PIECE, values: batch.values });
    wrong.push(...wrongOf(network, logits, batch.labels, experiment));
  }
  return wrong;
}

/** The number of errors of each prompt, at its last query. */
function wrongOf({ geometry: { queries, classes } }, logits, labels, { task }) {
  const asked = queries.length;
  const last = Array.from({ length: labels.length / asked }, (_, prompt) => (prompt + 1) * asked - 1);
  const decisions = last.map((at) => {
    const scores = logits.subarray(at * classes, (at + 1) * classes);
    return scores.indexOf(Math.max(...scores));
  });
  const { wrong } = kitOf(task).errors(
    last.map((at) => labels[at]),
    decisions,
    task,
  );
  return [...wrong];
}
