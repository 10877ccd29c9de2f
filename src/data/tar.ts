/**
 * The files of a tar archive (POSIX.1-1988 "ustar" and its predecessors), read as a stream: blocks of 512 bytes, a header with
 * name, octal size and checksum before each file, two empty blocks at the end.
 *
 * Only the requested files are kept. Nothing is ever written to a path from the archive.
 */
import { FileError } from "../errors.ts";

const BLOCK = 512;
/** Most bytes that an archive may hold, so that an endless one is abandoned. CIFAR-10's holds 184 million. */
const MOST_BYTES = 2 ** 30;

export interface TarFile {
  /** With its folders, as in the archive. */
  readonly name: string;
  readonly content: Uint8Array;
}

/**
 * The ordinary files whose size `sizeLimit` gives; undefined skips a file.
 * Throws  FileError at `path` when the archive is cut off, damaged or too large, or a file is larger than its limit
 */
export async function* tarFiles(
  source: AsyncIterable<Uint8Array>,
  path: string,
  sizeLimit: (name: string) => number | undefined,
): AsyncGenerator<TarFile> {
  const { take, finish } = reader(source, path);
  for (;;) {
    const header = await take(BLOCK, true);
    if (header.every((byte) => byte === 0)) return finish();
    const { name, size, isFile } = readHeader(header, path);
    const limit = isFile ? sizeLimit(name) : undefined;
    if (limit !== undefined && size > limit) {
      throw new FileError(path, `${name} takes ${size} bytes in the archive; at most ${limit} are read here.`);
    }
    const content = await take(size, limit !== undefined);
    await take((BLOCK - (size % BLOCK)) % BLOCK, false);
    if (limit !== undefined) yield { name, content };
  }
}

/**
 * Sequential reading: `take` returns the next bytes, or skips them and returns none; `finish` reads the rest, so that the
 * checksum of a compressed archive is checked.
 */
function reader(
  source: AsyncIterable<Uint8Array>,
  path: string,
): { take(length: number, keep: boolean): Promise<Uint8Array>; finish(): Promise<void> } {
  const iterator = source[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array(0);
  let total = 0;
  const count = async (length: number): Promise<void> => {
    total += length;
    if (total <= MOST_BYTES) return;
    await iterator.return?.();
    throw new FileError(path, `The archive holds more than ${MOST_BYTES} bytes. Is it the right file?`);
  };
  return {
    async take(length, keep) {
      await count(length);
      const kept = new Uint8Array(keep ? length : 0);
      for (let done = 0; done < length; ) {
        if (rest.length === 0) {
          const next = await iterator.next();
          if (next.done) throw new FileError(path, "The archive is cut off. Copy or download it again.");
          rest = next.value;
        }
        const part = rest.subarray(0, length - done);
        if (keep) kept.set(part, done);
        rest = rest.subarray(part.length);
        done += part.length;
      }
      return kept;
    },
    async finish() {
      for (let next = await iterator.next(); !next.done; next = await iterator.next()) await count(next.value.length);
    },
  };
}

function readHeader(header: Uint8Array, path: string): { name: string; size: number; isFile: boolean } {
  const text = (start: number, end: number): string => {
    const field = header.subarray(start, end);
    const length = field.indexOf(0);
    return new TextDecoder().decode(length < 0 ? field : field.subarray(0, length));
  };
  // The checksum is the sum of all bytes, with its own field counted as spaces.
  const sum = header.reduce((all, byte, i) => all + (i >= 148 && i < 156 ? 32 : byte), 0);
  const octal = (start: number, end: number): number => {
    const digits = text(start, end).trim();
    return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
  };
  const size = octal(124, 136);
  if (octal(148, 156) !== sum || Number.isNaN(size)) {
    throw new FileError(path, "A header is damaged, or the file is not a tar archive. Copy or download it again.");
  }
  const kind = header[156];
  const prefix = text(257, 262) === "ustar" ? text(345, 500) : "";
  return { name: prefix ? `${prefix}/${text(0, 100)}` : text(0, 100), size, isFile: kind === 0 || kind === 0x30 };
}
