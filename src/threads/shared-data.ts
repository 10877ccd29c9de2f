/** Data where every thread can read it without a copy of its own. */
import { canShareMemory } from "./executor.ts";

type Bytes = Uint8Array | Uint16Array | Uint32Array;

/**
 * The same data, objects within objects, with arrays of whole numbers in shared memory; as it is where they lie there already, or none
 * can be shared.
 */
export const shareData = <D>(data: D): D => (canShareMemory() ? (shareValue(data) as D) : data);

function shareValue(value: unknown): unknown {
  if (value instanceof Uint8Array) return share(Uint8Array, value);
  if (value instanceof Uint16Array) return share(Uint16Array, value);
  if (value instanceof Uint32Array) return share(Uint32Array, value);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, shareValue(part)]));
}

function share<A extends Bytes>(kind: new (buffer: SharedArrayBuffer) => A, values: A): A {
  if (values.buffer instanceof SharedArrayBuffer) return values;
  const shared = new kind(new SharedArrayBuffer(values.byteLength));
  shared.set(values);
  return shared;
}
