/**
 * Results as a value: all results of a run, as plain data that can be saved, compared and drawn.
 *
 * Each number is a figure with a stable dotted id (`ber.xpikeformer`), an interval where it was sampled, its unit, its seed
 * and the command that reproduces it. Charts hold data, not drawings; claims pair the paper's numbers with ours. The same
 * value becomes a terminal table (`table.ts`), JSON (`json.ts`) and a page (`html.ts`), so the three cannot disagree.
 *
 * This file has the schema and its types; `buildReport` (`build-report.ts`) creates a report.
 */
import { z } from "zod";
import { MOST_AGES } from "../experiment/duration.ts";
import { experimentSpec } from "../experiment/experiment.ts";

/** Lower-case or camelCase words joined by dots: `ber.mmse.pilots`, `density.blocks.0.qkv`. */
export const reportId = z
  .string()
  .max(120)
  .regex(/^[a-z0-9][A-Za-z0-9-]*(\.[A-Za-z0-9-]+)*$/, "is no dotted id such as ber.mmse.pilots");

const text = z.string().min(1).max(4000);

export const intervalSpec = z.strictObject({
  low: z.number(),
  high: z.number(),
  /** Kind of the interval: `95 % prompt-clustered`, `95 % Student, 10 chips`. */
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
  /** Reproduces this figure. */
  command: text,
});

const axisSpec = z.strictObject({
  label: text,
  scale: z.enum(["linear", "log"]).default("linear"),
  /** Positions of labels; chosen from the data if left out. */
  ticks: z.array(z.number()).max(100).optional(),
  /** Labels for `ticks` instead of their numbers. */
  tickLabels: z.array(z.string().min(1).max(40)).max(100).optional(),
});

const chartBase = {
  id: reportId,
  title: text,
  /** What the chart shows and how it was made, in full sentences. */
  caption: z.string().max(4000).default(""),
};

/** Two networks at the largest number of ages in a study. */
const MOST_SERIES = 2 * MOST_AGES;

export const linesSpec = z.strictObject({
  kind: z.literal("lines"),
  ...chartBase,
  x: axisSpec,
  y: axisSpec,
  series: z
    .array(
      z.strictObject({
        name: text,
        /** For references and bounds, as opposed to the subject of the report. */
        dashed: z.boolean().default(false),
        /** Points that no line joins, such as chips of different makers: filled, or open. */
        marks: z.enum(["filled", "open"]).optional(),
        points: z
          .array(
            z.strictObject({
              x: z.number(),
              y: z.number(),
              low: z.number().optional(),
              high: z.number().optional(),
              /** Written beside the point. */
              label: z.string().min(1).max(40).optional(),
            }),
          )
          .max(10_000),
      }),
    )
    .min(1)
    .max(MOST_SERIES),
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
        /** Start of the bar, as in a waterfall; by default the start of the axis. */
        from: z.number().optional(),
        low: z.number().optional(),
        high: z.number().optional(),
        /** Bars of one group share a colour; groups are named in the legend. */
        group: text.optional(),
      }),
    )
    .min(1)
    .max(2000),
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
  layers: z.array(rasterLayerSpec).min(1).max(1000),
});

/** Most rows and columns of a heat map. */
export const MOST_TICKS = 1024;

export const heatSpec = z.strictObject({
  kind: z.literal("heat"),
  ...chartBase,
  /** Along the columns. */
  x: z.strictObject({ label: text, ticks: z.array(z.string().max(200)).min(1).max(MOST_TICKS) }),
  /** Along the rows, from the top. */
  y: z.strictObject({ label: text, ticks: z.array(z.string().max(200)).min(1).max(MOST_TICKS) }),
  /** Meaning of a cell's colour. */
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
        /** Number of its tile. */
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

export const ganttSpec = z.strictObject({
  kind: z.literal("gantt"),
  ...chartBase,
  time: axisSpec,
  /** From the top. */
  rows: z
    .array(
      z.strictObject({
        name: text,
        /** Periods of work without a long break. */
        stretches: z
          .array(
            z.strictObject({
              from: z.number(),
              to: z.number(),
              /** Share of the period in which the unit works. */
              busy: z.number().min(0).max(1),
              /** Stretches of one group share a colour; groups are named in the legend. */
              group: text,
            }),
          )
          .max(1000),
        /** Bits that the unit reads from and writes to a memory, for one prompt. */
        moves: z
          .array(z.strictObject({ memory: text, read: z.number().min(0), written: z.number().min(0) }))
          .max(20)
          .optional(),
      }),
    )
    .min(1)
    .max(400),
});

export const chartSpec = z.discriminatedUnion("kind", [
  linesSpec,
  barsSpec,
  rasterSpec,
  heatSpec,
  layoutSpec,
  ganttSpec,
]);

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
  /** False if task or size differ from the paper's: the claim stays in the file, but is not shown. */
  comparable: z.boolean().optional(),
});

export const sourceSpec = z.strictObject({
  /** Full reference: authors, title, venue, year. */
  text,
  /** What the report takes from it. */
  usedFor: text,
  /** Shown as a link; the page does not load it. */
  url: z.url({ protocol: /^https$/ }).optional(),
});

export const briefSpec = z.strictObject({
  /** What all rows share, such as `T = 2 time steps`. */
  heading: z.string().max(60).default(""),
  /**
   * Figures of a small table, in order, each under a short name. `also` is the same quantity in another unit, printed in brackets after the
   * name, as in `(1.26 µJ per inference)`. `accuracy` says whether a ratio is shown to be at equal accuracy.
   */
  rows: z
    .array(
      z.strictObject({
        figure: reportId,
        label: z.string().min(1).max(60),
        also: z.strictObject({ figure: reportId, unit: z.string().min(1).max(40) }).optional(),
        accuracy: z.string().min(1).max(20).optional(),
      }),
    )
    .max(24)
    .default([]),
  /** A chart of lines, shown as a table. */
  chart: reportId.optional(),
  /** Explains how to read the table. */
  remark: z.string().max(600).default(""),
});

export const reportSpec = z.strictObject({
  format: z.literal("xpikeformer-report"),
  version: z.literal(1),
  title: text,
  /** The result in one sentence, with its number. */
  summary: text,
  /** What was run and on which machine, in a paragraph. */
  description: text,
  /** Absent if no experiment was run, as for the cost of a published model. */
  experiment: experimentSpec.optional(),
  /** Reproduces the whole report. */
  command: text,
  seed: z.int().min(0),
  /** Name to version: the package, the engine. */
  versions: z.record(z.string(), z.string()),
  /** Whatever makes a result worse or different without failing: clipped weights, one thread only, a missing checkpoint. */
  notes: z.array(text),
  sources: z.array(sourceSpec),
  /** Ids of the figures to show first. */
  highlights: z.array(reportId).max(12),
  /** The answer in a few lines, for a terminal. */
  brief: briefSpec.optional(),
  figures: z.array(figureSpec),
  charts: z.array(chartSpec),
  claims: z.array(claimSpec),
});

export type Report = z.infer<typeof reportSpec>;
export type Brief = z.infer<typeof briefSpec>;
export type Figure = z.infer<typeof figureSpec>;
export type Chart = z.infer<typeof chartSpec>;
export type LinesChart = z.infer<typeof linesSpec>;
export type BarsChart = z.infer<typeof barsSpec>;
export type RasterChart = z.infer<typeof rasterSpec>;
export type RasterLayer = z.infer<typeof rasterLayerSpec>;
export type HeatChart = z.infer<typeof heatSpec>;
export type LayoutChart = z.infer<typeof layoutSpec>;
export type GanttChart = z.infer<typeof ganttSpec>;
export type Claim = z.infer<typeof claimSpec>;
export type ReportSource = z.infer<typeof sourceSpec>;

/** Claims whose task and size match the paper's. Only these are shown; the file has all. */
export const comparableClaims = ({ claims }: Pick<Report, "claims">): Claim[] =>
  claims.filter(({ comparable }) => comparable !== false);
