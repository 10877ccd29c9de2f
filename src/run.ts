/**
 * The main job: evaluates the experiment's network on simulated chips, and every detector it is compared with, on the same
 * prompts, and writes the report.
 */
import { SpecError } from "./errors.ts";
import type { Executor } from "./kernels/executor.ts";
import { type Mapping, mapNetwork } from "./mapping/mapping.ts";
import { foldNetwork } from "./model/fold.ts";
import { type Network, parameterLayout } from "./model/network.ts";
import { mean } from "./numeric/statistics.ts";
import { stream } from "./numeric/stream.ts";
import { costSection } from "./report/cost-run.ts";
import type { Report } from "./report/report.ts";
import { type DetectorResult, type NetworkRole, symbolDetectionReport } from "./report/symbol-detection.ts";
import { programChip } from "./simulation/chip.ts";
import { CALIBRATION_PROMPTS, type ChipEvaluation, evaluateChips } from "./simulation/evaluate-chips.ts";
import { evaluateNetwork } from "./simulation/evaluate-network.ts";
import { calibrateFast, simulateFast } from "./simulation/fast.ts";
import { evaluateReceivers, type ReceiverEvaluation } from "./simulation/receivers.ts";
import type { Experiment } from "./spec/experiment.ts";
import type { SpikingSpec } from "./spec/model.ts";
import type { SpikeTrain } from "./spike/train.ts";
import { createTask } from "./task/create.ts";
import type { DetectionErrors } from "./task/metrics.ts";

export interface RunNetworks {
  /** Runs on the hardware. */
  readonly network: Network;
  /** Compared with it; left out of the report when absent. */
  readonly ann?: Network;
  readonly spiking?: Network;
}

export interface RunOptions {
  readonly executor: Executor;
  /** Makes the report again. */
  readonly command: string;
  readonly versions: Readonly<Record<string, string>>;
  /** What the caller wants noted, such as a missing checkpoint. */
  readonly notes?: readonly string[];
  /** `done` of `total` evaluated prompts; `stage` says of what. */
  readonly onProgress?: (done: number, total: number, stage: string) => void;
}

/** Chips on which the error rate against more time steps than the network's own is measured. */
const STEP_CHIPS = 3;

/**
 * Random   all from `stream(experiment.seed)`, as each evaluation says
 * Throws   SpecError when a network does not fit the experiment; MappingError when it cannot be mapped
 */
export async function runExperiment(
  experiment: Experiment,
  networks: RunNetworks,
  options: RunOptions,
): Promise<Report> {
  const { executor } = options;
  const { evaluation, hardware } = experiment;
  const notes = [...(options.notes ?? [])];
  const network = asDescribed(experiment, networks.network, notes);
  const mapping = mapNetwork(foldNetwork(network), hardware, experiment.task.coding);
  const roles: [NetworkRole, Network][] = [["digital", network]];
  if (networks.ann) roles.unshift(["ann", networks.ann]);
  if (networks.spiking) roles.unshift(["spiking", networks.spiking]);
  if (executor.threads === 1) notes.push("Computed on one thread. Results do not depend on it; the time does.");

  const work = planWork(experiment, roles.length);
  let done = 0;
  const advance = (prompts: number, stage: string) => {
    done += prompts;
    options.onProgress?.(done, work, stage);
  };
  const curve = async (measure: (snrDecibels: number) => Promise<DetectionErrors>, stage: string) => {
    const points: DetectionErrors[] = [];
    for (const snrDecibels of evaluation.snrDecibels) {
      points.push(await measure(snrDecibels));
      advance(evaluation.curvePrompts, stage);
    }
    return points;
  };

  const receivers = await runReceivers(experiment, executor, advance);
  const results: Partial<Record<NetworkRole, DetectorResult>> = {};
  for (const [role, candidate] of roles) {
    const { errors, byContext } = await evaluateNetwork(executor, experiment, candidate, {
      prompts: evaluation.prompts,
    });
    advance(evaluation.prompts, role);
    const measure = async (snrDecibels: number) => {
      const point = { prompts: evaluation.curvePrompts, snrDecibels };
      return (await evaluateNetwork(executor, experiment, candidate, point)).errors;
    };
    results[role] = { errors, byContext, bySnr: role === "digital" ? [] : await curve(measure, role) };
  }

  const chips = await evaluateChips(executor, experiment, network, {
    chips: hardware.chips,
    prompts: evaluation.prompts,
    onChip: () => advance(evaluation.prompts, "chips"),
  });
  const measureChip = async (snrDecibels: number) => {
    const point = { chips: 1, prompts: evaluation.curvePrompts, snrDecibels: [snrDecibels] };
    return (await evaluateChips(executor, experiment, network, point))[0].errors;
  };
  const chipBySnr = await curve(measureChip, "chip");
  const chipBySteps = await runSteps(experiment, network, chips, executor, advance);
  const rasters = runRaster(experiment, network, mapping);
  return symbolDetectionReport({
    experiment,
    command: options.command,
    seed: experiment.seed,
    versions: options.versions,
    notes,
    receivers,
    networks: results,
    chips,
    chipBySnr,
    chipBySteps,
    mapping,
    cost: costSection({
      experiment,
      chips,
      rasters,
      curve: errorCurve(chips, chipBySteps),
      annRate: results.ann?.errors.bits.rate,
      snnSteps: networks.spiking?.model.kind === "spiking" ? networks.spiking.model.steps : undefined,
    }),
    rasters,
  });
}

function planWork({ evaluation, hardware }: Experiment, networks: number): number {
  const { prompts, curvePrompts, snrDecibels } = evaluation;
  // Every network but the digital twin has a curve, and so have the receivers, together.
  const chipWork = hardware.chips * prompts + snrDecibels.length * curvePrompts;
  return (networks + 1) * prompts + networks * snrDecibels.length * curvePrompts + chipWork;
}

async function runReceivers(
  experiment: Experiment,
  executor: Executor,
  advance: (prompts: number, stage: string) => void,
): Promise<(ReceiverEvaluation & DetectorResult)[]> {
  const { prompts, curvePrompts, snrDecibels } = experiment.evaluation;
  const whole = await evaluateReceivers(executor, experiment, { prompts });
  advance(prompts, "receivers");
  const bySnr: ReceiverEvaluation[][] = [];
  for (const snr of snrDecibels) {
    bySnr.push(await evaluateReceivers(executor, experiment, { prompts: curvePrompts, snrDecibels: snr }));
    advance(curvePrompts, "receivers");
  }
  return whole.map((receiver, i) => ({ ...receiver, bySnr: bySnr.map((point) => point[i].errors) }));
}

/** One run of the longest T answers for all shorter ones; the chips' own runs do when no longer T is asked for. */
async function runSteps(
  experiment: Experiment,
  network: Network<SpikingSpec>,
  chips: readonly ChipEvaluation[],
  executor: Executor,
  advance: (prompts: number, stage: string) => void,
): Promise<{ steps: readonly number[]; rates: readonly (readonly number[])[] }> {
  const { steps, curvePrompts } = experiment.evaluation;
  const longest = Math.max(network.model.steps, ...steps);
  let measured = chips;
  if (longest > network.model.steps) {
    const model = { ...network.model, steps: longest };
    measured = await evaluateChips(
      executor,
      { ...experiment, model },
      { ...network, model },
      {
        chips: Math.min(STEP_CHIPS, experiment.hardware.chips),
        prompts: curvePrompts,
        onChip: () => advance(0, "steps"),
      },
    );
  }
  return { steps, rates: measured.map(({ bySteps }) => steps.map((t) => bySteps[t - 1].bits.rate)) };
}

/** Mean bit error rate over time steps, ascending: at those asked for, and at the network's own, which all chips ran. */
function errorCurve(
  chips: readonly ChipEvaluation[],
  { steps, rates }: { readonly steps: readonly number[]; readonly rates: readonly (readonly number[])[] },
): { steps: number[]; rates: number[] } {
  const points = new Map(steps.map((t, i) => [t, mean(rates.map((row) => row[i]))]));
  points.set(chips[0].bySteps.length, mean(chips.map(({ errors }) => errors.bits.rate)));
  const sorted = [...points].sort(([a], [b]) => a - b);
  return { steps: sorted.map(([t]) => t), rates: sorted.map(([, rate]) => rate) };
}

/** Spikes of the first evaluation prompt on the first chip, programmed and calibrated as `evaluateChips` does. */
function runRaster(
  experiment: Experiment,
  network: Network<SpikingSpec>,
  mapping: Mapping,
): Record<string, SpikeTrain> {
  const task = createTask({ task: experiment.task, model: network.model });
  const root = stream(experiment.seed);
  const random = root.fork("chip", 0);
  const fresh = programChip(foldNetwork(network), mapping, experiment.hardware, random);
  const calibration = task.draw(CALIBRATION_PROMPTS, root.fork("calibration"), { values: false });
  const chip = calibrateFast(fresh, calibration.spikes!, random.fork("calibration"));
  const { spikes } = task.draw(1, root.fork("evaluation"), { values: false });
  return { ...simulateFast(chip, spikes!, random.fork("run"), { rasters: 1 }).rasters };
}

/**
 * The trained network with the settings of the experiment: weights from the checkpoint, everything that may differ without
 * retraining (steps, gains, draws, neuron) from the experiment, with a note for each that does.
 */
export function asDescribed(
  experiment: Experiment,
  trained: Network,
  notes: string[],
  field = "checkpoints.network",
): Network<SpikingSpec> {
  const { model } = experiment;
  if (model.kind !== "spiking" || trained.model.kind !== "spiking") {
    throw new SpecError(
      "model.kind",
      `Hardware runs spiking networks; the experiment says ${model.kind}, its checkpoint is ${trained.model.kind}.`,
    );
  }
  const described = { ...model, normalisation: trained.model.normalisation };
  const wanted = parameterLayout(described, trained.geometry);
  const different = wanted.find(({ name, shape }) => String(trained.parameters[name]?.shape) !== String(shape));
  if (different || wanted.length !== Object.keys(trained.parameters).length) {
    const { width, depth, heads, expansion } = trained.model;
    throw new SpecError(
      field,
      `The checkpoint holds ${depth} blocks of width ${width} (${heads} heads, expansion ${expansion}), but model describes ` +
        `${model.depth} blocks of width ${model.width} (${model.heads} heads, expansion ${model.expansion}). Make them equal, or train ` +
        "this model with `xpike train`.",
    );
  }
  for (const field of ["heads", "steps", "attention", "neuron"] as const) {
    const [now, then] = [JSON.stringify(model[field]), JSON.stringify(trained.model[field])];
    if (now !== then) notes.push(`model.${field} is ${now}, but the network was trained with ${then}.`);
  }
  return { ...trained, model: described };
}
