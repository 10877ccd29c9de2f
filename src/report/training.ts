/**
 * The learning curves of a training: loss and error rate over steps, stage by stage, as a table and as a report.
 *
 * Both depend only on the metrics, so they can be recreated at any time, also for a stopped training.
 */
import type { Experiment } from "../experiment/experiment.ts";
import { kitOf } from "../task/catalogue.ts";
import type { TaskMetric } from "../task/kit.ts";
import type { Metric } from "../task/task.ts";
import { buildReport, type ChartDraft, type FigureDraft } from "./build-report.ts";
import { csvText } from "./csv.ts";
import { formatQuantity } from "./format.ts";
import type { LinesChart, Report } from "./report.ts";

/** A line of the metrics. */
export interface TrainingMetric {
  /** Optimiser steps done, over all stages. */
  readonly step: number;
  readonly stage: string;
  /** The loss that the step lowered, mean over the batch. */
  readonly loss: number;
  readonly learningRate: number;
  readonly gradientNorm: number;
  readonly validation?:
    | (Readonly<Partial<Record<Metric, number>>> & { readonly loss: number; readonly best: boolean })
    | undefined;
  /** Training time so far, over all runs. */
  readonly seconds: number;
}

export interface TrainingRun {
  readonly experiment: Experiment;
  /** In the order of steps; at least one. */
  readonly metrics: readonly TrainingMetric[];
  readonly command: string;
  readonly versions: Readonly<Record<string, string>>;
}

/**
 * The metrics as comma-separated values (RFC 4180), one line each. Validation cells are empty without a validation. Numbers have all
 * digits.
 */
export function metricsCsv(metrics: readonly TrainingMetric[], { task }: Pick<Experiment, "task">): string {
  const { key } = kitOf(task).metric;
  const head = ["step", "stage", "loss", "learningRate", "gradientNorm", "seconds", "validationLoss", key, "best"];
  const rows = metrics.map(({ step, stage, loss, learningRate, gradientNorm, seconds, validation }) => [
    step,
    stage,
    loss,
    learningRate,
    gradientNorm,
    seconds,
    ...(validation ? [validation.loss, validation[key], validation.best] : [undefined, undefined, undefined]),
  ]);
  return csvText([head, ...rows]);
}

/** Most points of a curve. */
const MOST_POINTS = 80;
/** Most stages with curves of their own. */
const MOST_STAGES = 6;

/** Throws ValueError when there are no metrics, or one is no finite number. */
export function trainingReport(run: TrainingRun): Report {
  const { experiment, metrics, command, versions } = run;
  const { metric } = kitOf(experiment.task);
  const stages = stagesOf(metrics);
  const { step, seconds } = metrics[metrics.length - 1] ?? { step: 0, seconds: 0 };
  const planned = experiment.training.stages.reduce((sum, { steps }) => sum + steps, 0);
  const best = bestOf(stages.at(-1)?.metrics ?? []);
  const prompts = step * experiment.training.batch;
  const rate = best && bestFigures(best, metric, experiment.training.validationPrompts);
  return buildReport({
    title: `${experiment.name}: learning curves`,
    summary: rate
      ? `Best validation of the last stage: ${metric.name} ${formatQuantity(rate[0]).value}, at step ${best.step} of ${step}.`
      : `The last loss is ${formatQuantity({ value: metrics[metrics.length - 1].loss, unit: "1" }).value}, after ${step} steps; nothing was validated.`,
    description:
      `${step} of ${planned} optimiser steps of ${experiment.training.batch} ${metric.trial}s, in ${stages.length} of ` +
      `${experiment.training.stages.length} stages. Validations have ${experiment.training.validationPrompts} ${metric.trial}s, without hardware.`,
    experiment,
    command,
    seed: experiment.seed,
    versions: { ...versions },
    highlights: [...(rate ?? []).map(({ id }) => id), "training.steps", "training.seconds"].slice(0, 3),
    figures: [
      ...(rate ?? []),
      { id: "training.steps", label: "Optimiser steps", value: step, unit: "steps" },
      { id: "training.prompts", label: `${metric.trial}s seen`, value: prompts, unit: `${metric.trial}s` },
      { id: "training.seconds", label: "Training time, over all runs", value: seconds, unit: "s" },
      ...stages.flatMap(stageFigures),
    ],
    charts: [lossChart(stages, metrics.length), ...rateChart(stages, metric)],
  });
}

interface Stage {
  readonly name: string;
  readonly metrics: readonly TrainingMetric[];
}

/** Consecutive metrics of the same stage. */
function stagesOf(metrics: readonly TrainingMetric[]): Stage[] {
  const stages: { name: string; metrics: TrainingMetric[] }[] = [];
  for (const metric of metrics) {
    if (stages.at(-1)?.name !== metric.stage) stages.push({ name: metric.stage, metrics: [] });
    stages.at(-1)!.metrics.push(metric);
  }
  return stages;
}

type Validated = TrainingMetric & { readonly validation: NonNullable<TrainingMetric["validation"]> };

const isValidated = (metric: TrainingMetric): metric is Validated => metric.validation !== undefined;

/** The last validation that was the best so far; each stage starts over. */
const bestOf = (metrics: readonly TrainingMetric[]): Validated | undefined =>
  metrics.filter(isValidated).findLast(({ validation }) => validation.best);

function bestFigures({ step, validation }: Validated, { id, key, title }: TaskMetric, trials: number): FigureDraft[] {
  const rate = validation[key];
  const at = `best validation of the last stage, step ${step}`;
  const loss = { id: "loss.validation", label: `Loss, nats, ${at}`, value: validation.loss, unit: "1", trials };
  return rate === undefined
    ? [loss]
    : [{ id: `${id}.validation`, label: `${title}, ${at}`, value: rate, unit: "1", trials }, loss];
}

const stageFigures = ({ name, metrics }: Stage, i: number): FigureDraft[] => {
  const best = bestOf(metrics);
  const losses: FigureDraft[] = [
    { id: `loss.stage.${i}.last`, label: `Loss of the last batch, ${name}`, value: metrics.at(-1)!.loss, unit: "1" },
  ];
  if (best) {
    const label = `Loss of the best validation, ${name}, step ${best.step}`;
    losses.push({ id: `loss.stage.${i}.validation`, label, value: best.validation.loss, unit: "1" });
  }
  return losses;
};

/** One curve per stage, or a single curve if there are many. */
const drawnStages = (stages: readonly Stage[]): readonly Stage[] =>
  stages.length <= MOST_STAGES
    ? stages
    : [{ name: `${stages.length} stages`, metrics: stages.flatMap(({ metrics }) => metrics) }];

type Points = LinesChart["series"][number]["points"];

function lossChart(stages: readonly Stage[], lines: number): ChartDraft {
  const size = Math.ceil(lines / MOST_POINTS);
  const series = drawnStages(stages).flatMap(({ name, metrics }) => [
    { name: `${name}: batches`, points: condensed(metrics, size, ({ loss }) => loss) },
    {
      name: `${name}: validation`,
      dashed: true,
      points: condensed(metrics.filter(isValidated), size, ({ validation }) => validation.loss),
    },
  ]);
  return {
    kind: "lines",
    id: "loss",
    title: "Loss over optimiser steps",
    caption:
      "Batches: the loss that a step lowers, with penalties and a teacher's labels where a stage has them. Validations: the cross-entropy, nats " +
      `per decision. ${condensedText(size)}`,
    x: { label: "optimiser steps" },
    y: { label: "loss", scale: "log" },
    series: series.filter(({ points }) => points.length > 0),
  };
}

function rateChart(stages: readonly Stage[], { id, key, title, name }: TaskMetric): ChartDraft[] {
  const rated = drawnStages(stages).map((stage) => ({
    name: stage.name,
    metrics: stage.metrics.filter((metric) => metric.validation?.[key] !== undefined),
  }));
  const size = Math.ceil(rated.reduce((sum, { metrics }) => sum + metrics.length, 0) / MOST_POINTS);
  const series = rated
    .map((stage) => ({ name: stage.name, points: condensed(stage.metrics, size, (one) => one.validation![key]!) }))
    .filter(({ points }) => points.length > 0);
  if (series.length === 0) return [];
  return [
    {
      kind: "lines",
      id: `${id}.validation`,
      title: `${title} over optimiser steps`,
      caption: `Validations, without hardware: the ${name}. ${condensedText(size)}`,
      x: { label: "optimiser steps" },
      y: { label: title, scale: "log" },
      series,
    },
  ];
}

const condensedText = (size: number): string =>
  size > 1 ? `A point is the mean of up to ${size} consecutive values.` : "Every value is a point.";

/** Means of `size` consecutive values, at the mean of their steps. */
function condensed<T extends TrainingMetric>(metrics: readonly T[], size: number, of: (metric: T) => number): Points {
  const groups = Array.from({ length: Math.ceil(metrics.length / Math.max(1, size)) }, (_, i) =>
    metrics.slice(i * size, (i + 1) * size),
  );
  return groups.map((group) => ({
    x: group.reduce((sum, { step }) => sum + step, 0) / group.length,
    y: group.reduce((sum, metric) => sum + of(metric), 0) / group.length,
  }));
}
