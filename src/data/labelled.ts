/**
 * Labelled data of any kind: what is known about them apart from the items themselves, and the split into training and validation.
 *
 * The test part is the one that a data set publishes. Validation is split off the training part here: a fixed share of each
 * class, chosen by a named stream. Every choice (learning rate, checkpoint, threshold) can therefore be made on the validation
 * part, and the test part is used once, at the end.
 */
import { ValueError } from "../errors.ts";
import type { Stream } from "../numeric/stream.ts";

/** Data whose prompts can be counted, in three parts. */
export interface PartedData<S extends { readonly count: number } = { readonly count: number }> {
  readonly name: string;
  readonly train: S;
  readonly validation: S;
  readonly test: S;
}

export interface LabelledSet {
  /** Name of each class; label k means `classes[k]`. */
  readonly classes: readonly string[];
  readonly count: number;
  /** `[count]`, below `classes.length`. */
  readonly labels: Uint16Array;
}

export type LabelledData<S extends LabelledSet = LabelledSet> = PartedData<S>;

/** The data of a task that have parts; null for those of which any number of prompts can be drawn. */
export const partedOf = <D extends object>(data: D | null): Extract<D, PartedData> | null =>
  data !== null && "test" in data ? (data as Extract<D, PartedData>) : null;

/** Share of each class's training part that is kept for validation. */
export const VALIDATION_SHARE = 0.1;

/**
 * Splits one set into training and validation: of the n items of each class, floor(share * n) go to validation, and at least one
 * if the class has two or more. Both parts keep the order of the source.
 *
 * Random  one permutation per class, from `random.fork("validation", class)`
 * Throws  ValueError when `share` is not in [0, 1)
 */
export function splitIndices(
  { count, labels, classes }: LabelledSet,
  random: Stream,
  share = VALIDATION_SHARE,
): { train: number[]; validation: number[] } {
  if (!(share >= 0 && share < 1)) {
    throw new ValueError("share", `The validation share is ${share}. Give at least 0 and less than 1.`);
  }
  const isValidation = new Uint8Array(count);
  const byClass = new Map<number, number[]>();
  for (let i = 0; i < count; i++) {
    const members = byClass.get(labels[i]);
    if (members) members.push(i);
    else byClass.set(labels[i], [i]);
  }
  for (let label = 0; label < classes.length; label++) {
    const members = byClass.get(label) ?? [];
    const least = share > 0 && members.length > 1 ? 1 : 0;
    const kept = Math.max(least, Math.floor(share * members.length));
    shuffle(members, random.fork("validation", label));
    for (const index of members.slice(members.length - kept)) isValidation[index] = 1;
  }
  const indices = Array.from(isValidation.keys());
  return {
    train: indices.filter((i) => isValidation[i] === 0),
    validation: indices.filter((i) => isValidation[i] === 1),
  };
}

/** Fisher-Yates shuffle, in place. */
export function shuffle(values: number[] | Uint32Array, random: Stream): void {
  for (let i = values.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [values[i], values[j]] = [values[j], values[i]];
  }
}
