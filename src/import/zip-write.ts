/** A zip archive of stored entries (PKWARE, APPNOTE.TXT 6.3.10, section 4.3). Its dates are all 1 January 1980, so that bytes repeat. */
import { ValueError } from "../errors.ts";
import { crc32 } from "../numeric/checksum.ts";

export interface StoredEntry {
  /** ASCII. */
  readonly name: string;
  readonly content: Uint8Array;
}

const LOCAL = 30;
const DIRECTORY = 46;
const END = 22;
/** Version 2.0 of the format, and 1 January 1980. */
const VERSION = 20;
const DATE = 0x21;

/** The bytes of the archive. Throws ValueError beyond 4 GiB or 65,534 entries. */
export function storedZip(entries: readonly StoredEntry[]): Uint8Array {
  const names = entries.reduce((sum, { name }) => sum + name.length, 0);
  const content = entries.reduce((sum, entry) => sum + entry.content.length, 0);
  const size = content + 2 * names + entries.length * (LOCAL + DIRECTORY) + END;
  if (size >= 2 ** 32 || entries.length >= 0xffff) {
    throw new ValueError(
      "entries",
      `${entries.length} entries of ${size} bytes exceed a zip archive of 65534 entries or 4 GiB. Write several.`,
    );
  }
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  const starts: number[] = [];
  let at = 0;
  const checks = entries.map((entry) => crc32(entry.content));
  entries.forEach((entry, i) => {
    starts.push(at);
    view.setUint32(at, 0x04034b50, true);
    describe(at + 4, entry, checks[i]);
    writeText(at + LOCAL, entry.name);
    bytes.set(entry.content, at + LOCAL + entry.name.length);
    at += LOCAL + entry.name.length + entry.content.length;
  });
  const directory = at;
  entries.forEach((entry, i) => {
    view.setUint32(at, 0x02014b50, true);
    view.setUint16(at + 4, VERSION, true);
    describe(at + 6, entry, checks[i]);
    view.setUint32(at + 42, starts[i], true);
    writeText(at + DIRECTORY, entry.name);
    at += DIRECTORY + entry.name.length;
  });
  view.setUint32(at, 0x06054b50, true);
  view.setUint16(at + 8, entries.length, true);
  view.setUint16(at + 10, entries.length, true);
  view.setUint32(at + 12, at - directory, true);
  view.setUint32(at + 16, directory, true);
  return bytes;

  /** What both headers of an entry share: versions, no flags, stored, date, checksum, sizes. */
  function describe(at: number, { name, content }: StoredEntry, checksum: number): void {
    view.setUint16(at, VERSION, true);
    view.setUint16(at + 8, DATE, true);
    view.setUint32(at + 10, checksum, true);
    view.setUint32(at + 14, content.length, true);
    view.setUint32(at + 18, content.length, true);
    view.setUint16(at + 22, name.length, true);
  }

  function writeText(at: number, text: string): void {
    for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
  }
}
