// The parts of `measure.mjs`. Each is a function from an executor to { settings, figures }; figures are [value, low, high] by their
// id in the report.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import {
  estimateCost,
  evaluateDrift,
  findCostPreset,
  hardwarePrices,
  machineByName,
  parseDurations,
  ratioTo,
  resolveTechnology,
  runExperiment,
} from "xpikeformer";
import { estimateArea, findWorkload, withSteps } from "xpikeformer/cost";
import { evaluateSweep, parseSweep } from "xpikeformer/internal";
import { figuresOf } from "../figures.mjs";
import { checkpointOf, experimentOf, networksOf } from "../networks.mjs";
import { upTo } from "../steps.mjs";

/** A fresh seed: no network and no machine setting was chosen with it. */
export const SEED = 4242;

/** The example whose networks the README shows. */
const LINK = "wireless-2x2-deep";
const LARGER_LINK = "wireless-4x4-256";
const LINK_PROMPTS = 2048;
const STUDY_PROMPTS = 1024;
const root = fileURLToPath(new URL("../../", import.meta.url));

export const PARTS = { start, budgets, cost, "link-4x4": link4x4, link, steps, drift, realism };

/** Output of the first command in a fresh clone. */
function start() {
  const output = execFileSync("npm", ["start", "--silent"], {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  return { settings: { shell: "npm start" }, output: output.trim(), figures: {} };
}

/** The number of prompts or images that each compared network was trained on. */
async function budgets() {
  const figures = {};
  for (const name of [LINK, LARGER_LINK]) {
    const experiment = await seeded(name);
    for (const role of ["ann", "network"]) {
      const { metadata } = await checkpointOf(experiment.checkpoints[role]);
      figures[`${name}.${role}`] = [Number(metadata.steps) * experiment.training.batch];
    }
  }
  return { settings: { batch: "training.batch of each experiment" }, figures };
}

/** The 2x2 link: all detectors, over SNR and over time steps. */
async function link(executor, prompts = LINK_PROMPTS) {
  const base = await seeded(LINK);
  const evaluation = {
    ...base.evaluation,
    prompts,
    curvePrompts: prompts,
    curveChips: null,
    steps: upTo(base.model.steps),
  };
  const experiment = { ...base, evaluation };
  const report = await runExperiment(experiment, await networksOf(experiment), optionsOf(executor));
  return {
    settings: {
      experiment: LINK,
      chips: experiment.hardware.chips,
      prompts,
      steps: base.model.steps,
    },
    figures: figuresOf(report, /^(ber|gap|ratio|crossbars|cost\.ratio\.annDigital$|cost\.xpikeformer\.symbol$)/),
    chart: report.charts.find(({ id }) => id === "ber-snr"),
  };
}

/** The 2x2 link over the time steps that its network was trained for. */
async function steps(executor, prompts = LINK_PROMPTS) {
  const base = await seeded(LINK);
  const networks = await networksOf(base);
  const { steps: most } = networks.network.model;
  const evaluation = { ...base.evaluation, prompts, snrDecibels: [], steps: upTo(most) };
  const experiment = { ...base, model: { ...base.model, steps: most }, evaluation };
  const report = await runExperiment(experiment, networks, optionsOf(executor));
  return {
    settings: { experiment: LINK, chips: experiment.hardware.chips, prompts, steps: most },
    figures: figuresOf(report, /^ber\.(ann|xpikeformer\.steps\.\d+)$/),
  };
}

/** A year after programming: hardware-aware and conventional training, with and without drift compensation. */
async function drift(executor, prompts = STUDY_PROMPTS) {
  const experiment = await seeded(LINK);
  const { network, conventional } = await networksOf(experiment);
  const size = { chips: 20, prompts };
  const ages = parseDurations("1s,1y", "ages");
  const report = await evaluateDrift(experiment, { network, conventional }, ages, { ...optionsOf(executor), ...size });
  return { settings: { experiment: LINK, ...size }, figures: figuresOf(report, /^ber\./) };
}

/** The 2x2 link on machines that are less ideal than the experiment's, or lack its corrections. */
async function realism(executor, prompts = STUDY_PROMPTS) {
  const experiment = await seeded(LINK);
  const { crossbar, compensation } = experiment.hardware;
  const { network } = await networksOf(experiment);
  const size = { chips: experiment.hardware.chips, prompts };
  const figures = {};
  const sweep = async (prefix, hardware, text, ages = []) => {
    const machine = { ...experiment, hardware: { ...experiment.hardware, ...hardware } };
    const options = { ...optionsOf(executor), ...size };
    const report = await evaluateSweep(machine, { network }, parseSweep(text, machine), ages, options);
    const found = figuresOf(report, /^ber\.sweep\.[A-Za-z.0-9-]*\.hwat(\.1y)?(\.change)?$/);
    for (const [id, value] of Object.entries(found)) figures[`${prefix}.${id}`] = value;
  };
  await sweep("converters", {}, "adc.errors.offsetSpread=0,1,2");
  await sweep("scales", {}, "crossbar.scaling=column,crossbar");
  await sweep("whole-embedding", { crossbar: { ...crossbar, embedRows: null } }, "crossbar.scaling=column,crossbar");
  // Calibrated once, after a day, and read after a year; the second sweep calibrates right before use, for comparison.
  const once = { ...compensation, schedule: { kind: "geometric", first: 86_400, ratio: 1e6 } };
  await sweep(
    "calibrated-once",
    { compensation: once },
    "compensation.schedule.first=86400",
    parseDurations("1y", "ages"),
  );
  await sweep("calibrated-at-use", {}, "compensation.schedule.kind=at-use", parseDurations("1y", "ages"));
  return { settings: { experiment: LINK, ...size }, figures };
}

/** The 4x4 link with the time steps and query copies of its experiment. */
async function link4x4(executor) {
  const base = await seeded(LARGER_LINK);
  const evaluation = { ...base.evaluation, prompts: LINK_PROMPTS, snrDecibels: [], steps: [base.model.steps] };
  const experiment = { ...base, evaluation };
  const report = await runExperiment(experiment, await networksOf(experiment), optionsOf(executor));
  const { hardware, model, task } = base;
  return {
    settings: {
      experiment: LARGER_LINK,
      chips: hardware.chips,
      prompts: LINK_PROMPTS,
      steps: model.steps,
      copies: task.queryCopies,
    },
    figures: figuresOf(report, /^(ber|gap)\./),
  };
}

/** Energies of ViT-8-768 on ImageNet: at published prices, on the machine used for our accuracies, and on a literal Table II. */
function cost() {
  const large = findWorkload("vit-8-768-imagenet");
  const hardware = machineByName("paper");
  const figures = {};
  const price = (name, workload, preset = "claim", set = {}) => {
    const estimate = estimateCost(workload, resolveTechnology(findCostPreset(preset), { set }));
    figures[`${name}.energy`] = [estimate.architectures.xpikeformer.total];
    for (const id of ["annDigital", "annTrees", "annInt4", "snnDigital"])
      figures[`${name}.${id}`] = [ratioTo(estimate, id)];
    for (const id of ["xpikeformer", "annDigital"]) {
      const { latency, interval, area } = estimate.architectures[id].performance;
      figures[`${name}.${id}.oneAtATime`] = [1 / latency];
      figures[`${name}.${id}.inFlight`] = [1 / interval];
      figures[`${name}.${id}.perArea`] = [1e-6 / (interval * area)];
      figures[`${name}.${id}.area`] = [area];
    }
  };
  for (const steps of [4, 7]) {
    price(`published.T${steps}`, withSteps(large, steps));
    // The whole machine used for our accuracies, and the infrastructure of the engines it is compared with.
    price(`simulated.T${steps}`, withSteps(large, steps), "simulated");
    price(`paper.T${steps}`, { ...withSteps(large, steps), hardware }, "simulated", hardwarePrices(hardware, large));
  }
  const printed = withSteps(large, 7);
  const { technology } = resolveTechnology(findCostPreset("claim"));
  const { times, architectures } = estimateCost(printed, resolveTechnology(findCostPreset("simulated")));
  figures["published.T7.latency"] = [times.alone];
  figures["published.annDigital.latency"] = [architectures.annDigital.performance.latency];
  const { crossbars, attention, lif } = estimateArea(large, technology).xpikeformer;
  figures["published.area"] = [crossbars + attention + lif];
  // At the printed time steps of both spiking networks.
  price("published.printed", withSteps(large, 7, 4));
  const calibrated = estimateCost(withSteps(large, 7, 4), resolveTechnology(findCostPreset("paper")));
  figures["calibrated.printed.energy"] = [calibrated.architectures.xpikeformer.total];
  for (const id of ["annDigital", "snnDigital"]) figures[`calibrated.printed.${id}`] = [ratioTo(calibrated, id)];
  return { settings: { workload: large.name }, figures };
}

const seeded = async (name) => ({ ...(await experimentOf(name)), seed: SEED });

const optionsOf = (executor) => ({ executor, command: "node experiments/first-page/measure.mjs", versions: {} });
