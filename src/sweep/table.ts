/** The table of a sweep: one column per axis and objective, one line per point. */
import { type Design, OBJECTIVES, type Objective } from "../experiment/design.ts";
import { frontPoints, keepsLimits } from "./front.ts";
import { needsBlocks, needsNetwork, type Row } from "./unit.ts";

export interface Column {
  readonly name: string;
  readonly type: "integer" | "number" | "boolean" | "text";
}

export type Cell = number | string | boolean | null;

export interface SweepTable {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
}

/**
 * In SI units; `front` and `within` tell whether a point is on the front and keeps the limits. A sweep that several builds of the
 * program measured has a column `build`; `begun` is the one that began it.
 */
export function sweepTable(
  rows: readonly Row[],
  design: Pick<Design, "axes" | "objectives" | "constraints" | "budget">,
  begun: string | null = null,
): SweepTable {
  const isMixed = rows.some(({ build }) => build !== undefined);
  const front = frontPoints(rows, design);
  const axes = Object.keys(design.axes);
  const measured = OBJECTIVES.filter((name) => design.objectives.includes(name));
  const isCoded = needsBlocks(measured);
  const types = axes.map((path) => typeOf(rows.map(({ values }) => values[path])));
  const columns: Column[] = [
    { name: "point", type: "integer" },
    ...axes.map((name, i) => ({ name, type: types[i] })),
    ...measured.flatMap((name) => namesOf(name).map((name): Column => ({ name, type: "number" }))),
    ...(isCoded ? [{ name: "blocks", type: "text" } as const] : []),
    { name: "chips", type: "integer" },
    { name: "prompts", type: "integer" },
    { name: "within", type: "boolean" },
    { name: "front", type: "boolean" },
    { name: "refused", type: "text" },
    { name: "hash", type: "text" },
    ...(isMixed ? [{ name: "build", type: "text" } as const] : []),
  ];
  return {
    columns,
    rows: rows.map(({ point, hash, values, measures, refused, build = begun }) => [
      point,
      ...axes.map((path, i) => cellOf(values[path], types[i])),
      ...measured.flatMap((name) => {
        const found = measures?.[name];
        return [found?.value ?? null, found?.low ?? null, found?.high ?? null].slice(0, namesOf(name).length);
      }),
      ...(isCoded ? [cellOf(measures?.blocks, "text")] : []),
      measures?.chips ?? null,
      measures?.prompts ?? null,
      measures !== null && keepsLimits(measures, design),
      front.has(point),
      refused,
      hash,
      ...(isMixed ? [build] : []),
    ]),
  };
}

/** What is sampled has an interval. */
const namesOf = (objective: Objective): string[] =>
  needsNetwork([objective]) ? [objective, `${objective}Low`, `${objective}High`] : [objective];

/** The common type of an axis's values; for mixed types or objects, their JSON as text. */
function typeOf(values: readonly unknown[]): Column["type"] {
  const kinds = new Set(values.filter((value) => value !== null).map((value) => typeof value));
  if (kinds.size !== 1) return "text";
  return kinds.has("number") ? "number" : kinds.has("boolean") ? "boolean" : "text";
}

function cellOf(value: unknown, type: Column["type"]): Cell {
  if (value === null || value === undefined) return null;
  if (type !== "text" || typeof value === "string") return value as Cell;
  return JSON.stringify(value);
}
