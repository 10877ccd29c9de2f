/**
 * Results as a value: everything that a run found, as plain data that can be saved, compared and drawn.
 *
 * Each number is a figure with a stable dotted id (`ber.xpikeformer`), an interval where it was sampled, its unit, its seed
 * and the command that makes it again. Charts hold data, not drawings; claims set the paper's numbers beside ours. The
 * same value becomes a terminal table (`table.ts`), JSON (`json.ts`) and a page (`html.ts`), so the three cannot disagree.
 *
 * `buildReport` is the way in: it fills in what follows from the rest and refuses NaN, infinities and repeated ids, because
 * a report that is wrong in silence is worse than none.
 */
import { z } from "zod";
import { ValueError } from "../errors.ts";
import { experimentSpec } from "../spec/experiment.ts";

/** Lower-case or camelCase words joined by dots: `ber.mmse.pilots`, `density.blocks.0.qkv`. */
export const reportId = z
  .string()
  .max(120)
  .regex(/^[a-z0-9][A-Za-z0-9-]*(\.[A-Za-z0-9-]+)*$/, "is no dotted id such as ber.mmse.pilots");

const text = z.string().min(1).max(4000);

export const intervalSpec = z.strictObject({
  low: z.number(),
  high: z.number(),
  /** What the interval is: `95 % prompt-clustered`, `95 % Student, 10 chips`. */
  kind: text,
});

export const figureSpec = z.strictObject({
  /** Stable across versions: other programs look figures up by it. */
  id: reportId,
  label: text,
  value: z.number(),
  interval: intervalSpec.optional(),
  /** SI (`J`, `s`, `m2`), `1` for a ratio or share, or the thing counted (`crossbars`). */
  unit: z.string().min(1).max(40),
  /** Independent decisions, chips or draws behind the value. */
  trials: z.int().min(1).optional(),
  /** Seed of the root stream. */
  seed: z.int().min(0),
  /** Makes this figure again. */
  command: text,
});

const axisSpec = z.strictObject({
  label: text,
  scale: z.enum(["linear", "log"]).default("linear"),
  /** Where the axis is labelled; chosen from the data when left out. */
  ticks: z.array(z.number()).max(100).optional(),
  /** What stands at each of `ticks` in place of its number. */
  tickLabels: z.array(z.string().min(1).max(40)).max(100).optional(),
});

const chartBase = {
  id: reportId,
  title: text,
  /** What is to be seen and how it was made, in full sentences. */
  caption: z.string().max(4000).default(""),
};

export const linesSpec = z.strictObject({
  kind: z.literal("lines"),
  ...chartBase,
  x: axisSpec,
  y: axisSpec,
  series: z
    .array(
      z.strictObject({
        name: text,
        /** For references and bounds, in contrast to what the report is about. */
        dashed: z.boolean().default(false),
        points: z
          .array(
            z.strictObject({ x: z.number(), y: z.number(), low: z.number().optional(), high: z.number().optional() }),
          )
          .max(10_000),
      }),
    )
    .min(1)
    .max(24),
  /** Horizontal lines, such as a published value. */
  rules: z
    .array(z.strictObject({ label: text, y: z.number() }))
    .max(12)
    .default([]),
});

export const barsSpec = z.strictObject({
  kind: z.literal("bars"),
  ...chartBase,
  /** The axis of the bars' length. */
  value: axisSpec,
  bars: z
    .array(
      z.strictObject({
        label: text,
        value: z.number(),
        low: z.number().optional(),
        high: z.number().optional(),
        /** Bars of one group share a colour; groups are named in the legend. */
        group: text.optional(),
      }),
    )
    .min(1)
    .max(400),
});

export const rasterLayerSpec = z.strictObject({
  name: text,
  steps: z.int().min(1).max(4096),
  tokens: z.int().min(1).max(65_536),
  features: z.int().min(1).max(65_536),
  /** Share of bits that are 1. */
  density: z.number().min(0).max(1),
  /** Bits `[step][token][feature]` without gaps, eight to a byte, least significant first, in base64. */
  spikes: z.base64().max(4_000_000),
});

export const rasterSpec = z.strictObject({
  kind: z.literal("raster"),
  ...chartBase,
  layers: z.array(rasterLayerSpec).min(1).max(200),
});

export const heatSpec = z.strictObject({
  kind: z.literal("heat"),
  ...chartBase,
  /** Along the columns. */
  x: z.strictObject({ label: text, ticks: z.array(z.string().max(200)).min(1).max(1024) }),
  /** Along the rows, from the top. */
  y: z.strictObject({ label: text, ticks: z.array(z.string().max(200)).min(1).max(1024) }),
  /** What a cell's colour stands for. */
  label: text,
  /** `[row][column]`, one per pair of ticks. */
  values: z.array(z.array(z.number())).min(1),
});

export const layoutLayerSpec = z.strictObject({
  name: text,
  inputs: z.int().min(1),
  outputs: z.int().min(1),
  crossbars: z
    .array(
      z.strictObject({
        /** Which block of inputs, from the top. */
        rowBlock: z.int().min(0).max(4096),
        /** Which block of outputs, from the left. */
        columnBlock: z.int().min(0).max(4096),
        usedRows: z.int().min(0),
        usedColumns: z.int().min(0),
        /** Number of the tile that it sits on. */
        tile: z.int().min(0),
      }),
    )
    .min(1)
    .max(20_000),
});

export const layoutSpec = z.strictObject({
  kind: z.literal("layout"),
  ...chartBase,
  /** Size of every crossbar, in cells. */
  crossbar: z.strictObject({ rows: z.int().min(1), columns: z.int().min(1) }),
  layers: z.array(layoutLayerSpec).min(1).max(1000),
});

export const chartSpec = z.discriminatedUnion("kind", [linesSpec, barsSpec, rasterSpec, heatSpec, layoutSpec]);

const quantity = z.union([z.number(), text]);

export const claimSpec = z.strictObject({
  id: reportId,
  /** Where it is printed: `Table IV, 2x2, 4-256`. */
  source: text,
  claim: text,
  paper: quantity,
  ours: quantity,
  /** Id of the figure that `ours` repeats. */
  figure: reportId.optional(),
  /** Ours minus the paper's when both are numbers; otherwise words. */
  difference: quantity,
  unit: z.string().min(1).max(40).default("1"),
  why: text,
});

export const sourceSpec = z.strictObject({
  /** Full reference: authors, title, venue, year. */
  text,
  /** What was taken from it. */
  usedFor: text,
  /** Shown as a link that nothing loads. */
  url: z.url({ protocol: /^https$/ }).optional(),
});

export const reportSpec = z.strictObject({
  format: z.literal("xpikeformer-report"),
  version: z.literal(1),
  title: text,
  /** The result in one sentence, with its number. */
  summary: text,
  /** What was run, on what, in a paragraph. */
  description: text,
  /** Left out where no experiment was run, as for the cost of a published model. */
  experiment: experimentSpec.optional(),
  /** Makes the whole report again. */
  command: text,
  seed: z.int().min(0),
  /** Name to version: the package, the engine. */
  versions: z.record(z.string(), z.string()),
  /** Whatever makes a result worse or different without failing: clipped weights, one thread only, a missing checkpoint. */
  notes: z.array(text),
  sources: z.array(sourceSpec),
  /** Ids of the figures to show first. */
  highlights: z.array(reportId).max(12),
  figures: z.array(figureSpec),
  charts: z.array(chartSpec),
  claims: z.array(claimSpec),
});

export type Report = z.infer<typeof reportSpec>;
export type Figure = z.infer<typeof figureSpec>;
export type Chart = z.infer<typeof chartSpec>;
export type LinesChart = z.infer<typeof linesSpec>;
export type BarsChart = z.infer<typeof barsSpec>;
export type RasterChart = z.infer<typeof rasterSpec>;
export type RasterLayer = z.infer<typeof rasterLayerSpec>;
export type HeatChart = z.infer<typeof heatSpec>;
export type LayoutChart = z.infer<typeof layoutSpec>;
export type Claim = z.infer<typeof claimSpec>;
export type Source = z.infer<typeof sourceSpec>;

/** A chart as written: what has a default may be left out. */
export type ChartDraft = z.input<typeof chartSpec>;

/** A figure as written: seed and command default to the report's. */
export type FigureDraft = Omit<Figure, "seed" | "command"> & Partial<Pick<Figure, "seed" | "command">>;

/** A claim as written: with `figure`, `ours` and `unit` are read from there; between numbers the difference is computed. */
export type ClaimDraft = Pick<Claim, "id" | "source" | "claim" | "paper" | "why"> &
  Partial<Pick<Claim, "ours" | "figure" | "difference" | "unit">>;

/** What a stage that makes results hands over. */
export interface ReportDraft
  extends Pick<Report, "title" | "summary" | "description" | "command" | "seed" | "versions"> {
  readonly experiment?: Report["experiment"];
  readonly notes?: readonly string[];
  readonly sources?: readonly Source[];
  /** Defaults to the first three figures. */
  readonly highlights?: readonly string[];
  readonly figures: readonly FigureDraft[];
  readonly charts?: readonly ChartDraft[];
  readonly claims?: readonly ClaimDraft[];
}

/**
 * A checked report.
 *
 * Throws  ValueError, with the id in its path, for a value that is NaN or infinite, an interval that does not hold its
 *         value, an id used twice, and a highlight or claim that names no figure
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
