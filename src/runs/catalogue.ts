/** The reports of each kind of task. A kind in `TaskSpec` that is missing here does not compile. */
import type { ChipEvaluation } from "../evaluation/chips.ts";
import type { EvaluationSpec, Experiment } from "../experiment/experiment.ts";
import type { SpecOf, TaskSpec } from "../experiment/task.ts";
import type { FigureDraft } from "../report/build-report.ts";
import {
  chipFigure as accuracy,
  chipChange as accuracyChange,
  annFigures as classifierAnn,
} from "../report/classification.ts";
import {
  chipFigure as bitErrorRate,
  chipChange as bitErrorRateChange,
  annFigures as detectorAnn,
  receiverFigures,
} from "../report/detection.ts";
import { EVENT_NETWORKS } from "../report/event-classification.ts";
import { IMAGE_NETWORKS } from "../report/image-classification.ts";
import type { Report } from "../report/report.ts";
import {
  chipChange as predictionChange,
  chipFigure as predictionError,
  annFigures as predictorAnn,
} from "../report/time-series.ts";
import type { ErrorsOf } from "../task/catalogue.ts";
import type { Opened } from "../task/open.ts";
import type { Executor } from "../threads/executor.ts";
import { runEventClassification } from "./event-classification.ts";
import { runImageClassification } from "./image-classification.ts";
import type { RunNetworks, RunOptions } from "./prepare.ts";
import { runSlotDetection } from "./slot-detection.ts";
import { linkReceivers, runSymbolDetection } from "./symbol-detection.ts";
import { runTimeSeries } from "./time-series.ts";

export interface ReportKit<T extends TaskSpec> {
  /** Evaluates networks and chips on the same prompts, and writes the report: its claims and charts are those of the task. */
  run(opened: Opened<T>, networks: RunNetworks, options: RunOptions): Promise<Report>;
  /** Number of additional evaluations of `curvePrompts` prompts, by each network and on each chip of a curve. */
  curvePoints(evaluation: EvaluationSpec): number;
}

export const REPORTS: { readonly [K in TaskSpec["kind"]]: ReportKit<SpecOf<K>> } = {
  "symbol-detection": {
    run: runSymbolDetection,
    curvePoints: ({ snrDecibels }) => snrDecibels.length,
  },
  "slot-detection": {
    run: runSlotDetection,
    curvePoints: ({ snrDecibels }) => snrDecibels.length,
  },
  "image-classification": { run: runImageClassification, curvePoints: () => 0 },
  "event-classification": { run: runEventClassification, curvePoints: () => 0 },
  "time-series": { run: runTimeSeries, curvePoints: () => 0 },
};

/** Results of chips, for a report or a page. */
export interface ChipsRun<T extends TaskSpec> {
  readonly experiment: Experiment<T>;
  readonly chips: readonly ChipEvaluation<ErrorsOf<T>>[];
}

/** Figures of a report that a page shows without loading reports. */
interface PageKit<T extends TaskSpec> {
  /** The chips' rate. */
  readonly chips: (run: ChipsRun<T>) => FigureDraft;
  /** The ANN's rate on the same prompts, and the difference. */
  readonly ann: (run: ChipsRun<T> & { readonly ann: ErrorsOf<T> }) => readonly FigureDraft[];
  /** The chips' rate minus that of the same chips on another machine. */
  readonly change: (after: WrongByChip, before: WrongByChip, experiment: Experiment) => FigureDraft;
  /** Rates of classical receivers on the same prompts; null where there are none. */
  readonly receivers: ((on: Executor, experiment: Experiment<T>, prompts: number) => Promise<FigureDraft[]>) | null;
}

/** Errors of each chip, prompt by prompt. */
type WrongByChip = readonly ArrayLike<number>[];

const PAGES: { readonly [K in TaskSpec["kind"]]: PageKit<SpecOf<K>> } = {
  "symbol-detection": {
    chips: bitErrorRate,
    ann: detectorAnn,
    change: bitErrorRateChange,
    receivers: async (executor, experiment, prompts) =>
      receiverFigures(await linkReceivers(executor, experiment, { prompts })),
  },
  "slot-detection": { chips: bitErrorRate, ann: detectorAnn, change: bitErrorRateChange, receivers: null },
  "image-classification": {
    chips: accuracy,
    ann: (run) => classifierAnn({ ...run, names: IMAGE_NETWORKS }),
    change: accuracyChange,
    receivers: null,
  },
  "event-classification": {
    chips: accuracy,
    ann: (run) => classifierAnn({ ...run, names: EVENT_NETWORKS }),
    change: accuracyChange,
    receivers: null,
  },
  "time-series": { chips: predictionError, ann: predictorAnn, change: predictionChange, receivers: null },
};

const pageOf = <T extends TaskSpec>({ kind }: T): PageKit<T> => PAGES[kind] as unknown as PageKit<T>;

/** The rate of a spec's chips. */
export const chipRate = <T extends TaskSpec>(run: ChipsRun<T>): FigureDraft => pageOf(run.experiment.task).chips(run);

/** The rate of an ANN on the prompts of a spec's chips, and the chips' minus it. */
export const annRates = <T extends TaskSpec>(
  run: ChipsRun<T> & { readonly ann: ErrorsOf<T> },
): readonly FigureDraft[] => pageOf(run.experiment.task).ann(run);

/**
 * The rate of a spec's chips minus that of the same chips on another machine, paired by chip and prompt. Rows are errors by prompt, one
 * per chip: the same chips and prompts on both sides.
 */
export const rateChange = (after: WrongByChip, before: WrongByChip, experiment: Experiment): FigureDraft =>
  pageOf(experiment.task).change(after, before, experiment);

/** Rates of a task's classical receivers on the experiment's first prompts, as in a report; none for a task without. */
export const receiverRates = async <T extends TaskSpec>(
  executor: Executor,
  experiment: Experiment<T>,
  prompts: number,
): Promise<FigureDraft[]> => (await pageOf(experiment.task).receivers?.(executor, experiment, prompts)) ?? [];

/** The kit of a spec, with its type. */
export const reportKitOf = <T extends TaskSpec>({ kind }: T): ReportKit<T> => REPORTS[kind] as unknown as ReportKit<T>;
