/** Shared by runs on data in parts: networks and chips on the same test set. */
import type { LabelledData, PartedData } from "../data/labelled.ts";
import { evaluateChips } from "../evaluation/chips.ts";
import { keeperOf, NO_KEEPER } from "../evaluation/keeper.ts";
import { evaluateNetwork, type NetworkEvaluation } from "../evaluation/network.ts";
import type { SpikingSpec } from "../experiment/model.ts";
import type { EventClassificationSpec, ImageClassificationSpec, SpecOf, TaskSpec } from "../experiment/task.ts";
import type { Mapping } from "../mapping/mapping.ts";
import type { Network } from "../model/network.ts";
import type { ClassifierRole, PartsRun } from "../report/classification.ts";
import { exitShares } from "../report/exit.ts";
import type { SpikeTrain } from "../spike/train.ts";
import type { DataOf, ErrorsOf } from "../task/catalogue.ts";
import type { Opened } from "../task/open.ts";
import { registerNotes, tooFew } from "./notes.ts";
import { comparedNetworks, prepare, type RunNetworks, type RunOptions } from "./prepare.ts";
import { costOfRun } from "./run-cost.ts";
import { chipRate, errorCurve, runSteps } from "./steps.ts";

/** Specs whose data have parts. */
type PartedSpec = {
  [K in TaskSpec["kind"]]: DataOf<SpecOf<K>> extends PartedData ? SpecOf<K> : never;
}[TaskSpec["kind"]];

type PartsOf<T extends PartedSpec> = Omit<PartsRun<T, ErrorsOf<T>>, "experiment" | "data"> &
  Pick<Opened<T>, "experiment" | "data">;

/** Spike trains of the first prompt on the first chip, by layer, and other parts of a report on single prompts. */
interface Looks {
  readonly rasters: Readonly<Record<string, SpikeTrain>>;
}

/**
 * The input of a report; `look` returns single prompts on the first chip.
 *
 * Random   all from `stream(experiment.seed)`, as each evaluation says
 * Throws   SpecError when a network does not fit the experiment; MappingError when it cannot be mapped
 */
export async function runParts<T extends PartedSpec, L extends Looks>(
  asked: Opened<T>,
  networks: RunNetworks,
  options: RunOptions,
  names: PartsRun["names"],
  look: (given: Opened<T>, network: Network<SpikingSpec>, mapping: Mapping) => L,
): Promise<PartsOf<T> & L> {
  const { executor, keeper = NO_KEEPER } = options;
  const notes = [...(options.notes ?? [])];
  const own = withinData(asked, notes);
  // Any kind of task: the evaluations do not depend on it.
  const given = own as unknown as Opened<PartedSpec>;
  const { experiment } = given;
  const { evaluation, hardware } = experiment;
  const { network, mapping, roles, stepsNote } = prepare(experiment, networks, executor, notes);

  const { prompts } = evaluation;
  let done = 0;
  const advance = (count: number, part: string) => {
    done += count;
    options.onProgress?.(done, (roles.length + hardware.chips) * prompts, part);
  };
  const results: Partial<Record<ClassifierRole, ErrorsOf<PartedSpec>>> = {};
  const evaluations: Partial<Record<ClassifierRole, NetworkEvaluation<ErrorsOf<PartedSpec>>>> = {};
  for (const [role, candidate] of roles) {
    const whole = await evaluateNetwork(executor, given, candidate, { prompts, keeper: keeperOf(keeper, role) });
    evaluations[role] = whole;
    results[role] = whole.errors;
    advance(prompts, role);
  }
  const onChip = () => advance(prompts, "chips");
  const chips = await evaluateChips(executor, given, network, {
    chips: hardware.chips,
    prompts,
    keeper: keeperOf(keeper, "chips"),
    onChip,
  });
  const chipBySteps = await runSteps(given, network, chips, options, advance);
  const looks = look(own, network, mapping);
  const spiking = evaluations.spiking?.spiking;
  return {
    experiment: own.experiment,
    data: own.data,
    names,
    prompts,
    command: options.command,
    versions: options.versions,
    notes: [...notes, ...registerNotes(chips)],
    networks: results,
    ...(spiking && { spikingBySteps: spiking.bySteps }),
    chips,
    chipBySteps,
    mapping,
    cost: costOfRun({
      experiment,
      chips,
      chipRate: chipRate(experiment, chips),
      rasters: looks.rasters,
      curve: errorCurve(experiment, chips, chipBySteps),
      stepsNote,
      exit: exitShares(chips),
      compared: comparedNetworks(experiment, networks, evaluations),
    }),
    ...looks,
  } as unknown as PartsOf<T> & L;
}

/** Limits evaluation prompts to the size of the test set, with a note if the experiment asks for more. */
function withinData<T extends PartedSpec>(given: Opened<T>, notes: string[]): Opened<T> {
  const { experiment, data } = given as unknown as Opened<PartedSpec>;
  const { prompts, curvePrompts } = experiment.evaluation;
  const { count } = data.test;
  if (prompts > count) notes.push(tooFew("evaluation.prompts", prompts, data, experiment.task));
  const evaluation = {
    ...experiment.evaluation,
    prompts: Math.min(prompts, count),
    curvePrompts: Math.min(curvePrompts, count),
  };
  return { ...given, experiment: { ...given.experiment, evaluation } };
}

/** `runParts` with the classes of the data. */
export async function runClassification<T extends ImageClassificationSpec | EventClassificationSpec, L extends Looks>(
  ...asked: Parameters<typeof runParts<T, L>>
) {
  const run = await runParts<T, L>(...asked);
  const { name, test } = run.data as LabelledData;
  return { ...run, data: { name, classes: test.classes } };
}
