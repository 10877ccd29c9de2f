/** How each kind of task is reported on. A kind that is in `TaskSpec` but not here does not compile. */
import type { ChipEvaluation } from "../evaluation/chips.ts";
import type { FigureDraft } from "../report/build-report.ts";
import { chipFigure as accuracy } from "../report/classification.ts";
import type { Report } from "../report/report.ts";
import { chipFigure as bitErrorRate } from "../report/symbol-detection.ts";
import type { EvaluationSpec, Experiment } from "../spec/experiment.ts";
import type { SpecOf, TaskSpec } from "../spec/task.ts";
import type { ErrorsOf } from "../task/catalogue.ts";
import type { Opened } from "../task/open.ts";
import { runEventClassification } from "./event-classification.ts";
import { runImageClassification } from "./image-classification.ts";
import type { RunNetworks, RunOptions } from "./prepare.ts";
import { runSymbolDetection } from "./symbol-detection.ts";

export interface ReportKit<T extends TaskSpec> {
  /** Evaluates networks and chips on the same prompts, and writes the report: its claims and charts are those of the task. */
  run(opened: Opened<T>, networks: RunNetworks, options: RunOptions): Promise<Report>;
  /** How well chips do, as the report says it. */
  chips(run: {
    readonly experiment: Experiment<T>;
    readonly chips: readonly ChipEvaluation<ErrorsOf<T>>[];
  }): FigureDraft;
  /** How often `curvePrompts` prompts are answered besides, by each network and on each chip of a curve. */
  curvePoints(evaluation: EvaluationSpec): number;
}

export const REPORTS: { readonly [K in TaskSpec["kind"]]: ReportKit<SpecOf<K>> } = {
  "symbol-detection": {
    run: runSymbolDetection,
    chips: bitErrorRate,
    curvePoints: ({ snrDecibels }) => snrDecibels.length,
  },
  "image-classification": { run: runImageClassification, chips: accuracy, curvePoints: () => 0 },
  "event-classification": { run: runEventClassification, chips: accuracy, curvePoints: () => 0 },
};

/** The kit of a spec, with its type. */
export const reportKitOf = <T extends TaskSpec>({ kind }: T): ReportKit<T> => REPORTS[kind] as unknown as ReportKit<T>;
