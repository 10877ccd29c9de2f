/** SHA-256 of content: of files, and of data, whatever file they came from. */
import { createHash, type Hash } from "node:crypto";

/**
 * The hexadecimal SHA-256 of plain data with arrays of numbers: networks, images, recordings, documents. The order of keys does
 * not matter, and an undefined field counts as absent. Numbers are hashed as their bytes in memory, little-endian on all
 * machines that Node runs on today.
 */
export function contentHash(value: unknown): string {
  const known = KNOWN.get(value as object);
  if (known !== undefined) return known;
  const hash = createHash("sha256");
  add(hash, value);
  return hash.digest("hex");
}

/** Hashes of large data that never change. */
const KNOWN = new WeakMap<object, string>();

/** The same data, whose content hash is known, also if only a part of them was read. */
export function withContentHash<D extends object>(data: D, hash: string): D {
  KNOWN.set(data, hash);
  return data;
}

/** The hexadecimal SHA-256 of a text or of raw bytes. */
export const sha256Of = (content: string | Uint8Array): string => createHash("sha256").update(content).digest("hex");

/** Every value begins with its kind and its length, so that no two values have the same encoding. */
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
