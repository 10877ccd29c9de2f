/** SHA-256 over content: of files, and of data, whatever file it came from. */
import { createHash, type Hash } from "node:crypto";

/**
 * The SHA-256, in hexadecimal, of plain data with arrays of numbers in it: networks, images, recordings, documents. The order of keys
 * does not matter, and a field that is undefined is as one that is absent. Bytes of numbers are taken as they lie in memory, little-endian
 * on all machines that Node runs on today.
 */
export function contentHash(value: unknown): string {
  const hash = createHash("sha256");
  add(hash, value);
  return hash.digest("hex");
}

/** The SHA-256, in hexadecimal, of a text or of bytes as they are. */
export const sha256Of = (content: string | Uint8Array): string => createHash("sha256").update(content).digest("hex");

/** Every value begins with its kind and its length, so that no two read alike. */
function add(hash: Hash, value: unknown): void {
  if (ArrayBuffer.isView(value)) {
    hash.update(`${value.constructor.name} ${value.byteLength}\n`);
    hash.update(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  } else if (Array.isArray(value)) {
    hash.update(`list ${value.length}\n`);
    for (const entry of value) add(hash, entry);
  } else if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
    hash.update(`object ${entries.length}\n`);
    for (const [key, entry] of entries.sort(([a], [b]) => (a < b ? -1 : 1))) {
      add(hash, key);
      add(hash, entry);
    }
  } else {
    const text = String(value);
    hash.update(`${typeof value} ${text.length} ${text}\n`);
  }
}
