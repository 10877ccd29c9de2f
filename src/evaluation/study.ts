/**
 * A study: the same chips, reads and prompts under several conditions, such as ages, networks or converters.
 *
 * All randomness is common to all conditions (chip c is programmed from the same stream, read r draws the same noise, prompt k is
 * the same prompt). Conditions are therefore compared in pairs, and a difference is far more precise than either rate. A study
 * keeps the wrong bits of each prompt (for an image, whether it is wrong), from which `numeric/variance-components.ts` separates
 * the spread of chips, reads and prompts.
 *
 * Programming is slow and reading is fast, so a programmed chip and its calibrated ranges serve all conditions that share them,
 * and all threads share the chip (`shared-chip.ts`).
 */
import { ValueError } from "../errors.ts";
import type { SpikingSpec } from "../experiment/model.ts";
import { machineOf } from "../machine/machine.ts";
import { machineNetwork } from "../machine/network.ts";
import { scheduleOf } from "../machine/schedule.ts";
import { mapNetwork } from "../mapping/mapping.ts";
import { foldNetwork } from "../model/fold.ts";
import { answerKind } from "../model/geometry.ts";
import type { Network } from "../model/network.ts";
import type { Sample } from "../numeric/variance-components.ts";
import { type RegisterCounts, sumRegisters } from "../simulation/registers.ts";
import { meanLogits } from "../simulation/trace.ts";
import { decide } from "../task/answers.ts";
import { kitOf } from "../task/catalogue.ts";
import type { TaskErrors } from "../task/metrics.ts";
import { type Openable, opened } from "../task/open.ts";
import { scoredErrors } from "../task/scored.ts";
import type { Executor } from "../threads/executor.ts";
import { answerPrompts, type Keeper, NO_KEEPER } from "./keeper.ts";
import { type ChipPlace, type Condition, openSharedChip, programmingKey, sharedChipJob } from "./shared-chip.ts";
import { requireCounts, taskOf } from "./slices.ts";

export interface StudyOptions {
  /** Chips are counted from 0: chip c is the same for any number of chips. */
  readonly chips: number;
  /** Reads of each chip; each read draws its own read noise and random bits. */
  readonly reads: number;
  readonly prompts: number;
  /** Time steps after which answers are taken, from one run for all. Default: the network's number. */
  readonly steps?: readonly number[];
  /** Most prompts per piece of work. Affects the speed only. Default 32. */
  readonly part?: number;
  /** Saves answers as they come. Default: saves nothing. */
  readonly keeper?: Keeper;
  /** Called when some prompts have been answered on one chip. */
  readonly onPrompts?: (prompts: number) => void;
}

export interface ConditionResult {
  /** At the queries that count, by entry of `steps`: the number of wrong bits, 1 for a wrong image, or the squared error. */
  readonly wrong: readonly Sample[];
  /** Share of conversions that clipped, by chip, over all its reads. */
  readonly clippedShares: readonly number[];
  /** Numbers that the registers of all chips took over all reads, and how many of them saturated; null in floating point. */
  readonly registers: RegisterCounts | null;
}

/**
 * Runs all conditions on all chips.
 *
 * Random   prompts and chips as `evaluateChips`; read 0 is the run of `evaluateChips`, read r > 0 uses `.fork("run", r)` of the chip
 * Throws   MappingError when a network or one of its prompts does not fit the hardware, ShapeError when it does not fit the task,
 *          ValueError when an option is out of range
 */
export async function runStudy(
  executor: Executor,
  subject: Openable,
  networks: Readonly<Record<string, Network<SpikingSpec>>>,
  conditions: readonly Condition[],
  options: StudyOptions,
): Promise<ConditionResult[]> {
  const { chips, reads, prompts, part = 32, keeper = NO_KEEPER, onPrompts } = options;
  requireCounts({ chips, reads, prompts, part });
  const given = opened(subject);
  const { experiment, data } = given;
  const folded = Object.fromEntries(Object.entries(networks).map(([name, network]) => [name, foldNetwork(network)]));
  for (const { network, hardware } of conditions) {
    taskOf(given, folded[network]);
    mapNetwork(folded[network], hardware, experiment.task.coding);
    const { model, geometry } = folded[network];
    // No figure needs the schedule, but a chip whose memory does not hold a prompt cannot answer.
    scheduleOf(machineOf(hardware, machineNetwork(model, geometry)));
  }
  const longest = Math.min(...Object.values(networks).map(({ model }) => model.steps));
  const { steps = [longest] } = options;
  for (const step of steps) requireStep(step, longest);
  requireMemory({ curves: conditions.length * steps.length, chips, reads, prompts });
  const Store = kitOf(experiment.task).metric.isUnbounded ? Float64Array : Uint16Array;
  const results = conditions.map(() => ({
    wrong: steps.map(() => ({ chips, reads, prompts, values: new Store(chips * reads * prompts) })),
    conversions: new Float64Array(chips),
    clipped: new Float64Array(chips),
    registers: [] as (RegisterCounts | null)[],
  }));
  const work = { experiment, data, networks: folded, conditions };
  const shared = openSharedChip<StudyExtra, StudyAnswers>(executor, "study", work, part, { steps });
  try {
    for (const { condition, chip, read } of listReads(conditions, { chips, reads })) {
      const { wrong, ...result } = results[condition];
      const naming = { keeper, name: `condition ${condition} / chip ${chip} / read ${read}`, onPrompts };
      const answered = await answerPrompts<StudyAnswers>(prompts, naming, async (missing, keep) => {
        await shared.bring({ condition, chip, read });
        await shared.answer(missing, null, keep);
      });
      let at = (chip * reads + read) * prompts;
      for (const answers of answered) {
        answers.wrong.forEach((values, s) => {
          wrong[s].values.set(values, at);
        });
        at += answers.wrong[0].length;
        result.conversions[chip] += answers.conversions;
        result.clipped[chip] += answers.clipped;
        result.registers.push(answers.registers);
      }
    }
  } finally {
    shared.close();
  }
  return results.map(({ wrong, conversions, clipped, registers }) => ({
    wrong,
    clippedShares: [...clipped].map((count, chip) => count / Math.max(1, conversions[chip])),
    registers: sumRegisters(registers),
  }));
}

function requireStep(step: number, longest: number): void {
  if (Number.isInteger(step) && step >= 1 && step <= longest) return;
  throw new ValueError(
    "steps",
    `Answers after ${step} time steps were requested, but the networks run only ${longest}.`,
  );
}

/** For a kept answer: its errors, and the rate that reports make of them. */
const ANSWER_BYTES = 2 + 8;
const MOST_GIGABYTES = 4;

function requireMemory({
  curves,
  chips,
  reads,
  prompts,
}: Omit<StudyOptions, "steps"> & { readonly curves: number }): void {
  const gigabytes = (curves * chips * reads * prompts * ANSWER_BYTES) / 1e9;
  if (gigabytes <= MOST_GIGABYTES) return;
  throw new ValueError(
    "prompts",
    `Every answer is kept: ${curves} curve points x ${chips} chips x ${reads} reads x ${prompts} prompts x ${ANSWER_BYTES} bytes = ` +
      `${Number(gigabytes.toPrecision(3))} GB, more than the limit of ${MOST_GIGABYTES} GB. Ask for fewer prompts, chips or reads.`,
  );
}

interface StudyExtra {
  readonly steps: readonly number[];
}

export interface StudyAnswers {
  /** `[steps][prompts]`, at the queries that count. */
  readonly wrong: readonly TaskErrors["wrong"][];
  /** Over all prompts. */
  readonly conversions: number;
  readonly clipped: number;
  readonly registers: RegisterCounts | null;
}

/** Chip by chip and, on a chip, all conditions with the same programming. */
function listReads(
  conditions: readonly Condition[],
  { chips, reads }: Pick<StudyOptions, "chips" | "reads">,
): ChipPlace[] {
  const groups = new Map<string, number[]>();
  conditions.forEach((condition, i) => {
    const key = programmingKey(condition);
    groups.set(key, [...(groups.get(key) ?? []), i]);
  });
  const range = (count: number) => Array.from({ length: count }, (_, i) => i);
  return [...groups.values()].flatMap((group) =>
    range(chips).flatMap((chip) =>
      group.flatMap((condition) => range(reads).map((read) => ({ condition, chip, read }))),
    ),
  );
}

/** The job "study": answers slices of the evaluation prompts under one condition on one chip. */
export const studyConditions = sharedChipJob<StudyExtra, StudyAnswers>(
  ({ network, labels, trace }, { experiment, steps }) => {
    const { geometry } = network;
    const wrong = steps.map((step) => {
      const decisions = decide(meanLogits(trace.stepLogits, trace.steps, step), geometry.classes, answerKind(network));
      return scoredErrors(experiment.task, geometry, [{ labels, decisions }]).wrong;
    });
    const clipped = trace.operations.reduce((sum, operation) => sum + operation.clipped, 0);
    return { wrong, conversions: trace.actions.conversions, clipped, registers: trace.registers };
  },
);
