/**
 * gzip (RFC 1952) with a limit on the output, using the platform's `DecompressionStream`.
 *
 * A few kilobytes can inflate to gigabytes, so nothing is kept beyond what the caller expects: the limit comes from the header of
 * the format inside, as soon as that has arrived. The platform checks the checksum at the end of the stream.
 */
import { FileError } from "../errors.ts";

/** Bytes given to the decompressor at a time; they can grow by a factor of about 1030. */
const SLICE = 2 ** 14;

export function isGzip(bytes: Uint8Array): boolean {
  return bytes.length >= 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** `bytes` in slices, as a source for `inflateChunks`. */
export function* slices(bytes: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += SLICE) yield bytes.subarray(start, start + SLICE);
}

/**
 * The contents of a gzip stream, in chunks as they come; the source is closed if the caller stops early.
 *
 * Some platforms inflate everything that they are given, whether or not anyone reads it. So the next slice of the source is given
 * only when nothing is waiting to be read: the most that is held comes from about 32 kilobytes of input, about 33 megabytes.
 * Throws  FileError at `path` when the stream is truncated, damaged or not gzip; whatever the source throws
 */
export async function* inflateChunks(
  source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  path: string,
): AsyncGenerator<Uint8Array> {
  const iterator =
    Symbol.asyncIterator in source
      ? source[Symbol.asyncIterator]()
      : (source[Symbol.iterator]() as Iterator<Uint8Array>);
  const { readable, writable } = new DecompressionStream("gzip");
  const reader = readable.getReader();
  const writer = writable.getWriter();
  let state: "open" | "fed" | "over" = "open";
  let sourceError: { readonly error: unknown } | undefined;

  /** Passes on one slice, or the end; resolves when it has been accepted. A failure shows when reading. */
  const feed = async (): Promise<undefined> => {
    try {
      const { value, done } = await iterator.next();
      if (done) state = "fed";
      await (done ? writer.close() : writer.write(value as Uint8Array<ArrayBuffer>)).catch(() => {});
    } catch (error) {
      state = "over";
      sourceError = { error };
      throw error;
    }
  };

  let feeding: Promise<undefined> | undefined;
  try {
    for (;;) {
      const reading = reader.read();
      // Waiting data wins this race because it comes first.
      let result = await Promise.race([reading, undefined]);
      while (!result) {
        if (state === "open") feeding ??= feed();
        result = await Promise.race(feeding ? [reading, feeding] : [reading]);
        if (!result) feeding = undefined;
      }
      if (result.done) {
        state = "over";
        return;
      }
      yield result.value;
    }
  } catch (cause) {
    if (sourceError) throw sourceError.error;
    throw new FileError(path, "The gzip stream is cut off or damaged. Copy or download the file again.", { cause });
  } finally {
    feeding?.catch(() => {});
    if (state !== "over") await iterator.return?.();
    await reader.cancel().catch(() => {});
  }
}

/** Bytes that are shown to `Expectation`: enough for every fixed-length header that is read here. */
const HEAD = 16;

/** The number of bytes that a file should hold, from its first 16 bytes (or all of a shorter file); or an upper limit. */
export type Expectation = ((head: Uint8Array) => number) | { readonly atMost: number };

/**
 * The bytes of a file, inflated if it is gzip. No more is kept than `expected` says; it is asked once, and throws if the first
 * bytes are not a valid header.
 *
 * Throws  FileError at `path` when more or fewer bytes arrive, or the stream is damaged
 */
export async function inflate(bytes: Uint8Array, path: string, expected: Expectation): Promise<Uint8Array> {
  const isExact = typeof expected === "function";
  const parts: Uint8Array[] = [];
  let length = 0;
  let limit = isExact ? undefined : expected.atMost;
  const source = isGzip(bytes) ? inflateChunks(slices(bytes), path) : [bytes];
  for await (const part of source) {
    parts.push(part);
    length += part.length;
    if (isExact && limit === undefined && length >= HEAD) limit = expected(join(parts, length).subarray(0, HEAD));
    if (limit !== undefined && length > limit)
      throw lengthError(path, limit, isExact ? "takes" : "takes at most", "more");
  }
  const content = join(parts, length);
  if (isExact) limit ??= expected(content);
  if (isExact && length !== limit) throw lengthError(path, limit!, "takes", String(length));
  return content;
}

function lengthError(path: string, limit: number, takes: string, found: string): FileError {
  return new FileError(
    path,
    `The content ${takes} ${limit} bytes, but the file holds ${found}. The file is damaged or of another format; copy or ` +
      "download it again.",
  );
}

/** One array of `parts`, which hold `length` bytes together. */
export function join(parts: readonly Uint8Array[], length: number): Uint8Array {
  if (parts.length === 1) return parts[0];
  const all = new Uint8Array(length);
  let filled = 0;
  for (const part of parts) {
    all.set(part, filled);
    filled += part.length;
  }
  return all;
}
