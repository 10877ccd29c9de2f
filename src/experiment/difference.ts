/** Where two documents differ, field by field. */
import { formatPath, shorten } from "./json.ts";

export interface Difference {
  /** As a person writes it: `training.stages[1].steps`. */
  readonly field: string;
  /** Both values in short; `absent` where there is none. */
  readonly first: string;
  readonly second: string;
}

/** All fields, in the order of the documents, that are not the same in both; of an object that only one has, the object alone. */
export const differences = (first: unknown, second: unknown): Difference[] => [...eachDifference(first, second, [])];

/** The first of `differences`; null when there is none. */
export const firstDifference = (first: unknown, second: unknown): Difference | null =>
  eachDifference(first, second, []).next().value ?? null;

function* eachDifference(
  first: unknown,
  second: unknown,
  path: readonly (string | number)[],
): Generator<Difference, undefined> {
  if (isContainer(first) && isContainer(second) && Array.isArray(first) === Array.isArray(second)) {
    for (const key of new Set([...Object.keys(first), ...Object.keys(second)])) {
      const step = Array.isArray(second) ? Number(key) : key;
      yield* eachDifference(own(first, key), own(second, key), [...path, step]);
    }
  } else if (first !== second) yield { field: formatPath(path), first: show(first), second: show(second) };
}

const isContainer = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

const own = (value: Record<string, unknown>, key: string): unknown =>
  Object.hasOwn(value, key) ? value[key] : undefined;

const show = (value: unknown): string => (value === undefined ? "absent" : shorten(value));
