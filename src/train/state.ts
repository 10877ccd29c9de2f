/**
 * Everything that training needs to resume exactly where it stopped, and its file format.
 *
 * The file is in safetensors format, with arrays named `parameters.*`, `first.*`, `second.*` (AdamW moments), `best.*` and
 * `converterSteps.*`, and three texts: `progress` (the numbers below), `experiment` (everything that affects the result) and
 * `checksum` (CRC-32 of the whole file with its own eight digits read as zeros). The checksum detects damage; comparing
 * `experiment` detects a state of another experiment.
 */
import { FileError, SpecError } from "../errors.ts";
import { firstDifference } from "../experiment/difference.ts";
import { type Experiment, experimentSpec } from "../experiment/experiment.ts";
import type { HardwareSpec } from "../experiment/hardware.ts";
import { takesHardware } from "../experiment/hardware-aware.ts";
import { parseJson, shorten } from "../experiment/json.ts";
import type { TrainingSpec } from "../experiment/training.ts";
import { type ParameterLayout, parameterLayout, type Tensor } from "../model/network.ts";
import { decodeSafetensors, encodeSafetensors, type NamedArray } from "../model/safetensors.ts";
import { crc32 } from "../numeric/checksum.ts";
import { kitOf } from "../task/catalogue.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import type { ConverterSteps } from "./converter-steps.ts";
import { atStage } from "./growth.ts";
import { convertingLayers } from "./plan.ts";

/** Parameters by name, or per-parameter training state. */
export type Tensors = Readonly<Record<string, Tensor>>;

export interface TrainingState {
  /** Optimiser steps done, over all stages. */
  readonly step: number;
  /** Stage that the next step belongs to; the number of stages after the last one. */
  readonly stage: number;
  /** Step at which the stage began. */
  readonly stageStart: number;
  /** Validations since the best validation. */
  readonly sinceBest: number;
  readonly parameters: Tensors;
  /** AdamW moments of the learned parameters. */
  readonly first: Tensors;
  readonly second: Tensors;
  /** Best validation of the stage (after the last stage: of the last stage), with its parameters. */
  readonly best: {
    readonly step: number;
    readonly loss: number;
    /** One of the three, depending on the task's metric. */
    readonly bitErrorRate?: number;
    readonly errorRate?: number;
    readonly squaredError?: number;
    readonly parameters: Tensors;
  } | null;
  /**
   * Code step of each converter, in a stage that takes its noise from the hardware; null in other stages and at the start of a stage.
   */
  readonly converterSteps: ConverterSteps | null;
}

const FORMAT = "xpikeformer-training-1";
const CHECKSUM_PREFIX = new TextEncoder().encode('{"__metadata__":{"checksum":"');
/** The header's length takes eight bytes. */
const CHECKSUM_AT = 8 + CHECKSUM_PREFIX.length;
const NO_CHECKSUM = "00000000";

/** The best validation without its parameters. The order of its numbers is fixed, because files depend on it. */
export const bestNumbers = ({ step, loss, bitErrorRate, errorRate, squaredError }: BestNumbers): BestNumbers => ({
  step,
  loss,
  ...(bitErrorRate !== undefined && { bitErrorRate }),
  ...(errorRate !== undefined && { errorRate }),
  ...(squaredError !== undefined && { squaredError }),
});

export type BestNumbers = Omit<NonNullable<TrainingState["best"]>, "parameters">;

/** The bytes of a state of this experiment. Throws ValueError at a non-finite number. */
export function encodeState(state: TrainingState, experiment: Experiment): Uint8Array {
  const { step, stage, stageStart, sinceBest, best, converterSteps } = state;
  const numbers = best && bestNumbers(best);
  const bytes = encodeSafetensors(
    {
      ...prefixed("parameters", state.parameters),
      ...prefixed("first", state.first),
      ...prefixed("second", state.second),
      ...prefixed("best", best?.parameters ?? {}),
      ...prefixed("converterSteps", asTensors(converterSteps ?? {})),
    },
    {
      // First, so that its position in the file is known.
      checksum: NO_CHECKSUM,
      format: FORMAT,
      progress: JSON.stringify({ step, stage, stageStart, sinceBest, best: numbers }),
      experiment: JSON.stringify(decisive(experiment)),
    },
  );
  bytes.set(new TextEncoder().encode(checksum(bytes)), CHECKSUM_AT);
  return bytes;
}

/**
 * The state in a file that `encodeState` made for the same experiment. `name`, `evaluation`, `checkpoints`, the time between
 * checkpoints, and any part of `hardware` that noise is not derived from may differ, because training does not depend on them.
 *
 * `path` names the file in error messages.
 * Throws  FileError when the file is damaged or is not a training state; SpecError, at the field, when it belongs to an
 *         experiment that trains differently
 */
export function decodeState(bytes: Uint8Array, experiment: Experiment, path = "state"): TrainingState {
  const fail = (problem: string): never => {
    throw new FileError(path, `${problem} Start the training over, or restore a copy of the file.`);
  };
  checkChecksum(bytes, path);
  const { tensors, metadata } = decodeSafetensors(bytes, path);
  if (metadata.format !== FORMAT) {
    fail(`The file is of format ${shorten(metadata.format ?? null)}, but training states are of format "${FORMAT}".`);
  }
  requireSame(readMetadata("experiment", metadata, fail), experiment, path);
  const progress = readProgress(readMetadata("progress", metadata, fail), experiment, fail);
  const { model } = atStage(experiment, progress.stage);
  const layout = parameterLayout(model, networkGeometry(experiment, createTask(experiment)));
  const learned = layout.filter((parameter) => parameter.learned);
  const converters = convertingLayers(layout).map(({ name, outputs }) => ({ name, shape: [outputs] }));
  const converting = converters.some(({ name }) => `converterSteps.${name}` in tensors) ? converters : [];
  const expected = 2 * learned.length + layout.length * (progress.best ? 2 : 1) + converting.length;
  if (Object.keys(tensors).length !== expected) {
    fail(`The file holds ${Object.keys(tensors).length} arrays instead of ${expected}.`);
  }
  const { best, ...numbers } = progress;
  return {
    ...numbers,
    parameters: extract("parameters", layout, tensors, fail),
    first: extract("first", learned, tensors, fail),
    second: extract("second", learned, tensors, fail),
    best: best && { ...best, parameters: extract("best", layout, tensors, fail) },
    converterSteps: converting.length > 0 ? asArrays(extract("converterSteps", converting, tensors, fail)) : null,
  };
}

type Fail = (problem: string) => never;

/** Everything that affects the result of training. */
function decisive({ seed, task, model, training, hardware }: Experiment): Record<string, unknown> {
  const { checkpointSeconds: _, ...rest } = training;
  const shown = noisyHardware(hardware, training);
  return { seed, task, model, training: rest, ...(shown && { hardware: shown }) };
}

/** The part of the hardware from which a stage's noise is derived; null if there is no such noise. */
function noisyHardware(hardware: HardwareSpec, training: TrainingSpec): object | null {
  const { crossbar, compensation, adc, readTime } = hardware;
  const { stages } = training;
  if (takesHardware(training)) return { crossbar, compensation, adc, readTime };
  if (stages.some(({ noise }) => noise.devices !== undefined)) return { crossbar, compensation };
  return stages.some(({ noise }) => noise.weights > 0) ? { crossbar: { scaling: crossbar.scaling } } : null;
}

/**
 * Throws SpecError at the first field in which the saved experiment trains differently. Fields newer than the saved experiment
 * take their defaults; a state saved before hardware was recorded is not checked for it.
 */
function requireSame(saved: unknown, experiment: Experiment, file: string): void {
  const parsed = experimentSpec.safeParse(saved);
  const before = parsed.success ? decisive(parsed.data) : saved;
  const { hardware, ...rest } = decisive(experiment);
  const isOlder = isContainer(saved) && saved.hardware === undefined;
  const found = firstDifference(isContainer(before) && isOlder ? { ...before, hardware } : before, {
    ...rest,
    hardware,
  });
  if (found === null) return;
  const { field, first, second } = found;
  throw new SpecError(
    field,
    `The training saved in ${file} has ${field} ${first}, but the experiment has ${second}. Continue ` +
      "with the original experiment, or train into another folder.",
  );
}

function checksum(bytes: Uint8Array): string {
  const end = CHECKSUM_AT + NO_CHECKSUM.length;
  const before = crc32(new TextEncoder().encode(NO_CHECKSUM), crc32(bytes.subarray(0, CHECKSUM_AT)));
  return crc32(bytes.subarray(end), before).toString(16).padStart(NO_CHECKSUM.length, "0");
}

function checkChecksum(bytes: Uint8Array, path: string): void {
  if (!CHECKSUM_PREFIX.every((byte, i) => bytes[8 + i] === byte)) {
    throw new FileError(
      path,
      "The file is not a training state: it does not begin with a checksum. Is it the right file?",
    );
  }
  const stored = new TextDecoder().decode(bytes.subarray(CHECKSUM_AT, CHECKSUM_AT + NO_CHECKSUM.length));
  const actual = checksum(bytes);
  if (stored === actual) return;
  throw new FileError(
    path,
    `The file is damaged: its checksum is ${actual}, but should be ${shorten(stored)}. Start the training over, or ` +
      "restore a copy of the file.",
  );
}

function readMetadata(key: string, metadata: Readonly<Record<string, string>>, fail: Fail): unknown {
  const text = metadata[key];
  if (text === undefined) return fail(`The metadata \`${key}\` is missing.`);
  try {
    return parseJson(text, key, text.length);
  } catch (error) {
    if (error instanceof SpecError) return fail(`The metadata \`${key}\` is not JSON. ${error.message}`);
    throw error;
  }
}

function isContainer(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

type Progress = Pick<TrainingState, "step" | "stage" | "stageStart" | "sinceBest"> & {
  readonly best: BestNumbers | null;
};

function readProgress(value: unknown, experiment: Experiment, fail: Fail): Progress {
  const { stages } = experiment.training;
  const metric = kitOf(experiment.task).metric.key;
  const refuse = (reason: string): never => fail(`Its progress counts contradict each other: ${reason}.`);
  const whole = (source: unknown, name: string, most: number): number => {
    const number = isContainer(source) ? source[name] : undefined;
    if (typeof number === "number" && Number.isInteger(number) && number >= 0 && number <= most) return number;
    return refuse(`${name} is ${shorten(number ?? null)}, not a whole number from 0 to ${most}`);
  };
  const real = (source: unknown, name: string): number => {
    const number = isContainer(source) ? source[name] : undefined;
    return typeof number === "number" ? number : refuse(`${name} is ${shorten(number ?? null)}, not a number`);
  };
  const stage = whole(value, "stage", stages.length);
  const most = (count: number): number => stages.slice(0, count).reduce((sum, { steps }) => sum + steps, 0);
  const stageStart = whole(value, "stageStart", most(stage));
  const step = whole(value, "step", stageStart + (stages[stage]?.steps ?? 0));
  if (step < stageStart) refuse(`step ${step} comes before the stage's first, ${stageStart}`);
  const sinceBest = whole(value, "sinceBest", step);
  const numbers = isContainer(value) ? value.best : undefined;
  if (numbers === null) return { step, stage, stageStart, sinceBest, best: null };
  return {
    step,
    stage,
    stageStart,
    sinceBest,
    best: {
      step: whole(numbers, "step", step),
      loss: real(numbers, "loss"),
      [metric]: real(numbers, metric),
    },
  };
}

function prefixed(prefix: string, tensors: Tensors): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [`${prefix}.${name}`, tensor]));
}

const asTensors = (arrays: ConverterSteps): Record<string, Tensor> =>
  Object.fromEntries(Object.entries(arrays).map(([name, data]) => [name, { shape: [data.length], data }]));

const asArrays = (tensors: Tensors): ConverterSteps =>
  Object.fromEntries(Object.entries(tensors).map(([name, { data }]) => [name, data]));

function extract(
  prefix: string,
  layout: readonly Pick<ParameterLayout, "name" | "shape">[],
  tensors: Readonly<Record<string, NamedArray>>,
  fail: Fail,
): Tensors {
  const entries = layout.map(({ name, shape }): [string, Tensor] => {
    const tensor = Object.hasOwn(tensors, `${prefix}.${name}`) ? tensors[`${prefix}.${name}`] : undefined;
    if (tensor?.data instanceof Float32Array && tensor.shape.join() === shape.join()) {
      return [name, { shape: tensor.shape, data: tensor.data }];
    }
    return fail(`It lacks the array ${prefix}.${name} of shape [${shape}].`);
  });
  return Object.fromEntries(entries);
}
