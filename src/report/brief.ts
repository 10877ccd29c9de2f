/**
 * A report in about fifteen lines: the result with its interval, what the paper has, what qualifies it.
 *
 * Which figures answer the question is said by the report itself (`brief`); a report that does not say shows its highlights.
 */
import picocolors from "picocolors";
import { formatClaim, formatQuantity } from "./format.ts";
import type { Figure, LinesChart, Report } from "./report.ts";
import { clean, curveTable, grid, noteLines, type TableOptions, TERMINAL_WIDTH, wrap } from "./table.ts";

/** Notes that are shown; `terminalTable` has all. */
const MOST_NOTES = 3;

/** Text with line breaks; the caller says where the whole report is. */
export function terminalBrief(report: Report, { color = false, width = TERMINAL_WIDTH }: TableOptions = {}): string {
  const { bold } = picocolors.createColors(color);
  const parts = [bold(wrap(clean(report.summary), width))];
  const {
    rows = report.highlights.map((figure) => ({ figure, label: undefined })),
    chart,
    remark = "",
  } = report.brief ?? {};
  const drawn = report.charts.find((one): one is LinesChart => one.id === chart && one.kind === "lines");
  if (drawn) parts.push("", clean(drawn.title), curveTable(drawn, { color, width }));
  if (rows.length > 0) parts.push("", figureTable(report, rows, { color, width }));
  if (remark) parts.push(wrap(clean(remark), width));
  const more = report.notes.length - MOST_NOTES;
  const notes = more > 0 ? [...report.notes.slice(0, MOST_NOTES), `${more} more with --all.`] : report.notes;
  return `${[...parts, ...noteLines(notes, { color, width })].join("\n")}\n`;
}

function figureTable(
  report: Report,
  rows: readonly { readonly figure: string; readonly label?: string | undefined }[],
  { color = false, width = TERMINAL_WIDTH }: TableOptions,
): string {
  const { dim } = picocolors.createColors(color);
  const used = new Set<string>();
  const cells = rows.map(({ figure: id, label }) => {
    const figure = report.figures.find((one) => one.id === id)!;
    const { value, interval = "", unit } = formatQuantity(rounded(figure));
    const claims = report.claims.filter((claim) => claim.figure === id);
    for (const { source } of claims) used.add(clean(source));
    const printed = new Set(claims.map((claim) => formatClaim(claim, figure.interval).paper));
    return [label ?? figure.label, unit ? `${value} ${unit}` : value, interval, [...printed].join(", ")];
  });
  const kinds = rows.flatMap(({ figure: id }) => report.figures.find((one) => one.id === id)!.interval?.kind ?? []);
  const interval = kinds.every((kind) => kind.startsWith("95 %")) ? "95 % interval" : "interval";
  const head = ["", "this run", interval, "paper"];
  const shown = used.size > 0 ? 4 : 3;
  const table = grid(
    [head, ...cells].map((row) => row.slice(0, shown)),
    ["left", "right", "left", "left"],
    { dim, width },
  );
  return used.size === 0 ? table : `${table}\n${dim(wrap(`Paper: ${[...used].join("; ")}.`, width))}`;
}

/** Digits that no interval vouches for are cut to three. */
function rounded(figure: Figure): Figure {
  return figure.interval || Number.isInteger(figure.value)
    ? figure
    : { ...figure, value: Number(figure.value.toPrecision(3)) };
}
