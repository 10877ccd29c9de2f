/**
 * Builds a checked report from the results of a job.
 *
 * `buildReport` completes the fields that follow from others and refuses NaN, infinities and repeated ids, because a silently wrong report
 * is worse than none. `checkReport` applies the same rules to files.
 */
import type { z } from "zod";
import { ValueError } from "../errors.ts";
import {
  type briefSpec,
  type Chart,
  type Claim,
  type chartSpec,
  type Figure,
  type Report,
  type ReportSource,
  reportSpec,
} from "./report.ts";

/** A chart as written; fields with a default are optional. */
export type ChartDraft = z.input<typeof chartSpec>;

/** A short answer as written. */
export type BriefDraft = z.input<typeof briefSpec>;

/** A figure as written: seed and command default to the report's. */
export type FigureDraft = Omit<Figure, "seed" | "command"> & Partial<Pick<Figure, "seed" | "command">>;

/** A claim as written: with `figure`, `ours` and `unit` are read from there; between numbers the difference is computed. */
export type ClaimDraft = Pick<Claim, "id" | "source" | "claim" | "paper" | "why"> &
  Partial<Pick<Claim, "ours" | "figure" | "difference" | "unit" | "comparable">>;

/** The input of `buildReport`. */
export interface ReportDraft
  extends Pick<Report, "title" | "summary" | "description" | "command" | "seed" | "versions"> {
  readonly experiment?: Report["experiment"];
  readonly notes?: readonly string[];
  readonly sources?: readonly ReportSource[];
  /** Defaults to the first three figures. */
  readonly highlights?: readonly string[];
  readonly brief?: BriefDraft;
  readonly figures: readonly FigureDraft[];
  readonly charts?: readonly ChartDraft[];
  readonly claims?: readonly ClaimDraft[];
}

/**
 * A checked report.
 *
 * Throws  ValueError, with the id in its path, for a value that is NaN or infinite, an interval that does not contain its
 *         value, an id used twice, and a highlight, brief or claim that names no figure
 *
 * @example
 * buildReport({ ...header, figures: [{ id: "ber.ann", label: "ANN", value: 0.05, unit: "1" }] }).figures[0].seed; // header's
 */
export function buildReport(draft: ReportDraft): Report {
  const { seed, command } = draft;
  const figures = draft.figures.map((figure) => ({
    ...figure,
    seed: figure.seed ?? seed,
    command: figure.command ?? command,
  }));
  return checkReport({
    format: "xpikeformer-report",
    version: 1,
    ...draft,
    notes: [...(draft.notes ?? [])],
    sources: [...(draft.sources ?? [])],
    highlights: [...(draft.highlights ?? figures.slice(0, 3).map(({ id }) => id))],
    figures,
    charts: [...(draft.charts ?? [])],
    claims: (draft.claims ?? []).map((claim) => completeClaim(claim, figures)),
  });
}

function completeClaim(claim: ClaimDraft, figures: readonly Figure[]): Partial<Claim> {
  const figure = figures.find(({ id }) => id === claim.figure);
  if (claim.figure && !figure) {
    throw new ValueError(`report.claims[${claim.id}]`, `No figure has the id ${claim.figure}.`);
  }
  const ours = claim.ours ?? figure?.value;
  const computed = typeof ours === "number" && typeof claim.paper === "number" ? ours - claim.paper : "not comparable";
  return {
    ...claim,
    ours,
    unit: claim.unit ?? figure?.unit,
    difference: claim.difference ?? computed,
  } as Partial<Claim>;
}

/** Checks plain data, such as a parsed file. Throws ValueError as `buildReport`. */
export function checkReport(data: unknown): Report {
  const result = reportSpec.safeParse(data);
  if (!result.success) {
    const problems = result.error.issues.map((issue) => ({ path: pathById(data, issue.path), message: issue.message }));
    const more = problems.length > 1 ? ` There are ${problems.length - 1} more problems.` : "";
    throw new ValueError(problems[0].path, `${problems[0].message}.${more}`);
  }
  const report = result.data;
  checkIds(report);
  for (const figure of report.figures) checkInterval(figure);
  for (const chart of report.charts) checkChart(chart);
  return report;
}

/** `figures[3].value` becomes `figures[ber.ann].value`: an id finds the place in the code that made the value. */
function pathById(data: unknown, path: readonly PropertyKey[]): string {
  let value = data;
  let result = "report";
  for (const step of path) {
    value = (value as Record<PropertyKey, unknown> | undefined)?.[step];
    const id = (value as { id?: unknown } | null | undefined)?.id;
    result += typeof step === "number" ? `[${typeof id === "string" ? id : step}]` : `.${String(step)}`;
  }
  return result;
}

function checkIds(report: Report): void {
  for (const list of ["figures", "charts", "claims"] as const) {
    const seen = new Set<string>();
    for (const { id } of report[list]) {
      if (seen.has(id))
        throw new ValueError(`report.${list}[${id}]`, `The id ${id} is used twice. Ids name one thing each.`);
      seen.add(id);
    }
  }
  const figures = new Set(report.figures.map(({ id }) => id));
  for (const id of report.highlights) {
    if (!figures.has(id)) throw new ValueError("report.highlights", `No figure has the id ${id}.`);
  }
  for (const id of report.brief?.rows.flatMap(({ figure, also }) => [figure, also?.figure ?? figure]) ?? []) {
    if (!figures.has(id)) throw new ValueError("report.brief", `No figure has the id ${id}.`);
  }
  const { chart } = report.brief ?? {};
  if (chart !== undefined && !report.charts.some(({ id, kind }) => id === chart && kind === "lines")) {
    throw new ValueError("report.brief", `No chart of lines has the id ${chart}.`);
  }
  for (const { id, figure } of report.claims) {
    if (figure && !figures.has(figure)) throw new ValueError(`report.claims[${id}]`, `No figure has the id ${figure}.`);
  }
}

function checkInterval({ id, value, interval }: Figure): void {
  if (!interval || (interval.low <= value && value <= interval.high)) return;
  throw new ValueError(
    `report.figures[${id}]`,
    `The interval ${interval.low} .. ${interval.high} does not hold ${value}.`,
  );
}

function checkChart(chart: Chart): void {
  const path = `report.charts[${chart.id}]`;
  if (chart.kind === "heat") {
    const [rows, columns] = [chart.y.ticks.length, chart.x.ticks.length];
    if (chart.values.length !== rows || chart.values.some((row) => row.length !== columns)) {
      throw new ValueError(path, `${rows} x ${columns} ticks need as many values, row by row.`);
    }
  }
  if (chart.kind === "lines" || chart.kind === "bars") {
    for (const { ticks = [], tickLabels = ticks } of chart.kind === "lines" ? [chart.x, chart.y] : [chart.value]) {
      if (ticks.length === tickLabels.length) continue;
      throw new ValueError(path, `${tickLabels.length} labels for ${ticks.length} ticks: give one for each.`);
    }
  }
  if (chart.kind === "lines" && chart.x.scale === "log") {
    const bad = chart.series.find(({ points }) => points.some(({ x }) => x <= 0));
    if (bad) throw new ValueError(path, `${bad.name} has a point at x <= 0, which a logarithmic axis does not have.`);
  }
  if (chart.kind === "raster") {
    for (const { name, steps, tokens, features, spikes } of chart.layers) {
      const bytes = Math.ceil((steps * tokens * features) / 8);
      if (spikes.length !== 4 * Math.ceil(bytes / 3)) {
        throw new ValueError(
          path,
          `${name}: ${steps} x ${tokens} x ${features} bits are ${bytes} bytes, but the text holds another number.`,
        );
      }
    }
  }
}
