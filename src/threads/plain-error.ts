/** Errors between threads: copying turns our error classes into plain errors, so their fields are sent instead. */
import { ERROR_CLASSES, type ErrorTag, isXpikeError } from "../errors.ts";

export interface PlainError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Only for an XpikeError. */
  readonly xpike?: { readonly tag: ErrorTag; readonly path: string };
}

export function toPlainError(error: unknown): PlainError {
  if (!(error instanceof Error)) return { name: "Error", message: String(error), stack: undefined };
  const { name, message, stack } = error;
  return { name, message, stack, ...(isXpikeError(error) && { xpike: { tag: error.tag, path: error.path } }) };
}

export function fromPlainError({ name, message, stack, xpike }: PlainError): Error {
  const error = xpike ? new ERROR_CLASSES[xpike.tag](xpike.path, message) : Object.assign(new Error(message), { name });
  // The stack on the other thread.
  if (stack !== undefined) error.stack = stack;
  return error;
}
