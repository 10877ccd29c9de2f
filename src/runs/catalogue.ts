/** How each kind of task is reported on. A kind that is in `TaskSpec` but not here does not compile. */
import type { Report } from "../report/report.ts";
import type { EvaluationSpec } from "../spec/experiment.ts";
import type { SpecOf, TaskSpec } from "../spec/task.ts";
import type { Opened } from "../task/open.ts";
import { runEventClassification } from "./event-classification.ts";
import { runImageClassification } from "./image-classification.ts";
import type { RunNetworks, RunOptions } from "./prepare.ts";
import { runSymbolDetection } from "./symbol-detection.ts";

export interface ReportKit<T extends TaskSpec> {
  /** Evaluates networks and chips on the same prompts, and writes the report: its claims and charts are those of the task. */
  run(opened: Opened<T>, networks: RunNetworks, options: RunOptions): Promise<Report>;
  /** How often `curvePrompts` prompts are answered besides, by each network and on each chip of a curve. */
  curvePoints(evaluation: EvaluationSpec): number;
}

export const REPORTS: { readonly [K in TaskSpec["kind"]]: ReportKit<SpecOf<K>> } = {
  "symbol-detection": { run: runSymbolDetection, curvePoints: ({ snrDecibels }) => snrDecibels.length },
  "image-classification": { run: runImageClassification, curvePoints: () => 0 },
  "event-classification": { run: runEventClassification, curvePoints: () => 0 },
};

/** The kit of a spec, with its type. */
export const reportKitOf = <T extends TaskSpec>({ kind }: T): ReportKit<T> => REPORTS[kind] as unknown as ReportKit<T>;
