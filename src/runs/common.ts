/** What the main job does alike for every task: the trained network as the experiment describes it, time steps, spikes. */
import type { ImageData } from "../data/images.ts";
import { SpecError } from "../errors.ts";
import { CALIBRATION_DRAW, CALIBRATION_PROMPTS, type ChipEvaluation, evaluateChips } from "../evaluation/chips.ts";
import { type Mapping, mapNetwork } from "../mapping/mapping.ts";
import { foldNetwork } from "../model/fold.ts";
import type { Network } from "../model/network.ts";
import { mean } from "../numeric/statistics.ts";
import { type Stream, stream } from "../numeric/stream.ts";
import { type Chip, programChip } from "../simulation/chip.ts";
import { calibrateFast, simulateFast } from "../simulation/fast/simulate.ts";
import type { Experiment } from "../spec/experiment.ts";
import type { HardwareSpec } from "../spec/hardware.ts";
import type { SpikingSpec } from "../spec/model.ts";
import type { TaskSpec } from "../spec/task.ts";
import type { SpikeTrain } from "../spike/train.ts";
import { createTask, type TaskOf } from "../task/create.ts";
import { type ErrorsOf, mainRate } from "../task/metrics.ts";
import type { Executor } from "../threads/executor.ts";
import { checkModel, checkTask } from "./fit.ts";

export interface RunNetworks {
  /** Runs on the hardware. */
  readonly network: Network;
  /** Compared with it; left out of the report when absent. */
  readonly ann?: Network;
  readonly spiking?: Network;
}

export interface RunOptions {
  readonly executor: Executor;
  /** For a task that classifies images: the test part is used, and some training images to calibrate converters. */
  readonly images?: ImageData | null;
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

/** Note of a report whose experiment asks for more test images than there are. */
export const tooFewImages = (field: string, asked: number, { name, test }: ImageData): string =>
  `${field} is ${asked}, but ${name} has ${test.count} test images: all of them are used.`;

/** Whose devices the chips have, where they are of no kind that is known here. */
export const deviceNotes = ({ crossbar: { device } }: HardwareSpec): string[] =>
  device.kind === "module"
    ? [`Devices are those of the module ${device.path}${device.sha256 ? `, SHA-256 ${device.sha256}` : ""}.`]
    : [];

/** What every task's job starts from: the network as described, placed on crossbars, and the networks that are compared. */
export interface Preparation {
  readonly network: Network<SpikingSpec>;
  readonly mapping: Mapping;
  /** In the order of the report; `digital` is the network itself, in exact arithmetic. */
  readonly roles: readonly (readonly ["ann" | "spiking" | "digital", Network])[];
}

/** Throws SpecError when the network does not fit the experiment, MappingError when it cannot be mapped. Adds to `notes`. */
export function prepare(
  experiment: Experiment,
  { network: trained, ann, spiking }: RunNetworks,
  { threads }: Executor,
  notes: string[],
): Preparation {
  const network = asDescribed(experiment, trained, notes);
  if (ann) checkTask(experiment, ann, "checkpoints.ann");
  if (spiking) checkTask(experiment, spiking, "checkpoints.spiking");
  const mapping = mapNetwork(foldNetwork(network), experiment.hardware, experiment.task.coding);
  notes.push(...deviceNotes(experiment.hardware));
  if (threads === 1) notes.push("Computed on one thread. Results do not depend on it; the time does.");
  return {
    network,
    mapping,
    roles: [
      ...(spiking ? [["spiking", spiking] as const] : []),
      ...(ann ? [["ann", ann] as const] : []),
      ["digital", network],
    ],
  };
}

/** Time steps of the digital spiking network that energies are compared with. */
export const digitalSteps = ({ spiking }: RunNetworks): number | undefined =>
  spiking?.model.kind === "spiking" ? spiking.model.steps : undefined;

/**
 * Errors after each of `evaluation.steps` time steps, a row for every chip. One run of the longest T answers for all shorter ones; the
 * chips' own runs do when no longer T is asked for.
 */
export async function runSteps<T extends TaskSpec>(
  experiment: Experiment<T>,
  network: Network<SpikingSpec>,
  chips: readonly ChipEvaluation<ErrorsOf<T>>[],
  { executor, images = null }: Pick<RunOptions, "executor" | "images">,
  advance: (prompts: number, stage: string) => void,
): Promise<{ steps: readonly number[]; errors: readonly (readonly ErrorsOf<T>[])[] }> {
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
        images,
        onChip: () => advance(0, "steps"),
      },
    );
  }
  return { steps, errors: measured.map(({ bySteps }) => steps.map((t) => bySteps[t - 1])) };
}

/** Mean error rate over time steps, ascending: at those asked for, and at the network's own, which all chips ran. */
export function errorCurve(
  chips: readonly ChipEvaluation[],
  { steps, errors }: { readonly steps: readonly number[]; readonly errors: readonly (readonly ErrorsOf<TaskSpec>[])[] },
): { steps: number[]; rates: number[] } {
  const points = new Map(steps.map((t, i) => [t, mean(errors.map((row) => mainRate(row[i]).rate))]));
  points.set(chips[0].bySteps.length, mean(chips.map(({ errors }) => mainRate(errors).rate)));
  const sorted = [...points].sort(([a], [b]) => a - b);
  return { steps: sorted.map(([t]) => t), rates: sorted.map(([, rate]) => rate) };
}

/** The first chip, programmed and calibrated as `evaluateChips` does, with the experiment's task and the chip's own stream. */
export function firstChip<T extends TaskSpec>(
  experiment: Experiment<T>,
  network: Network<SpikingSpec>,
  mapping: Mapping,
  images: ImageData | null = null,
): { chip: Chip; task: TaskOf<T>; random: Stream } {
  const task = createTask({ task: experiment.task, model: network.model }, images);
  const root = stream(experiment.seed);
  const random = root.fork("chip", 0);
  const fresh = programChip(foldNetwork(network), mapping, experiment.hardware, random);
  const calibration = task.draw(CALIBRATION_PROMPTS, root.fork("calibration"), CALIBRATION_DRAW);
  return { chip: calibrateFast(fresh, calibration.spikes!, random.fork("calibration")), task, random };
}

/** Spikes of the first evaluation prompt on the first chip. */
export function runRaster(
  experiment: Experiment,
  network: Network<SpikingSpec>,
  mapping: Mapping,
): Record<string, SpikeTrain> {
  const { chip, task, random } = firstChip(experiment, network, mapping);
  const { spikes } = task.draw(1, stream(experiment.seed).fork("evaluation"), { values: false });
  return { ...simulateFast(chip, spikes!, random.fork("run"), { rasters: 1 }).rasters };
}

/**
 * The trained network with the settings of the experiment: weights from the checkpoint, everything that may differ without
 * retraining (steps, gains, draws, neuron) from the experiment, with a note for each that does.
 * Throws  SpecError at the field of the experiment that the network does not fit; `field` is where the experiment names it
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
  const described = checkModel(model, trained as Network<SpikingSpec>, field);
  checkTask(experiment, { ...trained, model: described }, field);
  for (const field of ["heads", "steps", "attention", "neuron"] as const) {
    const [now, then] = [JSON.stringify(model[field]), JSON.stringify(trained.model[field])];
    if (now !== then) notes.push(`model.${field} is ${now}, but the network was trained with ${then}.`);
  }
  return { ...trained, model: described };
}
