/** Data that every thread can read without its own copy. */
import { canShareMemory } from "./executor.ts";

/**
 * The same data, with nested objects, and with arrays of numbers in shared memory; unchanged if they are there already or memory
 * cannot be shared.
 */
export const shareData = <D>(data: D): D => (canShareMemory() ? (shareValue(data) as D) : data);

const KINDS = [Uint8Array, Uint16Array, Uint32Array, Int32Array, Float32Array] as const;
type Numbers = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float32Array;

function shareValue(value: unknown): unknown {
  for (const kind of KINDS) if (value instanceof kind) return share(kind, value);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, shareValue(part)]));
}

function share(kind: new (buffer: SharedArrayBuffer) => Numbers, values: Numbers): Numbers {
  if (values.buffer instanceof SharedArrayBuffer) return values;
  const shared = new kind(new SharedArrayBuffer(values.byteLength));
  shared.set(values);
  return shared;
}
