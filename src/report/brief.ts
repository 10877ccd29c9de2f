/**
 * A report in about fifteen lines: the result with its interval, the paper's number where task and size match, and the main notes.
 *
 * The report names the figures that answer the question (`brief`); without them its highlights are shown.
 */
import picocolors from "picocolors";
import { formatClaim, formatQuantity, formatText } from "./format.ts";
import { type Brief, comparableClaims, type Figure, type LinesChart, type Report } from "./report.ts";
import { clean, curveTable, grid, noteLines, type TableOptions, TERMINAL_WIDTH, wrap } from "./table.ts";

/** Notes that are shown; `terminalTable` has all. */
const MOST_NOTES = 2;

/** Text with line breaks. The caller adds where the whole report is. */
export function terminalBrief(report: Report, { color = false, width = TERMINAL_WIDTH }: TableOptions = {}): string {
  const { bold } = picocolors.createColors(color);
  const parts = [bold(wrap(clean(report.summary), width))];
  const {
    heading = "",
    rows = report.highlights.map((figure) => ({ figure, label: undefined })),
    chart,
    remark = "",
  } = report.brief ?? {};
  const drawn = report.charts.find((one): one is LinesChart => one.id === chart && one.kind === "lines");
  if (drawn) parts.push("", clean(drawn.title), curveTable(drawn, { color, width }));
  if (rows.length > 0) parts.push("", figureTable(report, heading, rows, { color, width }));
  if (remark) parts.push(wrap(clean(remark), width));
  const more = report.notes.length - MOST_NOTES;
  const shown = report.notes.slice(0, MOST_NOTES);
  const notes = more > 0 ? [...shown.slice(0, -1), `${shown.at(-1)} (${more} more with --all)`] : shown;
  return `${[...parts, ...noteLines(notes, { color, width })].join("\n")}\n`;
}

function figureTable(
  report: Report,
  heading: string,
  rows: readonly (Pick<Brief["rows"][number], "figure" | "also" | "accuracy"> & {
    readonly label?: string | undefined;
  })[],
  { color = false, width = TERMINAL_WIDTH }: TableOptions,
): string {
  const { dim } = picocolors.createColors(color);
  const used = new Set<string>();
  const figureOf = (id: string) => report.figures.find((one) => one.id === id)!;
  const cells = rows.map(({ figure: id, label, also, accuracy = "" }) => {
    const figure = figureOf(id);
    const { value, interval = "", unit } = formatQuantity(rounded(figure));
    const other = also ? ` (${formatText(rounded(figureOf(also.figure)))} ${also.unit})` : "";
    const claims = comparableClaims(report).filter((claim) => claim.figure === id);
    for (const { source } of claims) used.add(clean(source));
    const printed = new Set(claims.map((claim) => formatClaim(claim, figure.interval).paper));
    const name = `${label ?? figure.label}${other}`;
    return [name, unit ? `${value} ${unit}` : value, interval, accuracy, [...printed].join(", ")];
  });
  const kinds = rows.flatMap(({ figure: id }) => figureOf(id).interval?.kind ?? []);
  const interval = kinds.every((kind) => kind.startsWith("95 %")) ? "95 % interval" : "interval";
  const head = [clean(heading), "this run", interval, "equal accuracy", "paper"];
  const isShown = [true, true, true, rows.some(({ accuracy }) => accuracy !== undefined), used.size > 0];
  const table = grid(
    [head, ...cells].map((row) => row.filter((_, i) => isShown[i])),
    ["left", "right", "left", "left", "left"],
    { dim, width },
  );
  return used.size === 0 ? table : `${table}\n${dim(wrap(`Paper: ${[...used].join("; ")}.`, width))}`;
}

/** Without an interval, a number is cut to three digits. */
function rounded(figure: Figure): Figure {
  return figure.interval || Number.isInteger(figure.value)
    ? figure
    : { ...figure, value: Number(figure.value.toPrecision(3)) };
}
