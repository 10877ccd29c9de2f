/** The numbers of a chart as a table: what a screen reader, a sceptic or a spreadsheet needs. */
import { formatNumber } from "./format.ts";
import { html, type Markup } from "./markup.ts";
import type { Chart } from "./report.ts";

type Cell = string | number | undefined;

/** Rows of text and numbers with a header; wrapped so that a wide table scrolls within the page. */
export function dataTable(chart: Chart): Markup {
  const { head, rows } = tabulate(chart);
  return tableOf(
    head.map((name) => html`<th scope="col">${name}</th>`),
    rows.map((row) => row.map((cell) => dataCell(cell))),
  );
}

/** A table from cells that are markup already. */
export function tableOf(head: readonly Markup[], rows: readonly (readonly Markup[])[]): Markup {
  return html`<div class="scroll" tabindex="0"><table><thead><tr>${head}</tr></thead><tbody>
${rows.map((cells) => html`<tr>${cells}</tr>`)}
</tbody></table></div>`;
}

function dataCell(cell: Cell): Markup {
  if (typeof cell === "number") return html`<td class="number-cell">${formatNumber(cell)}</td>`;
  return html`<td>${cell}</td>`;
}

function tabulate(chart: Chart): { head: readonly string[]; rows: readonly (readonly Cell[])[] } {
  switch (chart.kind) {
    case "lines": {
      const { x, y, series, rules } = chart;
      const points = series.flatMap(({ name, points }) =>
        points.map(({ x, y, low, high }): Cell[] => [name, x, y, low, high]),
      );
      const published = rules.map(({ label, y }): Cell[] => [label, undefined, y, undefined, undefined]);
      return { head: ["series", x.label, y.label, "low", "high"], rows: [...points, ...published] };
    }
    case "bars":
      return {
        head: ["bar", "group", chart.value.label, "low", "high"],
        rows: chart.bars.map(({ label, group, value, low, high }) => [label, group, value, low, high]),
      };
    case "raster":
      return {
        head: ["layer", "steps", "tokens", "features", "share of spikes"],
        rows: chart.layers.map(({ name, steps, tokens, features, density }) => [
          name,
          steps,
          tokens,
          features,
          density,
        ]),
      };
    case "heat": {
      const { x, y, values } = chart;
      return { head: [`${y.label} \\ ${x.label}`, ...x.ticks], rows: values.map((row, i) => [y.ticks[i], ...row]) };
    }
    case "layout": {
      const cells = chart.crossbar.rows * chart.crossbar.columns;
      return {
        head: ["layer", "inputs", "outputs", "crossbars", "tiles", "cells in use, %"],
        rows: chart.layers.map(({ name, inputs, outputs, crossbars }) => {
          const used = crossbars.reduce((sum, { usedRows, usedColumns }) => sum + usedRows * usedColumns, 0);
          const tiles = [...new Set(crossbars.map(({ tile }) => tile))].sort((a, b) => a - b);
          return [name, inputs, outputs, crossbars.length, ranges(tiles), (100 * used) / (cells * crossbars.length)];
        }),
      };
    }
  }
}

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
