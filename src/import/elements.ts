/**
 * Numbers of other programs' files as our arrays, exactly: types with at most 24 significant bits become Float32Array, others
 * Float64Array. Numbers that a double cannot hold (integers beyond 2^53) are refused rather than rounded.
 */
import { fromHalf } from "../numeric/half.ts";

interface ElementKind {
  readonly bytes: number;
  /** Needs more than single precision. */
  readonly wide?: true;
  read(view: DataView, at: number, little: boolean): number;
}

export const ELEMENTS = {
  float64: { bytes: 8, wide: true, read: (view, at, little) => view.getFloat64(at, little) },
  float32: { bytes: 4, read: (view, at, little) => view.getFloat32(at, little) },
  float16: { bytes: 2, read: (view, at, little) => fromHalf(view.getUint16(at, little)) },
  /** The upper half of a float32. */
  bfloat16: { bytes: 2, read: (view, at, little) => fromUpperHalf(view.getUint16(at, little)) },
  int64: { bytes: 8, wide: true, read: (view, at, little) => Number(view.getBigInt64(at, little)) },
  int32: { bytes: 4, wide: true, read: (view, at, little) => view.getInt32(at, little) },
  int16: { bytes: 2, read: (view, at, little) => view.getInt16(at, little) },
  int8: { bytes: 1, read: (view, at) => view.getInt8(at) },
  uint8: { bytes: 1, read: (view, at) => view.getUint8(at) },
  bool: { bytes: 1, read: (view, at) => (view.getUint8(at) ? 1 : 0) },
} as const satisfies Record<string, ElementKind>;

export type ElementType = keyof typeof ELEMENTS;

/** One array of another program's file, row-major. */
export interface SourceTensor {
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array;
}

/** The values that `at` enumerates, as byte offsets from the start of `view`; `little`: least significant byte first. */
export function readElements(
  view: DataView,
  type: ElementType,
  little: boolean,
  count: number,
  at: Iterable<number>,
): Float32Array | Float64Array {
  const kind: ElementKind = ELEMENTS[type];
  const data = kind.wide ? new Float64Array(count) : new Float32Array(count);
  let i = 0;
  for (const offset of at) data[i++] = kind.read(view, offset, little);
  return data;
}

/** `count` consecutive values starting at byte `start`. */
export function readRun(
  view: DataView,
  type: ElementType,
  little: boolean,
  start: number,
  count: number,
): Float32Array | Float64Array {
  const { bytes, wide, read }: ElementKind = ELEMENTS[type];
  const data = wide ? new Float64Array(count) : new Float32Array(count);
  for (let i = 0, at = start; i < count; i++, at += bytes) data[i] = read(view, at, little);
  return data;
}

const single = new DataView(new ArrayBuffer(4));

function fromUpperHalf(bits: number): number {
  single.setUint32(0, bits << 16);
  return single.getFloat32(0);
}
