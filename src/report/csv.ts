/** Tables as comma-separated values (RFC 4180): lines end in CR LF, and numbers have all digits. */
import type { Report } from "./report.ts";

type Cell = string | number | boolean | undefined;

/** Empty where a cell is undefined. */
export const csvText = (rows: readonly (readonly Cell[])[]): string =>
  rows.map((cells) => `${cells.map(csvCell).join(",")}\r\n`).join("");

function csvCell(value: Cell): string {
  const text = value === undefined ? "" : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * A report as one row for each network under each condition. Figures have no condition; a point of a curve has that of its axis, such as an
 * SNR, an age or a field of the experiment. Intervals are empty where nothing was sampled.
 */
export function reportCsv({ figures, charts }: Report): string {
  const head = ["id", "network", "condition", "at", "value", "low", "high", "interval", "unit", "trials", "seed"];
  const rows = figures.map(({ id, label, value, interval, unit, trials, seed }) => [
    ...[id, label, undefined, undefined, value, interval?.low, interval?.high, interval?.kind, unit, trials, seed],
  ]);
  const points = charts.flatMap((chart) =>
    chart.kind === "lines"
      ? chart.series.flatMap(({ name, points }) =>
          points.map(({ x, y, low, high }) => [chart.id, name, chart.x.label, x, y, low, high]),
        )
      : [],
  );
  const width = head.length;
  return csvText([head, ...rows, ...points.map((row) => Array.from({ length: width }, (_, i) => row[i]))]);
}
