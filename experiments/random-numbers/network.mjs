// The effect of attention's random numbers on the answers of the bundled 2x2 network: loss and bit errors after 1 .. T steps, prompt by
// prompt, so that sources can be compared in pairs.
import { answer, createTask, foldNetwork, mapNetwork, programChip, simulateFast, stream } from "xpikeformer";
import { calibrateFast } from "xpikeformer/internal";
import { KINDS, SOURCES } from "./sources.mjs";
import { clusteredMean } from "./statistics.mjs";

const SLICE = 64;

/** Hardware with exact weights, currents and sums, so that attention is the only source of randomness. */
export const exact = (hardware) => ({
  ...hardware,
  adc: { ...hardware.adc, bits: null },
  crossbar: { ...hardware.crossbar, conductanceBits: null, device: { kind: "ideal", maxConductance: 25 } },
});

/** The same hardware with another source of random numbers. */
export const withSource = (hardware, { setup, scope = "tile" }) => ({
  ...hardware,
  ssa: {
    ...hardware.ssa,
    random: setup === null ? "ideal" : "lfsr",
    lfsr:
      setup === null
        ? hardware.ssa.lfsr
        : { ...hardware.ssa.lfsr, scope, sharing: setup.sharing, shiftsPerClock: setup.shiftsPerClock },
  },
});

export const withDraws = (network, draws) => ({
  ...network,
  model: { ...network.model, attention: { ...network.model.attention, draws } },
});

/** A programmed and calibrated chip. Random: `stream(seed).fork("chip", index)`, and its fork "calibration". */
export function readyChip(experiment, network, hardware, index) {
  const root = stream(experiment.seed);
  const random = root.fork("chip", index);
  const blank = programChip(network, mapNetwork(network, hardware, experiment.task.coding), hardware, random);
  if (hardware.adc.bits === null) return blank;
  const task = createTask({ task: experiment.task, model: network.model });
  const { spikes } = task.draw(32, root.fork("calibration"), { values: false });
  return calibrateFast(blank, spikes, random.fork("calibration"));
}

/**
 * Runs `prompts` evaluation prompts on a chip.
 *
 * Returns  `losses` [steps][prompts], mean over the queries, and `wrong` [steps][prompts], share of wrong bits at the last query
 */
export function answerPrompts(experiment, chip, prompts, random) {
  const { network } = chip;
  const { steps } = network.model;
  const { queries, classes } = network.geometry;
  const task = createTask({ task: experiment.task, model: network.model });
  const bits = Math.log2(classes);
  const losses = Array.from({ length: steps }, () => new Float64Array(prompts));
  const wrong = Array.from({ length: steps }, () => new Float64Array(prompts));
  const promptStream = stream(experiment.seed).fork("evaluation");
  for (let firstPrompt = 0; firstPrompt < prompts; firstPrompt += SLICE) {
    const count = Math.min(SLICE, prompts - firstPrompt);
    const batch = task.draw(count, promptStream, { firstPrompt, values: false });
    const { stepLogits } = simulateFast(chip, batch.spikes, random, { firstPrompt });
    const size = stepLogits.length / steps;
    const sum = new Float64Array(size);
    for (let t = 0; t < steps; t++) {
      for (let i = 0; i < size; i++) sum[i] += stepLogits[t * size + i];
      const {
        decisions,
        losses: all,
        labels,
      } = answer(
        Float32Array.from(sum, (value) => value / (t + 1)),
        batch.labels,
        classes,
        network.model.readOut,
      );
      for (let p = 0; p < count; p++) {
        const [from, to] = [p * queries.length, (p + 1) * queries.length];
        losses[t][firstPrompt + p] = all.subarray(from, to).reduce((a, b) => a + b, 0) / queries.length;
        wrong[t][firstPrompt + p] = countBits(decisions[to - 1] ^ labels[to - 1]) / bits;
      }
    }
  }
  return { losses, wrong };
}

const countBits = (word) => (word === 0 ? 0 : (word & 1) + countBits(word >>> 1));

/** Means after each number of steps, and paired differences from `reference`. */
export function compare(run, reference) {
  const each = (values, base) =>
    values.map((of, t) => ({
      ...clusteredMean(of),
      change: clusteredMean(of.map((value, i) => value - base[t][i])),
    }));
  return { loss: each(run.losses, reference.losses), bits: each(run.wrong, reference.wrong) };
}

/** Means after each number of steps. */
const summary = ({ losses, wrong }) => ({ loss: losses.map(clusteredMean), bits: wrong.map(clusteredMean) });

/** Row t, column u: `independent` after u + 1 steps minus `stratified` after t + 1 steps, paired by prompt. */
function stepsApart(independent, stratified) {
  const each = (field) =>
    stratified[field].map((base) =>
      independent[field].map((values) => clusteredMean(values.map((value, i) => value - base[i]))),
    );
  return { loss: each("losses"), bits: each("wrong") };
}

/** The mean of several runs for each prompt. */
function average(runs) {
  const mean = (field) =>
    runs[0][field].map((first, t) =>
      first.map((_, i) => runs.reduce((sum, run) => sum + run[field][t][i], 0) / runs.length),
    );
  return { losses: mean("losses"), wrong: mean("wrong") };
}

/** The sources, one register array shared by all heads of a block, and a second run with ideal words, which shows chance alone. */
const NETWORK_SOURCES = [
  ...SOURCES,
  { ...SOURCES[1], name: `${SOURCES[1].name}, engine`, scope: "engine" },
  { ...SOURCES[0], name: "ideal, again" },
];

/** The random stream of attention in a run. */
const runStream = (experiment, run) => stream(experiment.seed).fork("attention run", run);

/** Ideal words on the exact machine: the mean of runs 0 .. runs - 1. */
function idealRuns(experiment, network, { prompts, runs }) {
  const chip = readyChip(experiment, network, withSource(exact(experiment.hardware), SOURCES[0]), 0);
  return average(
    Array.from({ length: runs }, (_, run) => answerPrompts(experiment, chip, prompts, runStream(experiment, run))),
  );
}

/**
 * Measures all sources on the exact machine, with one kind of draws.
 *
 * Random   attention from `stream(seed).fork("attention run", r)`: ideal words use runs 0 .. runs - 1, and their mean is the reference
 *          for differences; every other source uses run `runs`
 */
export function measureNetwork(experiment, trained, kind, { prompts, runs, log }) {
  const network = withDraws(foldNetwork(trained), kind);
  const ideal = idealRuns(experiment, network, { prompts, runs });
  const results = { reference: summary(ideal), sources: {} };
  for (const source of NETWORK_SOURCES.slice(1)) {
    const chip = readyChip(experiment, network, withSource(exact(experiment.hardware), source), 0);
    results.sources[source.name] = compare(
      answerPrompts(experiment, chip, prompts, runStream(experiment, runs)),
      ideal,
    );
    log(`${kind} ${source.name}`);
  }
  return results;
}

/** Measures ideal words with stratified and independent draws, after every number of steps. Random: runs 0 .. runs - 1. */
export function measureSteps(experiment, trained, { prompts, runs, log }) {
  const [stratified, independent] = KINDS.map((kind) => {
    log(`steps ${kind}`);
    return idealRuns(experiment, withDraws(foldNetwork(trained), kind), { prompts, runs });
  });
  return {
    stratified: summary(stratified),
    independent: summary(independent),
    independentMinusStratified: stepsApart(independent, stratified),
  };
}

/**
 * Measures a few sources on chips of the experiment's own machine: the mean over chips for each prompt.
 *
 * Random   as in `evaluateChips`: a chip's programming noise and read noise are the same under every source
 */
export function measureChips(experiment, trained, { prompts, chips, names, log }) {
  const network = foldNetwork(trained);
  const runOf = (source) =>
    average(
      Array.from({ length: chips }, (_, index) => {
        const chip = readyChip(experiment, network, withSource(experiment.hardware, source), index);
        return answerPrompts(experiment, chip, prompts, stream(experiment.seed).fork("chip", index).fork("run"));
      }),
    );
  const ideal = runOf(SOURCES[0]);
  const results = { reference: summary(ideal), sources: {} };
  for (const source of SOURCES.filter(({ name }) => names.includes(name))) {
    results.sources[source.name] = compare(runOf(source), ideal);
    log(`chips ${source.name}`);
  }
  return results;
}
