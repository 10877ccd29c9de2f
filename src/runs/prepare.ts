/** The input of a run, and the first step for every task: the network as described, its mapping, and the comparison networks. */

import { comparedSnn } from "../cost/measured.ts";
import { codedOf } from "../evaluation/coded.ts";
import { exitMarginOf } from "../evaluation/exit.ts";
import type { Keeper } from "../evaluation/keeper.ts";
import type { NetworkEvaluation } from "../evaluation/network.ts";
import { softBitsOf } from "../evaluation/soft-bits.ts";
import type { Experiment } from "../experiment/experiment.ts";
import type { SpikingSpec } from "../experiment/model.ts";
import type { TaskSpec } from "../experiment/task.ts";
import { type Mapping, mapNetwork } from "../mapping/mapping.ts";
import { foldNetwork } from "../model/fold.ts";
import type { Network } from "../model/network.ts";
import type { ComparedNetworks } from "../report/cost-run.ts";
import { ratesByPrompt } from "../report/study.ts";
import { type ErrorsOf, kitOf } from "../task/catalogue.ts";
import type { TaskErrors } from "../task/metrics.ts";
import type { Executor } from "../threads/executor.ts";
import { asCompared, asDescribed, validatedNote } from "./fit.ts";
import { formatNotes, machineNotes } from "./notes.ts";

export interface RunNetworks {
  /** Runs on the hardware. */
  readonly network: Network;
  /** Numbers of time steps at which it was checked on validation prompts, beyond that of its training. */
  readonly validatedSteps?: readonly number[];
  /** Compared with it; left out of the report when absent. */
  readonly ann?: Network;
  readonly spiking?: Network;
}

export interface RunOptions {
  readonly executor: Executor;
  /** Reproduces the report. */
  readonly command: string;
  readonly versions: Readonly<Record<string, string>>;
  /** Notes of the caller, such as a missing checkpoint. */
  readonly notes?: readonly string[];
  /** Keeps finished answers, for one question only. Default: keeps nothing. */
  readonly keeper?: Keeper;
  /** `done` of `total` evaluated prompts; `part` names the current part. */
  readonly onProgress?: (done: number, total: number, part: string) => void;
}

/** `network` is the trained one as the experiment describes it, placed on crossbars by `mapping`. */
export interface Preparation {
  readonly network: Network<SpikingSpec>;
  readonly mapping: Mapping;
  /** Where T was checked, if it is not that of the training but was checked elsewhere. */
  readonly stepsNote: string | null;
  /** In the order of the report; `digital` is the network itself, in exact arithmetic. */
  readonly roles: readonly (readonly ["ann" | "spiking" | "digital", Network])[];
}

/** Throws SpecError when the network does not fit the experiment, MappingError when it cannot be mapped. Adds to `notes`. */
export function prepare(
  experiment: Experiment,
  { network: trained, validatedSteps, ann, spiking }: RunNetworks,
  executor: Executor,
  notes: string[],
): Preparation {
  const fitNotes: string[] = [];
  const network = asDescribed(experiment, trained, fitNotes, "checkpoints.network", validatedSteps);
  const validated = validatedNote(network.model.steps, (trained.model as SpikingSpec).steps);
  notes.push(...fitNotes.filter((note) => note !== validated));
  exitMarginOf(experiment, experiment.hardware);
  softBitsOf(experiment);
  codedOf(experiment);
  const mapping = mapNetwork(foldNetwork(network), experiment.hardware, experiment.task.coding);
  notes.push(...machineNotes(experiment.hardware, executor), ...formatNotes(experiment.hardware));
  return {
    network,
    mapping,
    stepsNote: fitNotes.includes(validated) ? validated : null,
    roles: [
      ...(spiking ? [["spiking", asCompared(experiment, spiking, "spiking")] as const] : []),
      ...(ann ? [["ann", asCompared(experiment, ann, "ann")] as const] : []),
      ["digital", network],
    ],
  };
}

/** The evaluated networks of energy comparisons. */
export function comparedNetworks<T extends TaskSpec>(
  { task }: Pick<Experiment<T>, "task">,
  { ann, spiking }: RunNetworks,
  evaluations: Readonly<Partial<Record<"ann" | "spiking" | "digital", NetworkEvaluation<ErrorsOf<T>>>>>,
): ComparedNetworks {
  const rateOf = (errors: ErrorsOf<T>): number => kitOf(task).rate(errors).rate;
  const byPrompt = (errors: ErrorsOf<T>) => ratesByPrompt(errors as TaskErrors, { task });
  const { errors } = evaluations.ann ?? {};
  const snn = comparedSnn(spiking, evaluations.spiking);
  const bySteps = evaluations.spiking?.spiking?.bySteps ?? [];
  return {
    ...(ann?.model.kind === "ann" &&
      errors && { ann: { model: ann.model, rate: rateOf(errors), byPrompt: byPrompt(errors) } }),
    ...(snn && { snn: { ...snn, rates: bySteps.map(rateOf), byPrompt: bySteps.map(byPrompt) } }),
  };
}
