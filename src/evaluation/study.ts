/**
 * A study: the same chips, reads and prompts under several conditions, such as ages, networks or converters.
 *
 * Everything random is common to all conditions (chip c is programmed from the same stream, read r draws the same noise, prompt k is
 * the same prompt), so conditions are compared in pairs, and a difference is far more precise than either rate. What is kept
 * are the wrong bits of each prompt (of an image, whether it is wrong), from which `numeric/variance-components.ts` tells the spread of chips, of reads and of prompts
 * apart.
 *
 * Programming is slow and reading is not, so a thread keeps the chip that it has programmed, and the ranges that it has calibrated,
 * through all conditions that share them.
 */
import { deviceOfCrossbar } from "../device/catalogue.ts";
import { type DeviceAddress, deviceAddresses, loadAddresses } from "../device/module.ts";
import { ValueError } from "../errors.ts";
import type { Arena } from "../kernels/arena.ts";
import { type Kernels, standaloneKernels } from "../kernels/memory.ts";
import { mapNetwork } from "../mapping/mapping.ts";
import { foldNetwork } from "../model/fold.ts";
import type { Network } from "../model/network.ts";
import { stream } from "../numeric/stream.ts";
import type { Sample } from "../numeric/variance-components.ts";
import { type Chip, chipAt, equipChip, programChip } from "../simulation/chip.ts";
import { createSimulator, type Simulator, simulatorBytes } from "../simulation/fast/simulate.ts";
import { meanLogits } from "../simulation/trace.ts";
import type { HardwareSpec } from "../spec/hardware.ts";
import type { SpikingSpec } from "../spec/model.ts";
import { decide } from "../task/answers.ts";
import { kitOf } from "../task/catalogue.ts";
import { type Given, type Openable, opened } from "../task/open.ts";
import type { Executor, Job } from "../threads/executor.ts";
import { shareData } from "../threads/shared-data.ts";
import { CALIBRATION_DRAW, CALIBRATION_PROMPTS } from "./chips.ts";
import { cutPrompts, requireCounts, taskOf } from "./slices.ts";

/** A network on a machine, `hardware.readTime` seconds after programming. */
export interface Condition {
  /** Which of the study's networks. */
  readonly network: string;
  readonly hardware: HardwareSpec;
}

export interface StudyOptions {
  /** Chips are counted from 0: chip c is the same whatever the number. */
  readonly chips: number;
  /** Reads of each chip; each draws read noise and random bits of its own. */
  readonly reads: number;
  readonly prompts: number;
  /** Time steps after which answers are taken, one run for all. Default: those of the network. */
  readonly steps?: readonly number[];
  /** Most prompts of one piece of work. Changes the speed only. Default 1024. */
  readonly part?: number;
  /** Called when some prompts have been answered on one chip. */
  readonly onPrompts?: (prompts: number) => void;
}

/** Of each chip, read and prompt, `[chips][reads][prompts]`: how many bits of a symbol are wrong, or 1 for a wrong image. */
export interface WrongAnswers extends Sample {
  readonly values: Uint8Array;
}

export interface ConditionResult {
  /** At the last query, by entry of `steps`. */
  readonly wrong: readonly WrongAnswers[];
  /** Share of conversions that clipped, by chip, over all its reads. */
  readonly clippedShares: readonly number[];
}

/**
 * Runs all conditions on all chips.
 *
 * Random   prompts and chips as `evaluateChips`; read 0 is the run of `evaluateChips`, read r > 0 uses `.fork("run", r)` of the chip
 * Throws   MappingError and ShapeError when a network does not fit hardware or task, ValueError when an option is out of range
 */
export async function runStudy(
  executor: Executor,
  subject: Openable,
  networks: Readonly<Record<string, Network<SpikingSpec>>>,
  conditions: readonly Condition[],
  options: StudyOptions,
): Promise<ConditionResult[]> {
  const { chips, reads, prompts, part = 1024, onPrompts } = options;
  requireCounts({ chips, reads, prompts, part });
  const given = opened(subject);
  const { experiment, data } = given;
  const folded = Object.fromEntries(Object.entries(networks).map(([name, network]) => [name, foldNetwork(network)]));
  for (const { network, hardware } of conditions) {
    taskOf(given, folded[network]);
    mapNetwork(folded[network], hardware, experiment.task.coding);
  }
  const longest = Math.min(...Object.values(networks).map(({ model }) => model.steps));
  const { steps = [longest] } = options;
  for (const step of steps) requireStep(step, longest);
  const devices = deviceAddresses(conditions.map(({ hardware }) => hardware));
  const setup = { experiment, data: shareData(data), networks: folded, conditions, devices, steps };
  const results = conditions.map(() => ({
    wrong: steps.map(() => ({ chips, reads, prompts, values: new Uint8Array(chips * reads * prompts) })),
    conversions: new Float64Array(chips),
    clipped: new Float64Array(chips),
  }));
  const pieces = listPieces(conditions, { chips, reads, prompts, part });
  const session = executor.open<StudySetup, StudyPiece, StudyAnswers>("study", setup);
  const keep = ({ wrong, conversions, clipped }: StudyAnswers, index: number) => {
    const { condition, chip, read, firstPrompt } = pieces[index];
    const result = results[condition];
    const at = (chip * reads + read) * prompts + firstPrompt;
    wrong.forEach((values, s) => {
      result.wrong[s].values.set(values, at);
    });
    result.conversions[chip] += conversions;
    result.clipped[chip] += clipped;
    onPrompts?.(pieces[index].prompts);
  };
  try {
    await session.run(pieces, keep);
  } finally {
    session.close();
  }
  return results.map(({ wrong, conversions, clipped }) => ({
    wrong,
    clippedShares: [...clipped].map((count, chip) => count / Math.max(1, conversions[chip])),
  }));
}

function requireStep(step: number, longest: number): void {
  if (Number.isInteger(step) && step >= 1 && step <= longest) return;
  throw new ValueError("steps", `Answers after ${step} time steps were asked for, but the networks run ${longest}.`);
}

export interface StudySetup extends Given {
  /** Folded. */
  readonly networks: Readonly<Record<string, Network<SpikingSpec>>>;
  readonly conditions: readonly Condition[];
  readonly devices: readonly DeviceAddress[];
  readonly steps: readonly number[];
}

export interface StudyPiece {
  /** Index of the condition. */
  readonly condition: number;
  readonly chip: number;
  readonly read: number;
  readonly firstPrompt: number;
  readonly prompts: number;
}

export interface StudyAnswers {
  /** `[steps][prompts]`, at the last query. */
  readonly wrong: readonly Uint8Array[];
  /** Over all prompts. */
  readonly conversions: number;
  readonly clipped: number;
}

/** Chip by chip, and on a chip all conditions that it is programmed alike for. */
function listPieces(
  conditions: readonly Condition[],
  { chips, reads, prompts, part }: Required<Pick<StudyOptions, "chips" | "reads" | "prompts" | "part">>,
): StudyPiece[] {
  const groups = new Map<string, number[]>();
  conditions.forEach((condition, i) => {
    const key = programmingKey(condition);
    groups.set(key, [...(groups.get(key) ?? []), i]);
  });
  const range = (count: number) => Array.from({ length: count }, (_, i) => i);
  return [...groups.values()].flatMap((group) =>
    range(chips).flatMap((chip) =>
      group.flatMap((condition) =>
        range(reads).flatMap((read) =>
          cutPrompts(prompts, part, null).map((cut) => ({
            condition,
            chip,
            read,
            firstPrompt: cut.firstPrompt,
            prompts: cut.prompts,
          })),
        ),
      ),
    ),
  );
}

/** What programming depends on, beside the chip. */
const programmingKey = ({ network, hardware }: Condition): string =>
  JSON.stringify([network, hardware.crossbar, hardware.crossbars]);

/** Everything but the age. */
const machineKey = ({ network, hardware }: Condition): string =>
  JSON.stringify([network, { ...hardware, readTime: null }]);

/** Prompts of one run of a simulator, whose spikes then stay in the cache. */
const SLICE = 32;
const SIZES = { maxPrompts: SLICE };

/** The job "study": answers a part of the evaluation prompts under one condition on one chip. */
export const studyConditions: Job<StudySetup, StudyPiece, StudyAnswers> = async ({
  experiment,
  data,
  networks,
  conditions,
  devices,
  steps,
}) => {
  await loadAddresses(devices);
  const root = stream(experiment.seed);
  const promptStream = root.fork("evaluation");
  const chipStream = (index: number) => root.fork("chip", index);
  const simulators = simulatorMemory();
  const kit = kitOf(experiment.task);
  const programmed = keepLast<Pick<Chip, "network" | "device" | "crossbars">>();
  const calibrated = keepLast<Chip>();
  const placed = keepLast<Simulator>();

  function chipOf(condition: Condition, index: number): Chip {
    const { hardware } = condition;
    const network = networks[condition.network];
    const mapping = mapNetwork(network, hardware, experiment.task.coding);
    const random = chipStream(index);
    const { crossbars } = programmed(`${index} ${programmingKey(condition)}`, () =>
      programChip(network, mapping, hardware, random),
    );
    const device = deviceOfCrossbar(hardware.crossbar);
    const chip = equipChip({ network, device, crossbars }, mapping, hardware, random);
    if (hardware.adc.bits === null) return chip;
    const task = taskOf({ experiment, data }, network);
    const { spikes } = task.draw(CALIBRATION_PROMPTS, root.fork("calibration"), CALIBRATION_DRAW);
    return simulators(chip).calibrate(spikes!, random.fork("calibration"));
  }

  function simulatorOf(index: number, chip: number): Simulator {
    const condition = conditions[index];
    return placed(`${chip} ${index}`, () => {
      const equipped = calibrated(`${chip} ${machineKey(condition)}`, () => chipOf(condition, chip));
      return simulators(chipAt(equipped, condition.hardware.readTime));
    });
  }

  return ({ condition, chip, read, firstPrompt, prompts }) => {
    const network = networks[conditions[condition].network];
    const { classes, queries } = network.geometry;
    const task = taskOf({ experiment, data }, network);
    const simulator = simulatorOf(condition, chip);
    const random = read === 0 ? chipStream(chip).fork("run") : chipStream(chip).fork("run", read);
    const wrong = steps.map(() => new Uint8Array(prompts));
    let [conversions, clipped] = [0, 0];
    for (const slice of cutPrompts(prompts, SLICE, null)) {
      const first = firstPrompt + slice.firstPrompt;
      const { spikes, labels } = task.draw(slice.prompts, promptStream, { firstPrompt: first, values: false });
      const trace = simulator.run(spikes!, random, { firstPrompt: first });
      const last = (values: Int32Array) => values.filter((_, i) => i % queries.length === queries.length - 1);
      steps.forEach((step, s) => {
        const decisions = decide(meanLogits(trace.stepLogits, trace.steps, step), classes);
        wrong[s].set(kit.errors(last(labels), last(decisions), experiment.task).wrong, slice.firstPrompt);
      });
      conversions += trace.actions.conversions;
      clipped += trace.stages.reduce((sum, stage) => sum + stage.clipped, 0);
    }
    return { wrong, conversions, clipped };
  };
};

/** Keeps the value of the last key. */
function keepLast<T>(): (key: string, make: () => T) => T {
  let held: { key: string; value: T } | null = null;
  return (key, make) => {
    if (held?.key !== key) held = { key, value: make() };
    return held.value;
  };
}

/** Simulators on one piece of memory, each in the place of the one before. */
function simulatorMemory(): (chip: Chip) => Simulator {
  let memory: { kernels: Kernels; arena: Arena; start: number; bytes: number } | null = null;
  return (chip) => {
    const bytes = simulatorBytes(chip, SIZES);
    if (!memory || memory.bytes < bytes) {
      const fresh = standaloneKernels(bytes);
      memory = { ...fresh, start: fresh.arena.mark(), bytes };
    }
    memory.arena.rewind(memory.start);
    return createSimulator(memory.kernels, memory.arena, chip, SIZES);
  };
}
