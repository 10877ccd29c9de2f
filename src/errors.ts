/**
 * Errors that help the person finish: what is wrong, the arithmetic, the way out.
 *
 * Wrong input from a user is an `XpikeError` subclass, told apart by `tag`; our own broken promise is a plain `Error`
 * thrown by `invariant`. `path` points to the field or file at fault, so that a form can mark it.
 * "Did you mean ...?" is for mistyped names: `suggest` finds the known word that is nearest.
 */

/** Which class an error is of. A new class adds its tag here; then the compiler asks for its entry in `ERROR_CLASSES`. */
export type ErrorTag = "spec" | "file" | "shape" | "value" | "mapping" | "cost" | "platform";

/** Wrong input from a person, of one of the classes below. */
export abstract class XpikeError extends Error {
  /** Stable name of the class, for `switch` and for JSON. */
  abstract readonly tag: ErrorTag;
  /** Field or file at fault, such as `model.width` or `checkpoint.safetensors`. */
  readonly path: string;

  constructor(path: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.path = path;
    this.name = new.target.name;
  }
}

/** The experiment or an option says something that cannot be built. Mend the field at `path`. */
export class SpecError extends XpikeError {
  readonly tag = "spec";
}

/** A file is truncated, corrupt, of another format or too large. Nothing was changed on disk. */
export class FileError extends XpikeError {
  readonly tag = "file";
}

/** Two arrays do not fit together. */
export class ShapeError extends XpikeError {
  readonly tag = "shape";
}

/** A number is NaN, infinite or outside the range in which the operation is defined. */
export class ValueError extends XpikeError {
  readonly tag = "value";
}

/** The network does not fit on the hardware as described. */
export class MappingError extends XpikeError {
  readonly tag = "mapping";
}

/** The cost model was asked for a price, a node or a combination that has no source. */
export class CostError extends XpikeError {
  readonly tag = "cost";
}

/** The platform lacks something that the operation needs (SIMD, threads, memory). */
export class PlatformError extends XpikeError {
  readonly tag = "platform";
}

/** The class of every tag, to make an error anew on another thread. */
export const ERROR_CLASSES: {
  readonly [T in ErrorTag]: new (
    path: string,
    message: string,
  ) => XpikeError & { readonly tag: T };
} = {
  spec: SpecError,
  file: FileError,
  shape: ShapeError,
  value: ValueError,
  mapping: MappingError,
  cost: CostError,
  platform: PlatformError,
};

export function isXpikeError(error: unknown): error is XpikeError {
  return error instanceof XpikeError;
}

/** Asserts a promise of our own code; a failure is a defect of the library, not of the input. */
export function invariant(condition: boolean, promise: string): asserts condition {
  if (!condition) throw new Error(`xpikeformer broke its own promise: ${promise}. Please report this.`);
}

/**
 * The candidate with the fewest edits from `word`, ignoring case, or undefined when none is near: at most one edit per
 * three characters, at least one. The first of several equally near candidates wins; without any, the first that begins with a word of
 * four characters or more.
 */
export function suggest(word: string, candidates: Iterable<string>): string | undefined {
  // Longer words are not typing mistakes, and the distance costs length times length.
  if (word.length > 60) return undefined;
  let best: string | undefined;
  let fewest = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    // At least this many letters must be added or left out.
    if (Math.abs(candidate.length - word.length) >= fewest) continue;
    const edits = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (edits < fewest) [best, fewest] = [candidate, edits];
  }
  if (best !== undefined || word.length < 4) return best;
  for (const candidate of candidates) if (candidate.toLowerCase().startsWith(word.toLowerCase())) return candidate;
  return undefined;
}

/** " Did you mean X?" for the end of a message; empty if no word is near. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const nearest = suggest(word, candidates);
  return nearest === undefined ? "" : ` Did you mean ${nearest}?`;
}

/**
 * Fewest insertions, deletions, replacements and swaps of neighbours that turn a into b (optimal string alignment: no
 * character is edited twice).
 */
export function editDistance(a: string, b: string): number {
  // rows[i][j]: distance between the first i characters of a and the first j of b; only three rows are alive.
  let older: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = previous[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(replace, previous[j] + 1, row[j - 1] + 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) row[j] = Math.min(row[j], older[j - 2] + 1);
    }
    [older, previous] = [previous, row];
  }
  return previous[b.length];
}
