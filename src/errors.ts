/**
 * Errors that help the person finish: what is wrong, the arithmetic, the way out.
 *
 * Wrong input from a user is an `XpikeError` subclass, told apart by `tag`; our own broken promise is a plain `Error`
 * thrown by `invariant`. `path` points to the field or file at fault, so that a form can mark it.
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
