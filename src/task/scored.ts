/**
 * What of a prompt's answers counts. Networks answer at every query, and `TaskKit.scored` says which of them are the prompt's answer:
 * the last, where all pilots are known, or all, which share one set of pilots.
 */
import type { TaskSpec } from "../experiment/task.ts";
import { type Geometry, valuesPerAnswer } from "../model/geometry.ts";
import { type ErrorsOf, kitOf } from "./catalogue.ts";
import type { Labels } from "./task.ts";

/** Queries per prompt, and how many of them count, from the last backwards. */
export interface ScoredQueries {
  readonly queries: number;
  readonly scored: number;
}

export const scoredQueries = (spec: TaskSpec, { queries }: Pick<Geometry, "queries">): ScoredQueries => ({
  queries: queries.length,
  scored: kitOf(spec).scored === "all" ? queries.length : 1,
});

/** Values of the queries that count. Shapes: `[prompts, queries, size]` to `[prompts, scored, size]`. */
export const scoredValues = <A extends Int32Array | Float32Array>(
  values: A,
  { queries, scored }: ScoredQueries,
  size = 1,
): A => values.filter((_, i) => Math.floor(i / size) % queries >= queries - scored) as A;

/** Errors at the queries that count, over slices of prompts. Shapes: labels, decisions as in `Answers`, in each slice. */
export function scoredErrors<T extends TaskSpec>(
  spec: T,
  geometry: Pick<Geometry, "queries"> & Partial<Pick<Geometry, "classes" | "answer">>,
  slices: readonly { readonly labels: Labels; readonly decisions: Labels }[],
): ErrorsOf<T> {
  const counts = scoredQueries(spec, geometry);
  const size = valuesPerAnswer({ classes: 1, ...geometry });
  const of = (field: "labels" | "decisions") =>
    slices.flatMap((slice) => [...scoredValues(slice[field], counts, size)]);
  return kitOf(spec).errors(of("labels"), of("decisions"), spec, counts.scored * size);
}
