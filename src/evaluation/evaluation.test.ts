import { expect, test } from "vitest";
import { ShapeError, ValueError } from "../errors.ts";
import type { Experiment } from "../experiment/experiment.ts";
import type { AnnSpec, SpikingSpec } from "../experiment/model.ts";
import { parseExperiment } from "../experiment/parse.ts";
import type { SymbolDetectionSpec } from "../experiment/task.ts";
import { attentionDraws } from "../kernels/draws.ts";
import { mapNetwork } from "../mapping/mapping.ts";
import { foldNetwork } from "../model/fold.ts";
import { networkForward, spikeInput } from "../model/forward.ts";
import { initialise, type Network } from "../model/network.ts";
import { stream } from "../numeric/stream.ts";
import { programChip } from "../simulation/chip.ts";
import { calibrate, simulate } from "../simulation/reference/simulate.ts";
import { clippedShare, meanLogits } from "../simulation/trace.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import { detectionErrors, errorsByContext } from "../task/metrics.ts";
import { inlineExecutor } from "../threads/executor.ts";
import { type ChipEvaluation, evaluateChips } from "./chips.ts";
import { jobs } from "./jobs.ts";
import { evaluateNetwork } from "./network.ts";

const executor = inlineExecutor(jobs);
const PROMPTS = 20;

const spikingModel = { width: 16, heads: 2, depth: 1, expansion: 2, steps: 3, neuron: { threshold: 0.4 } };
const annModel = { kind: "ann", width: 16, heads: 2, depth: 1, expansion: 2 };

function experimentOf(model: object, fields: object = {}): Experiment<SymbolDetectionSpec> {
  const task = { transmitAntennas: 1, receiveAntennas: 1, pilots: 3 };
  const document = { seed: 9, task, model, hardware: { adc: { rangeQuantile: 0.99 } }, ...fields };
  return parseExperiment(document) as Experiment<SymbolDetectionSpec>;
}

/** An untrained network: its answers are poor but depend on everything. */
function networkOf<M extends SpikingSpec | AnnSpec>(experiment: Experiment): Network<M> {
  const geometry = networkGeometry(experiment, createTask(experiment));
  return initialise(experiment.model as M, geometry, stream(3));
}

test("a spiking network's evaluation is that of its reference on the same prompts and draws", async () => {
  const experiment = experimentOf(spikingModel);
  const network = networkOf<SpikingSpec>(experiment);
  const evaluation = await evaluateNetwork(executor, experiment, network, { prompts: PROMPTS });

  const root = stream(experiment.seed);
  const { spikes, labels } = createTask(experiment).draw(PROMPTS, root.fork("evaluation"));
  const shape = { steps: 3, prompts: PROMPTS, heads: 2, tokens: network.geometry.tokens, dimension: 8 };
  const draws = [attentionDraws(root.fork("evaluation attention").key, 0, 0, shape, "stratified")];
  const input = spikeInput(spikes!, network.geometry.tokens);
  const { logits } = networkForward(foldNetwork(network), input, { mode: "eval", draws });
  expectEvaluation(evaluation, logits, labels, experiment);
});

test("a conventional network's evaluation is that of its reference on the same prompts", async () => {
  const experiment = experimentOf(annModel);
  const network = networkOf<AnnSpec>(experiment);
  const evaluation = await evaluateNetwork(executor, experiment, network, { prompts: PROMPTS, snrDecibels: 12 });
  const random = stream(experiment.seed).fork("evaluation");
  const { values, labels } = createTask(experiment).draw(PROMPTS, random, { snrDecibels: 12 });
  expect(evaluation.snrDecibels).toBe(12);
  expectEvaluation(evaluation, networkForward(network, { prompts: PROMPTS, values }).logits, labels, experiment);
});

function expectEvaluation(
  evaluation: Awaited<ReturnType<typeof evaluateNetwork>>,
  logits: Float64Array,
  labels: Int32Array,
  { task }: Experiment<SymbolDetectionSpec>,
): void {
  let loss = 0;
  const decisions = Array.from(labels, (label, row) => {
    const scores = [...logits.subarray(row * 4, row * 4 + 4)];
    loss += Math.log(scores.reduce((sum, score) => sum + Math.exp(score), 0)) - scores[label];
    return scores.indexOf(Math.max(...scores));
  });
  const byContext = errorsByContext(labels, decisions, task);
  expect(evaluation.byContext).toEqual(byContext);
  expect(evaluation.errors).toEqual(byContext[3]);
  // Logits of order 1 in single precision: their rounding stays below 1e-5, and so does the loss's.
  expect(evaluation.loss).toBeCloseTo(loss / labels.length, 5);
}

test("a chip's evaluation is that of the slow simulator on all prompts at once", async () => {
  const experiment = experimentOf(spikingModel);
  const { hardware, task: spec } = experiment;
  const network = foldNetwork(networkOf<SpikingSpec>(experiment));
  const evaluations = await evaluateChips(executor, experiment, network, { chips: 2, prompts: PROMPTS, slice: 8 });

  const root = stream(experiment.seed);
  const task = createTask(experiment);
  const random = root.fork("chip", 1);
  const blank = programChip(network, mapNetwork(network, hardware), hardware, random);
  const chip = calibrate(blank, task.draw(32, root.fork("calibration")).spikes!, random.fork("calibration"));
  const { spikes, labels } = task.draw(PROMPTS, root.fork("evaluation"));
  const trace = simulate(chip, spikes!, random.fork("run"));
  const last = (classes: Int32Array) => classes.filter((_, i) => i % 4 === 3);
  const bySteps = [1, 2, 3].map((steps) => {
    const logits = meanLogits(trace.stepLogits, 3, steps);
    const decisions = Int32Array.from(labels, (_, row) => {
      const scores = [...logits.subarray(row * 4, row * 4 + 4)];
      return scores.indexOf(Math.max(...scores));
    });
    return detectionErrors(last(labels), last(decisions), spec);
  });
  expect(evaluations[1]).toMatchObject({
    chip: 1,
    prompts: PROMPTS,
    snrDecibels: null,
    errors: bySteps[2],
    bySteps,
    operations: trace.operations,
    actions: trace.actions,
    densities: trace.densities,
    clippedShare: clippedShare(trace),
  });
  expect(trace.actions.counterIncrements).toBeGreaterThan(0);
  expect(clippedShare(trace)).toBeGreaterThan(0);
  expect(evaluations[0].loss).not.toBe(evaluations[1].loss);
});

test("results are bit-identical however prompts are cut into slices", async () => {
  const errors = { gainSpread: 0.1, offsetSpread: 0.5, outputNoise: 0.5 };
  const experiment = experimentOf(spikingModel, { hardware: { ssa: { random: "lfsr" }, adc: { errors } } });
  const network = networkOf<SpikingSpec>(experiment);
  const order: string[] = [];
  const onChip = ({ chip, snrDecibels }: ChipEvaluation) => void order.push(`${chip} ${snrDecibels}`);
  const options = { chips: 2, prompts: PROMPTS, snrDecibels: [0, 20] };
  const whole = await evaluateChips(executor, experiment, network, { ...options, onChip });
  expect(order).toEqual(["0 0", "0 20", "1 0", "1 20"]);
  expect(await evaluateChips(executor, experiment, network, { ...options, slice: 7 })).toEqual(whole);
  // A single chip at a single SNR gives what it gives among others.
  const alone = await evaluateChips(executor, experiment, network, { chips: 1, prompts: PROMPTS, snrDecibels: [20] });
  expect(alone).toEqual([whole[1]]);
  expect(whole[0].loss).not.toBe(whole[1].loss);
  for (const experiment of [experimentOf(spikingModel), experimentOf(annModel)]) {
    const digital = (slice: number) =>
      evaluateNetwork(executor, experiment, networkOf(experiment), { prompts: PROMPTS, slice });
    expect(await digital(7)).toEqual(await digital(64));
  }
});

test("exact converters need no calibration, and hardware other than the experiment's may be requested", async () => {
  const experiment = experimentOf(spikingModel);
  const network = networkOf<SpikingSpec>(experiment);
  const { hardware } = experimentOf(spikingModel, { hardware: { adc: { bits: null }, arithmetic: null } });
  const [evaluation] = await evaluateChips(executor, experiment, network, { chips: 1, prompts: 4, hardware });
  expect(evaluation.clippedShare).toBe(0);
});

test("networks of another task and impossible numbers are refused", async () => {
  const experiment = experimentOf(spikingModel);
  const network = networkOf<SpikingSpec>(experiment);
  const other = parseExperiment({ task: { pilots: 4 }, model: spikingModel });
  const chips = (options: { chips: number; prompts: number; slice?: number }) =>
    evaluateChips(executor, experiment, network, options);
  await expect(evaluateNetwork(executor, other, network, { prompts: 1 })).rejects.toThrow(ShapeError);
  await expect(evaluateChips(executor, other, network, { chips: 1, prompts: 1 })).rejects.toThrow(/trained on/);
  await expect(chips({ chips: 0, prompts: 1 })).rejects.toThrow(ValueError);
  await expect(chips({ chips: 1, prompts: 1.5 })).rejects.toThrow(/prompts is 1.5/);
  await expect(chips({ chips: 1, prompts: 1, slice: 0 })).rejects.toThrow(ValueError);
  await expect(evaluateNetwork(executor, experiment, network, { prompts: 0 })).rejects.toThrow(ValueError);
});
