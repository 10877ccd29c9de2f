/**
 * The Pareto front of a sweep: the points that no other point beats in all objectives at once.
 *
 * A point beats another if it is at least as good in every objective and better in one. Throughput is maximised; all other
 * objectives are minimised. Values are compared as measured; the table lists their intervals.
 */
import { type Design, OBJECTIVES, type Objective } from "../experiment/design.ts";
import type { Measures, Row } from "./unit.ts";

/** Values to minimise, one per objective. */
export type Costs = readonly number[];

/** The objectives of a row, as numbers to minimise; null if the point could not be measured. */
export function costsOf(measures: Measures | null, objectives: readonly Objective[]): Costs | null {
  if (measures === null) return null;
  const costs = objectives.map((name) => {
    const value = measures[name]?.value;
    return value === undefined ? Number.NaN : name === "throughput" ? -value : value;
  });
  return costs.some(Number.isNaN) ? null : costs;
}

/** True if `a` beats `b`. */
export const beats = (a: Costs, b: Costs): boolean =>
  a.every((value, i) => value <= b[i]) && a.some((value, i) => value < b[i]);

/** Indices of the points that no other beats, ascending; equal points are all included. */
export function frontOf(points: readonly Costs[]): number[] {
  const compare = (a: Costs, b: Costs): number => {
    const at = a.findIndex((value, i) => value !== b[i]);
    return at < 0 ? 0 : a[at] - b[at];
  };
  // In this order no point is beaten by a later one, so each is compared only with the front so far.
  const order = points.map((_, i) => i).sort((i, j) => compare(points[i], points[j]));
  const front: number[] = [];
  for (const i of order) if (!front.some((other) => beats(points[other], points[i]))) front.push(i);
  return front.sort((a, b) => a - b);
}

/** True if the measures keep all limits of the design; a limit on something not measured is ignored. */
export function keepsLimits(measures: Measures, { constraints }: Pick<Design, "constraints">): boolean {
  return OBJECTIVES.every((name) => {
    const value = measures[name]?.value;
    const { least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY } = constraints[name] ?? {};
    return value === undefined || (value >= least && value <= most);
  });
}

/**
 * Numbers of the points on the front, among those that keep the limits. In a design with a budget, the other points were beaten
 * on fewer chips and prompts than the last ones have (`race.ts`).
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
