/** Shared by `drift.ts` and `sweep.ts`: the networks, on the same chips and prompts, under all conditions of a report. */
import { partedOf } from "../data/labelled.ts";
import type { Keeper } from "../evaluation/keeper.ts";
import type { Condition } from "../evaluation/shared-chip.ts";
import { runStudy, type StudyOptions } from "../evaluation/study.ts";
import { isHardwareAware } from "../experiment/hardware-aware.ts";
import type { SpikingSpec } from "../experiment/model.ts";
import type { Network } from "../model/network.ts";
import type { StudyRole } from "../report/study.ts";
import { type Given, reopened } from "../task/open.ts";
import type { Executor } from "../threads/executor.ts";
import { asDescribed } from "./fit.ts";
import { formatNotes, machineNotes, registerNotes, tooFew } from "./notes.ts";

export interface EvaluatedNetworks {
  /** Usually after hardware-aware training. */
  readonly network: Network;
  /** Time steps at which it was checked on validation prompts, beyond those of its training. */
  readonly validatedSteps?: readonly number[];
  /** After conventional training only; without it its curves are left out. */
  readonly conventional?: Network;
}

export interface EvaluationOptions {
  readonly executor: Executor;
  /** Default: those of the experiment. */
  readonly chips?: number;
  readonly prompts?: number;
  /** Reads of each chip; with two or more, their spread is separated from that of chips. Default 1. */
  readonly reads?: number;
  /** Reproduces the report. */
  readonly command: string;
  readonly versions: Readonly<Record<string, string>>;
  /** Notes of the caller, such as a missing checkpoint. */
  readonly notes?: readonly string[];
  /** Whether `network` was trained with device noise, as the report then says. Default: according to the experiment's training. */
  readonly hardwareAware?: boolean;
  /** Keeps finished answers, for one question only. Default: keeps nothing. */
  readonly keeper?: Keeper;
  /** `done` of `total` prompts, counted once for every chip, read and condition. */
  readonly onProgress?: (done: number, total: number) => void;
}

export const rolesOf = ({ conventional }: EvaluatedNetworks): StudyRole[] => (conventional ? ["hwat", "ct"] : ["hwat"]);

/** The common input of study reports, and the results; throws as `runStudy`, and SpecError if a network does not fit. */
export async function studyNetworks(
  given: Given,
  { network, validatedSteps = [], conventional }: EvaluatedNetworks,
  conditions: readonly Condition[],
  options: EvaluationOptions,
  steps?: readonly number[],
) {
  const { experiment, data } = given;
  const { executor, command, versions, keeper, onProgress } = options;
  const { chips = experiment.hardware.chips, prompts: asked = experiment.evaluation.prompts, reads = 1 } = options;
  const notes = [...(options.notes ?? [])];
  const labelled = partedOf(data);
  const prompts = Math.min(asked, labelled?.test.count ?? asked);
  if (labelled && prompts < asked) notes.push(tooFew("prompts", asked, labelled, experiment.task));
  const described: Partial<Record<StudyRole, Network<SpikingSpec>>> = {
    hwat: asDescribed(experiment, network, notes, "checkpoints.network", validatedSteps),
  };
  if (conventional) {
    // It runs the T that was chosen for the other network, which has a note already.
    const own: string[] = [];
    described.ct = asDescribed(experiment, conventional, own, "checkpoints.conventional");
    const isChosen = validatedSteps.includes(described.ct.model.steps);
    notes.push(...own.filter((note) => !isChosen || !note.startsWith("model.steps ")));
  }
  notes.push(...machineNotes(experiment.hardware, executor));
  notes.push(...conditions.flatMap(({ hardware }) => formatNotes(hardware)));
  const total = conditions.length * chips * reads * prompts;
  let done = 0;
  const onPrompts = (count: number) => {
    done += count;
    onProgress?.(done, total);
  };
  const size: StudyOptions = { chips, reads, prompts, onPrompts, ...(keeper && { keeper }), ...(steps && { steps }) };
  const results = await runStudy(
    executor,
    reopened(given, experiment),
    described as Record<string, Network<SpikingSpec>>,
    conditions,
    size,
  );
  const ran = {
    ...experiment,
    hardware: { ...experiment.hardware, chips },
    evaluation: { ...experiment.evaluation, prompts },
  };
  const hardwareAware = options.hardwareAware ?? isHardwareAware(experiment.training);
  return {
    experiment: ran,
    command,
    versions,
    notes: [...new Set(notes), ...registerNotes(results)],
    hardwareAware,
    chips,
    reads,
    prompts,
    results,
  };
}
