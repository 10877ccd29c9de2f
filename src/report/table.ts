/** The report in a terminal of 100 columns: figures with their intervals, claims beside the paper, notes. */
import Table from "cli-table3";
import picocolors from "picocolors";
import { formatClaimed, formatNumber, formatQuantity } from "./format.ts";
import { printable } from "./markup.ts";
import type { LinesChart, Report } from "./report.ts";

/** Columns of a line; longer cells are wrapped. */
export const TERMINAL_WIDTH = 100;

/** Text with line breaks; with `color`, the escape codes of terminals. */
export function terminalTable(report: Report, { color = false }: { color?: boolean } = {}): string {
  const { bold, dim, yellow } = picocolors.createColors(color);
  const figures = report.figures.map((figure) => {
    const { value, interval, unit } = formatQuantity(figure);
    return [figure.label, value, interval ?? "", unit, figure.id];
  });
  const claims = report.claims.map(({ claim, source, paper, ours, difference, unit }) => [
    `${claim} (${source})`,
    formatClaimed(paper, unit),
    formatClaimed(ours, unit),
    formatClaimed(difference, unit, true),
  ]);
  const parts = [
    bold(clean(report.title)),
    wrap(clean(report.summary), TERMINAL_WIDTH),
    "",
    grid(["figure", "value", "interval", "unit", "id"], figures, ["left", "right", "left", "left", "left"], dim),
  ];
  if (claims.length > 0) {
    parts.push("", grid(["claim", "paper", "ours", "difference"], claims, ["left", "right", "right", "right"], dim));
  }
  if (report.notes.length > 0) {
    parts.push("", ...report.notes.map((note) => yellow(wrap(`Note: ${clean(note)}`, TERMINAL_WIDTH))));
  }
  return `${parts.join("\n")}\n`;
}

/** The curves of a report side by side, a row for each point on the axis, in place of all figures: for studies with many. */
export function terminalCurves(report: Report, { color = false }: { color?: boolean } = {}): string {
  const { bold, dim, yellow } = picocolors.createColors(color);
  const parts = [bold(clean(report.title)), wrap(clean(report.summary), TERMINAL_WIDTH)];
  for (const chart of report.charts) {
    if (chart.kind !== "lines") continue;
    const { ticks = [], tickLabels = ticks.map((tick) => formatNumber(tick)) } = chart.x;
    const rows = ticks.map((tick, i) => [
      tickLabels[i],
      ...chart.series.map(({ points }) => describePoint(points.find(({ x }) => x === tick))),
    ]);
    const head = [chart.x.label, ...chart.series.map(({ name }) => name)];
    const aligns = head.map((_, i): "left" | "right" => (i === 0 ? "left" : "right"));
    parts.push("", clean(chart.title), grid(head, rows, aligns, dim));
  }
  if (report.notes.length > 0) {
    parts.push("", ...report.notes.map((note) => yellow(wrap(`Note: ${clean(note)}`, TERMINAL_WIDTH))));
  }
  return `${parts.join("\n")}\n`;
}

/** `0.0712 ± 0.0021`. */
function describePoint(point: LinesChart["series"][number]["points"][number] | undefined): string {
  if (!point) return "";
  const { y, low, high } = point;
  if (low === undefined || high === undefined) return formatNumber(y);
  const half = (high - low) / 2;
  const { value } = formatQuantity({ value: y, unit: "1", interval: { low, high } });
  const decimals = value.split(".")[1]?.length ?? 0;
  return `${value} ± ${half.toFixed(decimals)}`;
}

/** A table by itself: a head, and rows whose first cell is text and the others numbers. */
export function plainTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  { color = false }: { color?: boolean } = {},
): string {
  const aligns = head.map((_, i): "left" | "right" => (i === 0 ? "left" : "right"));
  return `${grid(head, rows, aligns, picocolors.createColors(color).dim)}
`;
}

/** Columns as wide as their content, at most 34 characters; the first takes what is left. */
function grid(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  aligns: ("left" | "right")[],
  dim: (text: string) => string,
): string {
  const cells = rows.map((row) => row.map(clean));
  const longest = head.map((name, i) => Math.max(name.length, ...cells.map((row) => row[i].length)));
  const others = longest.slice(1).map((width) => Math.min(width, 34) + 2);
  const rest = TERMINAL_WIDTH - others.reduce((sum, width) => sum + width, 0);
  const table = new Table({
    head: head.map(dim),
    colAligns: aligns,
    colWidths: [Math.max(16, Math.min(rest, longest[0] + 2)), ...others],
    wordWrap: true,
    wrapOnWordBoundary: true,
    style: { head: [], border: [], "padding-left": 0, "padding-right": 2 },
    chars: { ...NO_BORDER, "top-mid": "", mid: "", "mid-mid": "" },
  });
  table.push(...cells.map((row) => [...row]));
  return table
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}

const NO_BORDER = {
  top: "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  right: "",
  "right-mid": "",
  middle: "",
};

/** One line without control characters, which could otherwise drive the terminal. */
const clean = (text: string): string => printable(text).replace(/\s+/g, " ");

/** Breaks at spaces; a word longer than a line is left whole. */
function wrap(text: string, width: number): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line ? `${line} ${word}` : word;
  }
  return [...lines, line].join("\n");
}
