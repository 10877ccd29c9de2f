/** The full report in a terminal: figures with intervals, claims, notes. `brief.ts` is the short form. */
import Table from "cli-table3";
import picocolors from "picocolors";
import { formatClaim, formatNumber, formatQuantity } from "./format.ts";
import { printable } from "./markup.ts";
import { comparableClaims, type LinesChart, type Report } from "./report.ts";

/** Default number of columns of a line. */
export const TERMINAL_WIDTH = 100;

export interface TableOptions {
  /** With the escape codes of terminals. */
  readonly color?: boolean;
  /** Columns of a line; longer cells are wrapped. */
  readonly width?: number;
}

/**
 * Every figure, claim and note, as text with line breaks. Ids of figures are shown if lines have room for them next to whole labels.
 */
export function terminalTable(report: Report, { color = false, width = TERMINAL_WIDTH }: TableOptions = {}): string {
  const { bold, dim } = picocolors.createColors(color);
  const rows = report.figures.map((figure) => {
    const { value, interval, unit } = formatQuantity(figure);
    return [figure.label, unit ? `${value} ${unit}` : value, interval ?? "", figure.id];
  });
  const head = ["figure", "value", "interval", "id"];
  const shown = widthOf([head, ...rows]) <= width ? head.length : head.length - 1;
  const claims = comparableClaims(report).map((claim) => {
    const { interval } = report.figures.find(({ id }) => id === claim.figure) ?? {};
    const { paper, ours, difference } = formatClaim(claim, interval);
    return [`${claim.claim} (${claim.source})`, paper, ours, difference];
  });
  const aligns: Align[] = ["left", "right", "left", "left"];
  const parts = [
    bold(clean(report.title)),
    wrap(clean(report.summary), width),
    "",
    grid(
      [head, ...rows].map((row) => row.slice(0, shown)),
      aligns.slice(0, shown),
      { dim, width },
    ),
  ];
  if (claims.length > 0) {
    const titles = ["claim", "paper", "ours", "difference"];
    parts.push("", grid([titles, ...claims], ["left", "right", "right", "right"], { dim, width }));
  }
  return `${[...parts, ...noteLines(report.notes, { color, width })].join("\n")}\n`;
}

/** The curves of a report side by side, one row per point on the axis, instead of all figures: for studies with many figures. */
export function terminalCurves(report: Report, { color = false, width = TERMINAL_WIDTH }: TableOptions = {}): string {
  const { bold } = picocolors.createColors(color);
  const parts = [bold(clean(report.title)), wrap(clean(report.summary), width)];
  for (const chart of report.charts) {
    if (chart.kind === "lines") parts.push("", clean(chart.title), curveTable(chart, { color, width }));
  }
  return `${[...parts, ...noteLines(report.notes, { color, width })].join("\n")}\n`;
}

/** The points of a chart, one row per tick of the horizontal axis, with half widths of intervals. */
export function curveTable({ x, series }: LinesChart, { color = false, width = TERMINAL_WIDTH }: TableOptions): string {
  const { ticks = [], tickLabels = ticks.map((tick) => formatNumber(tick)) } = x;
  const rows = ticks.map((tick, i) => [
    tickLabels[i],
    ...series.map(({ points }) => describePoint(points.find((point) => point.x === tick))),
  ]);
  const head = [x.label, ...series.map(({ name }) => name)];
  return grid([head, ...rows], numbersBehindText(head), { dim: picocolors.createColors(color).dim, width });
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

/** A plain table: a head, and rows of text cells followed by numbers. */
export function plainTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  { color = false, width = TERMINAL_WIDTH }: TableOptions = {},
): string {
  const { dim } = picocolors.createColors(color);
  return `${grid([head, ...rows], numbersBehindText(head), { dim, width })}\n`;
}

/** An empty line and the notes; empty without notes. */
export function noteLines(notes: readonly string[], { color = false, width = TERMINAL_WIDTH }: TableOptions): string[] {
  const { yellow } = picocolors.createColors(color);
  return notes.length === 0 ? [] : ["", ...notes.map((note) => yellow(wrap(`Note: ${clean(note)}`, width)))];
}

type Align = "left" | "right";

const numbersBehindText = (head: readonly string[]): Align[] => head.map((_, i) => (i === 0 ? "left" : "right"));

/** Spaces between columns. */
const GAP = 2;
/** Least width of the first cell, and of the others, if a table is too wide. */
const LEAST_FIRST = 16;
const LEAST_OTHER = 8;

/** A table whose first row is its head. If it is wider than the line, the first column shrinks. */
export function grid(
  table: readonly (readonly string[])[],
  aligns: readonly Align[],
  { dim, width }: { dim: (text: string) => string; width: number },
): string {
  const [head, ...rows] = table.map((row) => row.map(clean));
  const natural = columnsOf([head, ...rows]);
  const others = natural.slice(1);
  const left = width - others.reduce((sum, own) => sum + own + GAP, 0);
  const first = Math.min(natural[0], Math.max(LEAST_FIRST, left));
  // Many wide columns share the remaining width.
  const share = Math.max(LEAST_OTHER, Math.floor((width - first) / Math.max(1, others.length)) - GAP);
  const widths = [first, ...others.map((own) => (first > left ? Math.min(own, share) : own))];
  const text = new Table({
    head: head.map(dim),
    colAligns: [...aligns],
    // cli-table3 counts the padding, which the last column has as well.
    colWidths: widths.map((own) => own + GAP),
    wordWrap: true,
    wrapOnWordBoundary: true,
    style: { head: [], border: [], "padding-left": 0, "padding-right": GAP },
    chars: { ...NO_BORDER, "top-mid": "", mid: "", "mid-mid": "" },
  });
  text.push(...rows);
  return text
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}

/** Characters of the longest cell of each column. */
const columnsOf = (table: readonly (readonly string[])[]): number[] =>
  table[0].map((_, i) => Math.max(...table.map((row) => clean(row[i]).length)));

const widthOf = (table: readonly (readonly string[])[]): number =>
  columnsOf(table).reduce((sum, own) => sum + own + GAP, -GAP);

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

/** One line without control characters, which could control the terminal. */
export const clean = (text: string): string => printable(text).replace(/\s+/g, " ");

/** Breaks at spaces; a word longer than a line is left whole. */
export function wrap(text: string, width: number): string {
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
