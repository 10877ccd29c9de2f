/** The numbers of a chart as a table, for screen readers, checks and spreadsheets. */
import { cellsOf, MOST_CELLS } from "./draw/heat.ts";
import { formatNumber, formatParts, formatRounded } from "./format.ts";
import { html, type Markup } from "./markup.ts";
import { tableOf } from "./page.ts";
import type { Chart, GanttChart } from "./report.ts";

/** A number is an axis position or a count, written in full; a measured value is text with its significant digits. */
type Cell = string | number | undefined;

/** Rows of text and numbers with a header; wrapped so that a wide table scrolls within the page. */
export function dataTable(chart: Chart): Markup {
  if (chart.kind === "heat" && cellsOf(chart) > MOST_CELLS) {
    return html`<p>The ${cellsOf(chart)} values are in the JSON of this page: <code>charts[${chart.id}].values</code>.</p>`;
  }
  const { head, rows } = tabulate(chart);
  const numeric = head.map((_, i) => rows.every((row) => NUMBER.test(String(row[i] ?? "0"))));
  const classOf = (i: number) => (numeric[i] ? NUMBER_CLASS : undefined);
  return tableOf(
    head.map((name, i) => html`<th scope="col"${classOf(i)}>${name}</th>`),
    rows.map((row) =>
      row.map((cell, i) => html`<td${classOf(i)}>${typeof cell === "number" ? formatNumber(cell) : cell}</td>`),
    ),
  );
}

/** `−1,024`, `0.067`, `1.25 × 10⁻⁷`. */
const NUMBER = /^[−-]?[\d,.]+(e[+-]\d+| × 10[⁻⁰¹²³⁴-⁹]+)?$/;
const NUMBER_CLASS: Markup = { markup: ' class="num"' };

/** A value with its interval, in the digits that the interval supports. */
function measured(value: number, low: number | undefined, high: number | undefined): Cell[] {
  const interval = low === undefined || high === undefined ? undefined : { low, high };
  const parts = formatParts({ value, unit: "1", interval });
  return [parts.value, parts.low, parts.high];
}

function tabulate(chart: Chart): { head: readonly string[]; rows: readonly (readonly Cell[])[] } {
  switch (chart.kind) {
    case "lines": {
      const { x, y, series, rules } = chart;
      const points = series.flatMap(({ name, points }) =>
        points.map(({ x, y, low, high }): Cell[] => [name, x, ...measured(y, low, high)]),
      );
      const published = rules.map(({ label, y }): Cell[] => [label, undefined, y, undefined, undefined]);
      return { head: ["series", x.label, y.label, "low", "high"], rows: [...points, ...published] };
    }
    case "bars": {
      const { bars, value: axis } = chart;
      const begun = bars.some(({ from }) => from !== undefined);
      const begin = ({ from }: (typeof bars)[number]) => (from === undefined ? undefined : formatRounded(from));
      return {
        head: ["bar", "group", ...(begun ? ["from"] : []), axis.label, "low", "high"],
        rows: bars.map((bar) => {
          const { label, group, value, low, high } = bar;
          return [label, group, ...(begun ? [begin(bar)] : []), ...measured(value, low, high)];
        }),
      };
    }
    case "gantt": {
      const moving = chart.rows.some(({ moves }) => moves !== undefined);
      return {
        head: [
          "unit",
          "what",
          `from, ${chart.time.label}`,
          "to",
          "busy, %",
          ...(moving ? ["bits read", "bits written"] : []),
        ],
        rows: chart.rows.flatMap(({ name, stretches, moves = [] }) =>
          stretches.map(({ from, to, busy, group }, i) => [
            name,
            group,
            from,
            to,
            formatRounded(100 * busy),
            // Given once per row of the chart.
            ...(moving ? [bitsMoved(i === 0 ? moves : [], "read"), bitsMoved(i === 0 ? moves : [], "written")] : []),
          ]),
        ),
      };
    }
    case "raster":
      return {
        head: ["layer", "steps", "tokens", "features", "share of spikes"],
        rows: chart.layers.map(({ name, steps, tokens, features, density }) => [
          name,
          steps,
          tokens,
          features,
          formatRounded(density),
        ]),
      };
    case "heat": {
      const { x, y, values } = chart;
      return {
        head: [`${y.label} \\ ${x.label}`, ...x.ticks],
        rows: values.map((row, i) => [y.ticks[i], ...row.map((value) => formatRounded(value))]),
      };
    }
    case "layout": {
      const cells = chart.crossbar.rows * chart.crossbar.columns;
      return {
        head: ["layer", "inputs", "outputs", "crossbars", "tiles", "cells in use, %"],
        rows: chart.layers.map(({ name, inputs, outputs, crossbars }) => {
          const used = crossbars.reduce((sum, { usedRows, usedColumns }) => sum + usedRows * usedColumns, 0);
          const tiles = [...new Set(crossbars.map(({ tile }) => tile))].sort((a, b) => a - b);
          return [
            name,
            inputs,
            outputs,
            crossbars.length,
            ranges(tiles),
            formatRounded((100 * used) / (cells * crossbars.length)),
          ];
        }),
      };
    }
  }
}

/** `stream 605,184; spikes 37,824`. */
const bitsMoved = (moves: NonNullable<GanttChart["rows"][number]["moves"]>, way: "read" | "written"): string =>
  moves
    .filter((move) => move[way] > 0)
    .map(({ memory, [way]: bits }) => `${memory} ${formatRounded(bits)}`)
    .join("; ");

/** `0-3, 7` for 0, 1, 2, 3, 7. */
function ranges(sorted: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const value of sorted) {
    const last = runs.at(-1);
    if (last && value === last[1] + 1) last[1] = value;
    else runs.push([value, value]);
  }
  return runs.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`)).join(", ");
}
