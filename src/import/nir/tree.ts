/** The content of a NIR file before it means anything: groups of named arrays and texts, with the types of the file. */

/** Whole numbers of 64 bits stay `bigint`, so that a file is written back unchanged. */
export type NirArray =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array;

/** An HDF5 dataset, row-major; a shape of `[]` is a single value. */
export interface NirData {
  readonly shape: readonly number[];
  readonly values: NirArray | readonly string[];
}

/** An HDF5 group; its order carries no meaning. */
export type NirGroup = ReadonlyMap<string, NirData | NirGroup>;

export const isGroup = (entry: NirData | NirGroup): entry is NirGroup => entry instanceof Map;

/** A text or number as NIR stores it. */
export const text = (value: string): NirData => ({ shape: [], values: [value] });
export const real = (value: number): NirData => ({ shape: [], values: Float64Array.of(value) });
export const whole = (...values: readonly number[]): NirData => ({
  shape: values.length === 1 ? [] : [values.length],
  values: BigInt64Array.from(values, BigInt),
});
/** A list of whole numbers, also if it has one entry. */
export const shapeData = (shape: readonly number[]): NirData => ({
  shape: [shape.length],
  values: BigInt64Array.from(shape, BigInt),
});

/** The text of an entry; null if it is none. */
export function textOf(entry: NirData | NirGroup | undefined): string | null {
  if (entry === undefined || isGroup(entry) || entry.shape.length > 0) return null;
  const [value] = entry.values;
  return typeof value === "string" ? value : null;
}

/** The numbers of an entry; null if it holds texts or groups, or numbers that a double cannot hold. */
export function numbersOf(entry: NirData | NirGroup | undefined): Float64Array | null {
  if (entry === undefined || isGroup(entry) || !ArrayBuffer.isView(entry.values)) return null;
  const numbers = Float64Array.from(entry.values as ArrayLike<number | bigint>, Number);
  return entry.values instanceof BigInt64Array || entry.values instanceof BigUint64Array
    ? numbers.every(Number.isSafeInteger)
      ? numbers
      : null
    : numbers;
}
