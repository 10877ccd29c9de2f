/** The front of a sweep in a terminal: a drawing in characters, and one line for each point on the front. */
import picocolors from "picocolors";
import type { Design } from "../experiment/design.ts";
import { shorten } from "../experiment/json.ts";
import { clean, grid, noteLines, type TableOptions, TERMINAL_WIDTH, wrap } from "../report/table.ts";
import { frontPoints, keepsLimits } from "./front.ts";
import {
  axisOf,
  commonSteps,
  type MeasuredRow,
  measuredRows,
  measuredText,
  OBJECTIVE_LABELS,
  objectiveLabel,
} from "./labels.ts";
import type { Row } from "./unit.ts";

type Asked = Pick<Design, "name" | "axes" | "objectives" | "constraints" | "budget"> & {
  readonly experiment?: unknown;
};

/** Most points of the front that are listed; the table has all. */
const MOST_LINES = 20;
const HEIGHT = 16;
const MARGIN = 10;

export function sweepScreen(
  rows: readonly Row[],
  design: Asked,
  options: TableOptions & { all?: boolean } = {},
): string {
  const { color = false, width = TERMINAL_WIDTH, all = false } = options;
  const { bold, dim } = picocolors.createColors(color);
  const { objectives } = design;
  const measured = measuredRows(rows, objectives);
  const front = frontPoints(rows, design);
  const [first] = objectives;
  const onFront = measured
    .filter(({ point }) => front.has(point))
    .sort((a, b) => a.measures[first]!.value - b.measures[first]!.value);
  const parts = [bold(wrap(clean(describeSweep(rows, design)), width))];
  if (objectives.length > 1 && measured.length > 0) parts.push("", plot(measured, front, design, width));
  if (onFront.length > 0) {
    // Values that are the same for all points are not repeated for each.
    const paths = Object.keys(design.axes).filter(
      (path) => new Set(rows.map(({ values }) => JSON.stringify(values[path]))).size > 1,
    );
    const head = ["point", ...objectives.map((name) => objectiveLabel(name, design)), ...paths.map(lastWords)];
    const lines = onFront.map(({ point, values, measures }) => [
      String(point),
      ...objectives.map((name) => measuredText(name, measures[name]!)),
      ...paths.map((path) => shorten(values[path])),
    ]);
    parts.push(
      "",
      grid(
        [head, ...(all ? lines : lines.slice(0, MOST_LINES))],
        head.map(() => "left"),
        { dim, width },
      ),
    );
    if (!all && lines.length > MOST_LINES) parts.push(dim(`${lines.length - MOST_LINES} more with --all.`));
  }
  return `${[...parts, ...noteLines(refusals(rows), { color, width })].join("\n")}\n`;
}

/** "Of 240 points 12 are on the front of error rate and energy per inference; ..." */
export function describeSweep(rows: readonly Row[], design: Asked): string {
  const names = design.objectives.map((name) => OBJECTIVE_LABELS[name].label.toLowerCase());
  const over = names.length === 1 ? names[0] : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
  const measured = measuredRows(rows, design.objectives);
  const outside = measured.filter(({ measures }) => !keepsLimits(measures, design)).length;
  const count = frontPoints(rows, design).size;
  const steps = commonSteps(design);
  const common = steps === null ? "" : ` All points run T = ${steps}.`;
  const limits = outside === 0 ? "" : `; ${outside} are outside the limits`;
  return `${design.name}: of ${rows.length} points ${count} ${count === 1 ? "is" : "are"} on the front of ${over}${limits}.${common}`;
}

/** The number of points that are not valid machines, with the first reason. */
export function refusals(rows: readonly Row[]): string[] {
  const refused = rows.filter((row) => row.refused !== null);
  if (refused.length === 0) return [];
  const [{ point, refused: reason }] = refused;
  return [`${refused.length} ${refused.length === 1 ? "point was" : "points were"} refused. Point ${point}: ${reason}`];
}

/** `hardware.adc.bits` as `adc.bits`. */
const lastWords = (path: string): string => path.split(".").slice(-2).join(".");

/** The first two objectives: `●` on the front, `·` otherwise. */
function plot(rows: readonly MeasuredRow[], front: ReadonlySet<number>, design: Asked, width: number): string {
  const { objectives } = design;
  const columns = Math.min(72, width - MARGIN - 2);
  const [across, up] = objectives.slice(0, 2).map((name) => {
    const values = rows.map(({ measures }) => measures[name]!.value);
    const axis = axisOf(name, values, objectiveLabel(name, design));
    const on = (value: number) => (axis.scale === "log" ? Math.log(value) : value);
    const [least, most] = [Math.min(...values), Math.max(...values)];
    const share = (value: number) => (least === most ? 0.5 : (on(value) - on(least)) / (on(most) - on(least)));
    return { name, axis, share, ends: [least, most].map((value) => Number(axis.of(value).toPrecision(3)).toString()) };
  });
  const picture = Array.from({ length: HEIGHT }, () => Array<string>(columns).fill(" "));
  const drawn = [...rows].sort((a, b) => Number(front.has(a.point)) - Number(front.has(b.point)));
  for (const { point, measures } of drawn) {
    const column = Math.round(across.share(measures[across.name]!.value) * (columns - 1));
    const line = HEIGHT - 1 - Math.round(up.share(measures[up.name]!.value) * (HEIGHT - 1));
    picture[line][column] = front.has(point) ? "●" : "·";
  }
  const scales = (axis: typeof across.axis) => (axis.scale === "log" ? " (logarithmic)" : "");
  const lines = picture.map((line, i) => {
    const label = i === 0 ? up.ends[1] : i === HEIGHT - 1 ? up.ends[0] : "";
    return `${label.padStart(MARGIN - 1)} │${line.join("").trimEnd()}`;
  });
  const gap = Math.max(1, columns - across.ends[0].length - across.ends[1].length);
  return [
    `${" ".repeat(MARGIN)}${up.axis.label}${scales(up.axis)}`,
    ...lines,
    `${" ".repeat(MARGIN)}└${"─".repeat(columns)}`,
    `${" ".repeat(MARGIN + 1)}${across.ends[0]}${" ".repeat(gap)}${across.ends[1]}`,
    `${" ".repeat(MARGIN + 1)}${across.axis.label}${scales(across.axis)}      ● front  · beaten`,
  ].join("\n");
}
