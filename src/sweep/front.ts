/**
 * The front of a sweep: the points that no other beats in all objectives at once (Pareto).
 *
 * One point beats another where it is at least as good in every objective and better in one. More throughput is better; of everything
 * else less is. Values are compared as measured; intervals stand beside them in the table.
 */
import { type Design, OBJECTIVES, type Objective } from "../spec/design.ts";
import type { Measures, Row } from "./unit.ts";

/** Values to be made small, one of each objective. */
export type Costs = readonly number[];

/** The objectives of a row, as numbers to be made small; null where the point could not be measured. */
export function costsOf(measures: Measures | null, objectives: readonly Objective[]): Costs | null {
  if (measures === null) return null;
  const costs = objectives.map((name) => {
    const value = measures[name]?.value;
    return value === undefined ? Number.NaN : name === "throughput" ? -value : value;
  });
  return costs.some(Number.isNaN) ? null : costs;
}

/** True where `a` beats `b`. */
export const beats = (a: Costs, b: Costs): boolean =>
  a.every((value, i) => value <= b[i]) && a.some((value, i) => value < b[i]);

/** Indices of those that none of the others beats, ascending; equal ones are all among them. */
export function frontOf(points: readonly Costs[]): number[] {
  const compare = (a: Costs, b: Costs): number => {
    const at = a.findIndex((value, i) => value !== b[i]);
    return at < 0 ? 0 : a[at] - b[at];
  };
  // In this order nobody is beaten by a later one, so that each meets only those of the front so far.
  const order = points.map((_, i) => i).sort((i, j) => compare(points[i], points[j]));
  const front: number[] = [];
  for (const i of order) if (!front.some((other) => beats(points[other], points[i]))) front.push(i);
  return front.sort((a, b) => a - b);
}

/** True where the measures keep within all limits of the design; a limit on what was not measured says nothing. */
export function keepsLimits(measures: Measures, { constraints }: Pick<Design, "constraints">): boolean {
  return OBJECTIVES.every((name) => {
    const value = measures[name]?.value;
    const { least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY } = constraints[name] ?? {};
    return value === undefined || (value >= least && value <= most);
  });
}

/**
 * Numbers of the points on the front, among those that keep the limits. Of a design with a budget the others were beaten on fewer chips and
 * prompts than the last ones have (`race.ts`).
 */
export function frontPoints(
  rows: readonly Row[],
  design: Pick<Design, "objectives" | "constraints" | "budget">,
): Set<number> {
  const size = ({ measures }: Row) => (measures ? measures.chips * measures.prompts : 0);
  const most = design.budget ? rows.reduce((most, row) => Math.max(most, size(row)), 0) : 0;
  const candidates = rows.flatMap((row) => {
    const { point, measures } = row;
    const costs = costsOf(measures, design.objectives);
    return costs && size(row) >= most && keepsLimits(measures!, design) ? [{ point, costs }] : [];
  });
  return new Set(frontOf(candidates.map(({ costs }) => costs)).map((i) => candidates[i].point));
}
