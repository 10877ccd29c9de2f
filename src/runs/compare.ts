/**
 * Compares two experiments: the fields that differ, and the paired differences.
 *
 * Both have the same seed and task, so chip c is programmed from the same streams and prompt k is the same in both. Common errors cancel,
 * so a difference is far more precise than either rate. Energy, time and area are those of each machine.
 */
import { machineOfChips } from "../cost/simulated.ts";
import { partedOf } from "../data/labelled.ts";
import { SpecError } from "../errors.ts";
import { evaluateChips } from "../evaluation/chips.ts";
import { type Difference, differences } from "../experiment/difference.ts";
import type { Experiment } from "../experiment/experiment.ts";
import type { Network } from "../model/network.ts";
import { sampleOf } from "../numeric/variance-components.ts";
import type { FigureDraft } from "../report/build-report.ts";
import { changeFigure, metricOf, rateFigure, ratesOf, stepsOnChips } from "../report/study.ts";
import { kitOf } from "../task/catalogue.ts";
import type { Opened } from "../task/open.ts";
import type { Executor } from "../threads/executor.ts";
import { asDescribed } from "./fit.ts";

/** An experiment with its data, and the network that runs on its machine. */
export interface ComparedRun {
  readonly opened: Opened;
  readonly network: Network;
  /** Time steps at which it was checked on validation prompts, beyond those of its training. */
  readonly validatedSteps?: readonly number[];
}

export interface CompareOptions {
  readonly executor: Executor;
  /** Default: the smaller number of the two experiments. */
  readonly chips?: number;
  readonly prompts?: number;
  /** `done` of `total` chips. */
  readonly onProgress?: (done: number, total: number) => void;
}

export interface Comparison {
  /** Fields that differ, except names and paths of networks. */
  readonly fields: readonly Difference[];
  readonly chips: number;
  readonly prompts: number;
  /** Time steps of the first and of the second. */
  readonly steps: readonly [first: number, second: number];
  /** The results of one inference; energies are per inference. */
  readonly result: { readonly name: string; readonly perInference: number };
  readonly notes: readonly string[];
  /** Measures of the first, of the second, and the second minus the first, paired if sampled. */
  readonly measures: readonly (readonly [first: FigureDraft, second: FigureDraft, change: FigureDraft])[];
}

/**
 * Random   all from `stream(experiment.seed)`, as `evaluateChips`
 * Throws   SpecError when seed or task differ, or a network does not fit its experiment; MappingError when one cannot be mapped
 */
export async function compareRuns(
  first: ComparedRun,
  second: ComparedRun,
  { executor, onProgress, ...asked }: CompareOptions,
): Promise<Comparison> {
  const [a, b] = [first.opened.experiment, second.opened.experiment];
  requirePairs(a, b);
  const least = (of: (experiment: Experiment) => number) => Math.min(of(a), of(b));
  const chips = asked.chips ?? least(({ hardware }) => hardware.chips);
  const wanted = asked.prompts ?? least(({ evaluation }) => evaluation.prompts);
  const prompts = Math.min(wanted, partedOf(first.opened.data)?.test.count ?? wanted);
  const notes: string[] = [];
  let done = 0;
  const measure = async ({ opened: given, network, validatedSteps }: ComparedRun) => {
    const described = asDescribed(given.experiment, network, notes, "checkpoints.network", validatedSteps);
    const onChip = () => onProgress?.(++done, 2 * chips);
    const evaluations = await evaluateChips(executor, given, described, { chips, prompts, onChip });
    const { architectures, times } = machineOfChips(given.experiment, evaluations).estimate;
    const { total, performance } = architectures.xpikeformer;
    return {
      rates: ratesOf(sampleOf(evaluations.map(({ errors }) => errors.wrong)), given.experiment),
      exact: [
        { id: "energy", label: "Energy per inference", value: total, unit: "J" },
        { id: "latency", label: "Latency of an inference", value: times.alone, unit: "s" },
        { id: "interval", label: "Time from one inference to the next", value: times.interval, unit: "s" },
        { id: "area", label: "Area", value: performance.area!, unit: "m2" },
      ],
    };
  };
  const before = await measure(first);
  const after = await measure(second);
  const { name, trial } = metricOf(a);
  const label = name[0].toUpperCase() + name.slice(1);
  const rate = ({ rates }: typeof before) => rateFigure("errorRate", label, rates, `${trial}s`);
  return {
    fields: differences(compared(a), compared(b)),
    chips,
    prompts,
    notes: [...new Set(notes)],
    steps: [stepsOnChips(a), stepsOnChips(b)],
    result: kitOf(a.task).result(a.task),
    measures: [
      [rate(before), rate(after), changeFigure("errorRate", label, after.rates, before.rates, `${trial}s`)],
      ...before.exact.map((own, i) => {
        const other = after.exact[i];
        return [own, other, { ...own, value: other.value - own.value }] as const;
      }),
    ],
  };
}

const compared = ({ name: _, $schema: __, checkpoints: ___, ...experiment }: Experiment) => experiment;

function requirePairs(a: Experiment, b: Experiment): void {
  if (a.seed !== b.seed) {
    throw new SpecError(
      "seed",
      `The seeds ${a.seed} and ${b.seed} differ, so the chips and prompts do too. Set one seed for both with --seed.`,
    );
  }
  const [found] = differences(a.task, b.task);
  if (found === undefined) return;
  throw new SpecError(
    `task.${found.field}`,
    `task.${found.field} is ${found.first} and ${found.second}: answers to different tasks cannot be paired. Compare experiments with the same task.`,
  );
}
