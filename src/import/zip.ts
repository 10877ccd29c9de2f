/**
 * The entries of a zip archive, as written by `torch.save`: found through the central directory, stored or deflated.
 *
 * Source: PKWARE, APPNOTE.TXT 6.3.10, sections 4.3 and 4.4. Left out and refused by name: encryption, other compression methods,
 * multi-disk archives, and archives beyond 4 GiB. Nothing in a file is trusted: every position is checked against the available
 * bytes, entries may not overlap, a deflated entry may promise no more than deflate can give, and checksums must match.
 */
import { FileError } from "../errors.ts";
import { shorten } from "../experiment/json.ts";
import { crc32 } from "../numeric/checksum.ts";
import { InflateError, inflate } from "./inflate.ts";

const SIGNATURE = { end: 0x06054b50, directory: 0x02014b50, local: 0x04034b50 } as const;
const BYTES = { end: 22, directory: 46, local: 30 } as const;
const LONGEST_COMMENT = 65535;
/** A deflate stream of n bytes yields at most 1032 n bytes: 258 bytes take at least two bits. */
const HIGHEST_RATIO = 1032;
/** Limit for everything unpacked from one archive, in bytes. */
const MOST_BYTES = 2 ** 31;
const ENCRYPTED = 1;

interface ZipEntry {
  readonly name: string;
  readonly deflated: boolean;
  readonly checksum: number;
  /** Bytes in the archive, at `start`. */
  readonly packed: number;
  readonly start: number;
  /** Bytes when unpacked. */
  readonly size: number;
}

export interface ZipArchive {
  /** In directory order. */
  readonly names: readonly string[];
  /** Size of an entry when unpacked, or undefined if there is none with the name. */
  size(name: string): number | undefined;
  /**
   * The bytes of an entry: a view of the archive if it is stored, otherwise a new array.
   * Throws  FileError when it is absent, its data are damaged, or everything read exceeds 2 GiB
   */
  read(name: string): Uint8Array;
}

/** Whether the bytes start like a zip archive. */
export const isZip = (bytes: Uint8Array): boolean =>
  bytes.length >= 4 && bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4;

/**
 * Reads the directory; `path` names the file in error messages.
 * Throws  FileError when anything is wrong
 */
export function openZip(bytes: Uint8Array, path: string): ZipArchive {
  const fail = (problem: string): never => {
    throw new FileError(path, `${problem} The file is damaged or of another format; copy or save it again.`);
  };
  const entries = readDirectory(bytes, fail);
  checkOverlap(entries, fail);
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  if (byName.size < entries.length) fail("Two entries of the archive have the same name.");
  let unpacked = 0;
  return {
    names: entries.map(({ name }) => name),
    size: (name) => byName.get(name)?.size,
    read: (name) => {
      const entry = byName.get(name) ?? fail(`The archive has no entry ${shorten(name)}.`);
      unpacked += entry.size;
      if (unpacked > MOST_BYTES) fail(`The archive unpacks to more than ${MOST_BYTES} bytes, the limit.`);
      return readEntry(bytes, entry, fail);
    },
  };
}

type Fail = (problem: string) => never;

function readDirectory(bytes: Uint8Array, fail: Fail): ZipEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = findEnd(view, fail);
  const count = view.getUint16(end + 10, true);
  const [length, offset] = [view.getUint32(end + 12, true), view.getUint32(end + 16, true)];
  const disks = view.getUint16(end + 4, true) + view.getUint16(end + 6, true);
  if (count === 0xffff || length === 0xffffffff || offset === 0xffffffff) {
    fail("The archive is a zip64 archive of more than 65534 entries or 4 GiB, which cannot be read.");
  }
  if (disks !== 0) fail("The archive is one of several disks.");
  if (offset + length > end)
    fail(`The directory should end at byte ${offset + length}, but its end record is at ${end}.`);
  const entries: ZipEntry[] = [];
  let at = offset;
  for (let i = 0; i < count; i++) {
    if (at + BYTES.directory > offset + length) fail(`The directory ends after ${i} of ${count} entries.`);
    if (view.getUint32(at, true) !== SIGNATURE.directory) fail(`Entry ${i} of the directory has no signature.`);
    const nameLength = view.getUint16(at + 28, true);
    const next = at + BYTES.directory + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    if (next > offset + length) fail(`The directory ends within entry ${i}.`);
    const name = readName(bytes.subarray(at + BYTES.directory, at + BYTES.directory + nameLength), i, fail);
    entries.push(readHeader(view, bytes, at, name, offset, fail));
    at = next;
  }
  if (at !== offset + length) fail(`The directory has ${offset + length - at} bytes after its ${count} entries.`);
  return entries;
}

/** The end record is last in the file, except for a comment of the length that it gives. */
function findEnd(view: DataView, fail: Fail): number {
  const last = view.byteLength - BYTES.end;
  for (let at = last; at >= Math.max(0, last - LONGEST_COMMENT); at--) {
    if (view.getUint32(at, true) === SIGNATURE.end && view.getUint16(at + 20, true) === last - at) return at;
  }
  return fail("The directory at the end of the archive is missing: the file was cut off, or is not a zip archive.");
}

function readName(bytes: Uint8Array, i: number, fail: Fail): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return fail(`The name of entry ${i} is not UTF-8 text.`);
  }
}

/** One entry of the directory, with the position of its data after the local header. */
function readHeader(
  view: DataView,
  bytes: Uint8Array,
  at: number,
  name: string,
  directory: number,
  fail: Fail,
): ZipEntry {
  const entry = shorten(name);
  const [flags, method] = [view.getUint16(at + 8, true), view.getUint16(at + 10, true)];
  const checksum = view.getUint32(at + 16, true);
  const [packed, size] = [view.getUint32(at + 20, true), view.getUint32(at + 24, true)];
  const local = view.getUint32(at + 42, true);
  if (flags & ENCRYPTED) fail(`${entry} is encrypted.`);
  if (method !== 0 && method !== 8)
    fail(`${entry} is packed by method ${method}; only stored and deflated entries can be read.`);
  if (local + BYTES.local > directory || view.getUint32(local, true) !== SIGNATURE.local) {
    fail(`${entry} should start at byte ${local}, but no entry starts there.`);
  }
  const nameLength = view.getUint16(local + 26, true);
  const start = local + BYTES.local + nameLength + view.getUint16(local + 28, true);
  if (start + packed > directory)
    fail(`${entry} takes bytes ${start} to ${start + packed}, beyond the directory at ${directory}.`);
  const named = bytes.subarray(local + BYTES.local, local + BYTES.local + nameLength);
  const inDirectory = bytes.subarray(at + BYTES.directory, at + BYTES.directory + view.getUint16(at + 28, true));
  if (named.length !== inDirectory.length || named.some((byte, i) => byte !== inDirectory[i])) {
    fail(`${entry} has another name where its data is.`);
  }
  const most = method === 8 ? HIGHEST_RATIO * packed : packed;
  if (size > most || (method === 0 && size < packed)) {
    fail(`${entry} promises ${size} bytes, but its ${packed} bytes in the archive can hold ${most}.`);
  }
  return { name, deflated: method === 8, checksum, packed, start, size };
}

/** An archive with entries that share bytes unpacks to far more than it seems to hold. */
function checkOverlap(entries: readonly ZipEntry[], fail: Fail): void {
  let end = 0;
  for (const { name, start, packed } of entries.toSorted((a, b) => a.start - b.start || a.packed - b.packed)) {
    // At least the fixed part of the header comes before the data.
    if (start - BYTES.local < end) fail(`${shorten(name)} overlaps the entry before it.`);
    end = start + packed;
  }
}

function readEntry(
  bytes: Uint8Array,
  { name, deflated, checksum, start, packed, size }: ZipEntry,
  fail: Fail,
): Uint8Array {
  const stored = bytes.subarray(start, start + packed);
  let content = stored;
  try {
    if (deflated) content = inflate(stored, size);
  } catch (error) {
    if (error instanceof InflateError) return fail(`${shorten(name)} cannot be unpacked: ${error.message}.`);
    throw error;
  }
  const found = crc32(content);
  if (checksum === 0 && found !== 0) {
    fail(`${shorten(name)} has no checksum, perhaps because of torch.serialization.set_crc32_options(False).`);
  }
  if (found !== checksum) {
    const [is, should] = [found, checksum].map((sum) => sum.toString(16).padStart(8, "0"));
    fail(`${shorten(name)} has checksum ${is} instead of ${should}.`);
  }
  return content;
}
