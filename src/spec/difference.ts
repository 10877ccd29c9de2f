/** Where two documents differ first, field by field. */
import { formatPath, shorten } from "./json.ts";

export interface Difference {
  /** As a person writes it: `training.stages[1].steps`. */
  readonly field: string;
  /** Both values in short; `absent` where there is none. */
  readonly first: string;
  readonly second: string;
}

/** The first field, in the order of the documents, that is not the same in both; null when there is none. */
export function firstDifference(
  first: unknown,
  second: unknown,
  path: readonly (string | number)[] = [],
): Difference | null {
  if (isContainer(first) && isContainer(second) && Array.isArray(first) === Array.isArray(second)) {
    for (const key of new Set([...Object.keys(first), ...Object.keys(second)])) {
      const step = Array.isArray(second) ? Number(key) : key;
      const found = firstDifference(own(first, key), own(second, key), [...path, step]);
      if (found) return found;
    }
    return null;
  }
  if (first === second) return null;
  return { field: formatPath(path), first: show(first), second: show(second) };
}

const isContainer = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

const own = (value: Record<string, unknown>, key: string): unknown =>
  Object.hasOwn(value, key) ? value[key] : undefined;

const show = (value: unknown): string => (value === undefined ? "absent" : shorten(value));
