/** The report of a study over one field of the experiment: error rate against its values, at one or several ages. */
import type { Duration } from "../experiment/duration.ts";
import type { SweepValue } from "../experiment/sweep.ts";
import type { Sample } from "../numeric/variance-components.ts";
import type { RegisterCounts } from "../simulation/registers.ts";
import { buildReport, type ChartDraft, type FigureDraft } from "./build-report.ts";
import { formatQuantity } from "./format.ts";
import { registerFigures } from "./registers.ts";
import type { Report } from "./report.ts";
import { sourcesOf } from "./sources.ts";
import {
  changeFigure,
  describeSize,
  metricOf,
  pointAt,
  rateFigure,
  roleLabel,
  roleWords,
  type StudyRole,
  type StudyRun,
  spreadFigures,
} from "./study.ts";

export interface SweepCurve {
  readonly role: StudyRole;
  /** Null if every value is read at the experiment's own time. */
  readonly age: Duration | null;
  /** Error rates by value. */
  readonly rates: readonly Sample[];
  /**
   * Integers that saturated a register, over all chips, by value. Over time steps a single run covers all values and has one entry.
   */
  readonly registers: readonly (RegisterCounts | null)[];
}

export interface SweepRun extends StudyRun {
  /** `steps`, or a field of `hardware` such as `adc.bits`. */
  readonly field: string;
  readonly values: readonly SweepValue[];
  /** Index of the reference value. */
  readonly base: number;
  readonly curves: readonly SweepCurve[];
}

export function sweepReport(run: SweepRun): Report {
  const { experiment, field, values, base, curves } = run;
  const metric = metricOf(experiment);
  const measured = curves.map((curve) => ({ curve, rates: rateFigures(run, curve) }));
  const { rates } = measured[0];
  const best = rates.reduce((least, rate, i) => (rate.value < rates[least].value ? i : least), 0);
  // Describes only the first of several curves.
  const the = curves.length > 1 ? `${curveName(run, curves[0])}: the` : "The";
  const at = (i: number) => `${formatQuantity(rates[i]).value} at ${String(values[i])}`;
  return buildReport({
    title: `${experiment.name}: ${metric.name} over ${field}`,
    summary:
      `${the} lowest ${metric.name} over ${values.length} values of ${field} is ${at(best)}` +
      `${best === base ? "." : `, compared with ${at(base)}.`}`,
    description:
      `${describeSize(run)}, the same at every value, ${ageText(run)}; drift compensation: ` +
      `${experiment.hardware.compensation.scope}. Only ${field} differs from the experiment; differences are paired.`,
    experiment,
    command: run.command,
    seed: experiment.seed,
    versions: { ...run.versions },
    notes: run.notes,
    sources: sourcesOf(experiment),
    // If the experiment's own value is best, other values follow it.
    highlights: [...new Set([base, best, ...rates.keys()])].slice(0, 3).map((i) => rates[i].id),
    brief: { chart: `${metric.id}-sweep` },
    figures: [
      ...measured.flatMap(({ rates }) => rates),
      ...curves.flatMap((curve) => changeFigures(run, curve)),
      ...curves.flatMap((curve) =>
        values.flatMap((_, i) => spreadFigures(pointId(run, curve, i), pointLabel(run, curve, i), curve.rates[i])),
      ),
      ...curves.flatMap((curve) => stoppedFigures(run, curve)),
    ],
    charts: [chart(run, measured)],
  });
}

/** `ber.sweep.adc.bits.5.hwat`, or `error. ...` for images, with the suffix `.1y` if there are ages. */
const pointId = (run: SweepRun, curve: SweepCurve, i: number): string =>
  `${metricOf(run.experiment).id}.${placeId(run, curve, run.values[i])}`;

const placeId = ({ field }: SweepRun, { role, age }: SweepCurve, ...value: SweepValue[]): string =>
  ["sweep", field, ...value.map(String), role, ...(age ? [age.text] : [])].join(".");

const curveName = (run: SweepRun, { role, age }: SweepCurve): string =>
  roleLabel(role, run) + (age ? `, ${age.text}` : "");

const pointLabel = (run: SweepRun, curve: SweepCurve, i: number): string =>
  `${curveName(run, curve)}, ${run.field} ${String(run.values[i])}`;

const rateFigures = (run: SweepRun, curve: SweepCurve): FigureDraft[] =>
  curve.rates.map((rates, i) => rateFigure(pointId(run, curve, i), pointLabel(run, curve, i), rates));

function changeFigures(run: SweepRun, curve: SweepCurve): FigureDraft[] {
  const { values, base } = run;
  return curve.rates.flatMap((rates, i) =>
    i === base
      ? []
      : changeFigure(
          `${pointId(run, curve, i)}.change`,
          `${pointLabel(run, curve, i)} minus ${String(values[base])}`,
          rates,
          curve.rates[base],
        ),
  );
}

/** Saturated integers at each value; over time steps, in the run that covers all. */
const stoppedFigures = (run: SweepRun, curve: SweepCurve): FigureDraft[] =>
  curve.registers.flatMap((counts, i) =>
    curve.registers.length < run.values.length
      ? registerFigures(`.${placeId(run, curve)}`, `: ${curveName(run, curve)}`, counts)
      : registerFigures(`.${placeId(run, curve, run.values[i])}`, `: ${pointLabel(run, curve, i)}`, counts),
  );

function ageText({ curves, experiment, field }: SweepRun): string {
  if (field === "readTime") return "each read at its own age";
  const ages = [...new Set(curves.flatMap(({ age }) => (age ? [age.text] : [])))];
  return `read ${ages.length > 0 ? ages.join(", ") : `${experiment.hardware.readTime} s`} after programming`;
}

function chart(
  run: SweepRun,
  measured: readonly { readonly curve: SweepCurve; readonly rates: readonly FigureDraft[] }[],
): ChartDraft {
  const { experiment, field, values } = run;
  const metric = metricOf(experiment);
  const numbers = values.filter((value) => typeof value === "number");
  const ordered = numbers.length === values.length;
  const x = ordered ? numbers : values.map((_, i) => i);
  const roles = new Set(measured.map(({ curve }) => curve.role));
  const names = [...roles].map((role) => `${roleLabel(role, run)}: ${roleWords(role, run)}.`).join(" ");
  return {
    kind: "lines",
    id: `${metric.id}-sweep`,
    title: `${metric.title} over ${field}`,
    caption: `The same chips and ${metric.trial}s at every value. ${names}${ordered ? "" : " Lines between named values only guide the eye."}`,
    x: { label: field, ticks: x, tickLabels: values.map(String) },
    y: { label: metric.title, scale: "log" },
    series: measured.map(({ curve, rates }) => ({
      name: curveName(run, curve),
      dashed: curve.role === "ct",
      points: rates.map((rate, i) => pointAt(x[i], rate)).sort((a, b) => a.x - b.x),
    })),
  };
}
