/**
 * The report of a study over age: error rates of networks from conventional and hardware-aware training, with and without drift
 * compensation, from programming to a year later. The claims of Table V stay in the file.
 */
import { deviceOfCrossbar } from "../device/catalogue.ts";
import type { CompensationSpec } from "../experiment/compensation.ts";
import type { Duration } from "../experiment/duration.ts";
import { mean } from "../numeric/statistics.ts";
import { pairedDifference, type Sample } from "../numeric/variance-components.ts";
import type { RegisterCounts } from "../simulation/registers.ts";
import { kitOf } from "../task/catalogue.ts";
import type { TaskMetric } from "../task/kit.ts";
import { buildReport, type ChartDraft, type ClaimDraft, type FigureDraft } from "./build-report.ts";
import { formatNumber, formatQuantity } from "./format.ts";
import { meanFigure } from "./measured.ts";
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
  signedWithInterval,
  spreadFigures,
} from "./study.ts";

export interface DriftCurve {
  readonly role: StudyRole;
  readonly compensated: boolean;
  /** Error rates by age. */
  readonly rates: readonly Sample[];
  /** Share of conversions that clipped, by age and chip. */
  readonly clippedShares: readonly (readonly number[])[];
  /** Numbers that stopped at an end of a register, over all chips, by age. */
  readonly registers: readonly (RegisterCounts | null)[];
}

export interface DriftRun extends StudyRun {
  /** Ascending. */
  readonly ages: readonly Duration[];
  readonly curves: readonly DriftCurve[];
  /** The compensation of the compensated curves. */
  readonly compensation: CompensationSpec;
}

/** `hwat.compensated`, as in the ids of figures. */
const curveId = ({ role, compensated }: DriftCurve) => `${role}.${compensated ? "compensated" : "uncompensated"}`;

const shortName = (run: DriftRun, { role, compensated }: DriftCurve) =>
  `${roleLabel(role, run)}, ${compensated ? "compensated" : "uncompensated"}`;

interface CurveFigures {
  readonly curve: DriftCurve;
  readonly rates: readonly FigureDraft[];
  /** Changes since the first age, from the second age on. */
  readonly changes: readonly FigureDraft[];
}

export function driftReport(run: DriftRun): Report {
  const { experiment, ages, curves } = run;
  const measured = curves.map((curve) => measureCurve(run, curve));
  const [best] = measured;
  const last = best.rates.at(-1)!;
  const change = best.changes.at(-1);
  const metric = metricOf(experiment);
  const article = /^[aeiou]/.test(metric.name) ? "an" : "a";
  return buildReport({
    title: `${experiment.name}: ${metric.name} over the age of the chips`,
    summary:
      `${ages.at(-1)!.text} after programming, the network${run.hardwareAware ? ` from ${roleWords("hwat", run)}` : ""} with drift compensation reaches ${article} ` +
      `${metric.name} of ${formatQuantity(last).value}${change ? `, ${signedWithInterval(change)} compared with ${ages[0].text}` : ""}.`,
    description: describe(run),
    experiment,
    command: run.command,
    seed: experiment.seed,
    versions: { ...run.versions },
    notes: run.notes,
    sources: sourcesOf(experiment),
    highlights: highlights(measured),
    brief: { chart: `${metric.id}-drift` },
    figures: [
      ...measured.flatMap(({ rates }) => rates),
      ...measured.flatMap(({ changes }) => changes),
      ...comparisonFigures(run),
      ...curves.flatMap((curve) =>
        ages.flatMap(({ text }, i) =>
          spreadFigures(
            `${metric.id}.drift.${curveId(curve)}.${text}`,
            `${shortName(run, curve)}, ${text}`,
            curve.rates[i],
          ),
        ),
      ),
      ...curves.flatMap((curve) =>
        ages.map(({ text }, i) =>
          meanFigure(
            `adc.clipped.drift.${curveId(curve)}.${text}`,
            `Share of conversions that clip: ${shortName(run, curve)}, ${text}`,
            curve.clippedShares[i],
          ),
        ),
      ),
      ...curves.flatMap((curve) =>
        ages.flatMap(({ text }, i) =>
          registerFigures(
            `.drift.${curveId(curve)}.${text}`,
            `: ${shortName(run, curve)}, ${text}`,
            curve.registers[i],
          ),
        ),
      ),
    ],
    charts: charts(run, measured),
    claims: claims(run),
  });
}

/** The rate at the last age, its change, and that of the next curve; only rates at a single age. */
function highlights(measured: readonly CurveFigures[]): string[] {
  const lasts = measured.map(({ rates }) => rates.at(-1)!);
  const changes = measured.flatMap((curve) => curve.changes.slice(-1));
  return [lasts[0], ...changes, ...lasts.slice(1)].slice(0, 3).map(({ id }) => id);
}

function measureCurve(run: DriftRun, curve: DriftCurve): CurveFigures {
  const { ages, experiment } = run;
  const name = shortName(run, curve);
  const id = (i: number) => `${metricOf(experiment).id}.drift.${curveId(curve)}.${ages[i].text}`;
  const rates = ages.map(({ text }, i) => rateFigure(id(i), `${name}, ${text}`, curve.rates[i]));
  const changes = ages
    .map(({ text }, i) =>
      changeFigure(`${id(i)}.change`, `${name}, ${text} minus ${ages[0].text}`, curve.rates[i], curve.rates[0]),
    )
    .slice(1);
  return { curve, rates, changes };
}

/** Paired comparisons at the last age: gains of hardware-aware training and of compensation, and the effect of training on the change. */
function comparisonFigures(run: DriftRun): FigureDraft[] {
  const { ages, curves, experiment } = run;
  const { text } = ages.at(-1)!;
  const curveOf = (role: StudyRole, compensated: boolean) =>
    curves.find((curve) => curve.role === role && curve.compensated === compensated)?.rates;
  const find = (role: StudyRole, compensated: boolean) => curveOf(role, compensated)?.at(-1);
  const changeOf = (role: StudyRole, compensated: boolean) => {
    const rates = curveOf(role, compensated);
    return rates && ages.length > 1 ? pairedDifference(rates.at(-1)!, rates[0]) : undefined;
  };
  const figures: FigureDraft[] = [];
  const compare = (id: string, label: string, a: Sample | undefined, b: Sample | undefined) => {
    if (a && b) figures.push(changeFigure(`${metricOf(experiment).id}.drift.${id}.${text}`, `${label}, ${text}`, a, b));
  };
  for (const compensated of [true, false]) {
    const word = compensated ? "compensated" : "uncompensated";
    compare(
      `gap.${word}`,
      `${roleLabel("hwat", run)} minus CT, ${word}`,
      find("hwat", compensated),
      find("ct", compensated),
    );
    const label = `${roleLabel("hwat", run)}'s change minus CT's since ${ages[0].text}, ${word}`;
    compare(`gap.change.${word}`, label, changeOf("hwat", compensated), changeOf("ct", compensated));
  }
  for (const role of ["hwat", "ct"] as const) {
    const label = `Compensated minus uncompensated, ${roleLabel(role, run)}`;
    compare(`gain.${role}`, label, find(role, true), find(role, false));
  }
  return figures;
}

function describe(run: DriftRun): string {
  const { experiment, compensation } = run;
  const { crossbar, adc } = experiment.hardware;
  const { scope, readout, schedule } = compensation;
  return (
    `${describeSize(run)}, the same at every age and for every curve. Each chip is programmed once, and differences are ` +
    `paired. ${run.hardwareAware ? "HWAT is the network after hardware-aware training" : "Network is checkpoints.network, trained without device noise"}, CT the network after conventional training only. ` +
    `Devices: ${deviceOfCrossbar(crossbar).name}, ${crossbar.conductanceBits ?? "continuous"}-bit conductances, ` +
    `${adc.bits ?? "exact"}-bit converters with ranges calibrated one second after programming. Compensated: one factor per ` +
    `${scope}, read as ${readout}, ${whenMeasured(schedule)}. Read-outs are exact, and converter ranges follow the factor.`
  );
}

/** When the factors are measured, in words; their age decides how well compensation works. */
function whenMeasured(schedule: CompensationSpec["schedule"]): string {
  switch (schedule.kind) {
    case "at-use":
      return "measured just before each use, the best case for calibration";
    case "interval":
      return `measured every ${schedule.seconds} s`;
    case "geometric":
      return `measured ${schedule.first} s after programming and at ages that grow by a factor of ${schedule.ratio}`;
  }
}

function charts(run: DriftRun, measured: readonly CurveFigures[]): ChartDraft[] {
  const { ages, experiment } = run;
  const metric = metricOf(experiment);
  const x = {
    label: "Time after programming",
    scale: "log" as const,
    ticks: ages.map(({ seconds }) => seconds),
    tickLabels: ages.map(({ text }) => text),
  };
  const list: ChartDraft[] = [
    {
      kind: "lines",
      id: `${metric.id}-drift`,
      title: `${metric.title} over the age of the chips`,
      caption:
        `The same programmed chips answer the same ${metric.trial}s at every age. Intervals hold for new chips and new ` +
        `${metric.trial}s. Dashed: without drift compensation.`,
      x,
      y: { label: metric.title, scale: "log" },
      series: measured.map(({ curve, rates }) => ({
        name: shortName(run, curve),
        dashed: !curve.compensated,
        points: rates.map((rate, i) => pointAt(ages[i].seconds, rate)),
      })),
    },
  ];
  if (ages.length > 1) {
    list.push({
      kind: "lines",
      id: `${metric.id}-drift-change`,
      title: `Change of the ${metric.name} since ${ages[0].text}`,
      caption: `Paired by chip, read and ${metric.trial}, so that errors common to both ages cancel.`,
      x: { ...x, ticks: x.ticks.slice(1), tickLabels: x.tickLabels.slice(1) },
      y: { label: `${metric.title} minus that at ${ages[0].text}` },
      series: measured.map(({ curve, changes }) => ({
        name: shortName(run, curve),
        dashed: !curve.compensated,
        points: changes.map((change, i) => pointAt(ages[i + 1].seconds, change)),
      })),
      rules: [{ label: "no change", y: 0 }],
    });
  }
  return list;
}

/** Table V of the paper, ImageNet-1K, ViT-8-768: change of the accuracy in a year, percentage points. */
const TABLE_V: readonly (readonly [StudyRole, boolean, number])[] = [
  ["hwat", true, -2.09],
  ["ct", true, -7.7],
  ["hwat", false, -65.04],
  ["ct", false, -64.4],
];
const YEAR = 365 * 86_400;

/** Claims about another network on other data, hence not comparable: they stay in the file. */
const claims = (run: DriftRun): ClaimDraft[] => paperClaims(run).map((claim) => ({ ...claim, comparable: false }));

function paperClaims(run: DriftRun): ClaimDraft[] {
  const { ages, curves, experiment, hardwareAware } = run;
  const year = ages.findIndex(({ seconds }) => seconds === YEAR);
  if (year < 1) return [];
  const found = TABLE_V.flatMap(([role, compensated, points]) => {
    const curve = curves.find((curve) => curve.role === role && curve.compensated === compensated);
    return curve && (role === "ct" || hardwareAware) ? [{ curve, points }] : [];
  });
  const metric = metricOf(experiment);
  const why = kitOf(experiment.task).paper.drift;
  const changes = found.map(
    ({ curve, points }): ClaimDraft => ({
      id: `table-v-${curve.role}-${curve.compensated ? "compensated" : "uncompensated"}`,
      source: "Table V, 8-768, ImageNet-1K",
      claim: `Change in a year: ${shortName(run, curve)}`,
      paper: `${formatNumber(points, 2)} points of accuracy`,
      figure: `${metric.id}.drift.${curveId(curve)}.${ages[year].text}.change`,
      why,
    }),
  );
  return found.length === TABLE_V.length ? [...changes, orderClaim(run, found, year, metric)] : changes;
}

/** The order of the means, and whether the paper's main difference (HWAT below CT with compensation) is significant. */
function orderClaim(
  run: DriftRun,
  found: readonly { readonly curve: DriftCurve }[],
  year: number,
  metric: TaskMetric,
): ClaimDraft {
  const rates = (role: StudyRole) =>
    found.find(({ curve }) => curve.role === role && curve.compensated)!.curve.rates[year];
  const gap = changeFigure("gap", "HWAT minus CT", rates("hwat"), rates("ct"));
  const { low, high } = gap.interval!;
  const verdict = high < 0 ? "the paper's order" : low > 0 ? "the opposite order" : "not distinguishable";
  return {
    id: "table-v-order",
    source: "Table V",
    claim: "Order after a year, best first",
    paper: "HWAT compensated; CT compensated; both uncompensated",
    ours: found
      .map(({ curve }) => ({ name: shortName(run, curve), rate: mean(curve.rates[year].values) }))
      .sort((a, b) => a.rate - b.rate)
      .map(({ name, rate }) => `${name} ${rate.toFixed(4)}`)
      .join("; "),
    difference: verdict,
    unit: "1",
    why: `Ordered by mean ${metric.name}. HWAT minus CT, both compensated and paired: ${signedWithInterval(gap)}.`,
  };
}
