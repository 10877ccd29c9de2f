/**
 * Named arrays as bytes, in the safetensors format: readable by Python, Rust and browsers, and unable to run code.
 *
 *   8 bytes   length of the header, little-endian
 *   header    JSON: { "__metadata__": { text: text }, name: { dtype, shape, data_offsets: [begin, end] }, ... }
 *   data      the arrays one after another, little-endian, row-major, without gaps
 *
 * Source: https://github.com/huggingface/safetensors, section "Format". Three of its types are read and written: F32, F16 and
 * I32. Nothing in a file is trusted: lengths are checked against the available bytes before anything is allocated.
 */
import { FileError, ShapeError, SpecError, ValueError } from "../errors.ts";
import { parseJson, shorten } from "../experiment/json.ts";
import { fromHalf, LARGEST_HALF, toHalf } from "../numeric/half.ts";

export interface NamedArray {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array;
}

export interface SafetensorsOptions {
  /** How floats are stored; F16 halves the file and keeps three decimal digits. */
  readonly precision?: "F32" | "F16";
}

export interface Safetensors {
  readonly tensors: Readonly<Record<string, NamedArray>>;
  readonly metadata: Readonly<Record<string, string>>;
}

const BYTES = { F32: 4, F16: 2, I32: 4 } as const;
type DataType = keyof typeof BYTES;

const LONGEST_HEADER = 16 * 1024 * 1024;
const MOST_DIMENSIONS = 8;

/**
 * The bytes of a file that holds `tensors` in the given order.
 * Throws  ShapeError when a shape does not fit its data; ValueError at a number that is not finite or too large for F16
 */
export function encodeSafetensors(
  tensors: Readonly<Record<string, NamedArray>>,
  metadata: Readonly<Record<string, string>>,
  options: SafetensorsOptions = {},
): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let length = 0;
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    const dtype = data instanceof Int32Array ? "I32" : (options.precision ?? "F32");
    const count = shape.reduce((product, size) => product * size, 1);
    if (count !== data.length) {
      throw new ShapeError(name, `Shape [${shape}] has ${count} values, but ${data.length} were given.`);
    }
    checkStorable(name, data, dtype);
    const begin = length;
    length += count * BYTES[dtype];
    header[name] = { dtype, shape, data_offsets: [begin, length] };
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  // Spaces at the end of the header align the data to 8 bytes.
  const start = 8 + Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(start + length).fill(0x20, 8, start);
  bytes.set(text, 8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, start - 8, true);
  let offset = start;
  for (const { data } of Object.values(tensors)) {
    const dtype = data instanceof Int32Array ? "I32" : (options.precision ?? "F32");
    for (const value of data) {
      if (dtype === "F32") view.setFloat32(offset, value, true);
      else if (dtype === "I32") view.setInt32(offset, value, true);
      else view.setUint16(offset, toHalf(value), true);
      offset += BYTES[dtype];
    }
  }
  return bytes;
}

/**
 * The arrays of a file: F32 and F16 as Float32Array, I32 as Int32Array.
 *
 * `path` names the file in error messages.
 * Throws  FileError when anything is wrong: sizes, types, gaps, non-finite numbers. Memory stays within a small multiple of the
 *         bytes given.
 */
export function decodeSafetensors(bytes: Uint8Array, path = "checkpoint"): Safetensors {
  const fail = refusal(path);
  const { entries, metadata, start } = readLayout(bytes, BYTES, path);
  const view = new DataView(bytes.buffer, bytes.byteOffset + start);
  const tensors: Record<string, NamedArray> = {};
  for (const { name, dtype, shape, begin, count } of entries) {
    tensors[name] = { shape, data: readData(view, begin, count, dtype) };
    const { data } = tensors[name];
    // Without a call for each number: this takes as long as reading them.
    let finite = 0;
    while (finite < data.length && Number.isFinite(data[finite])) finite++;
    if (finite < data.length) fail(`Value ${finite} of ${shorten(name)} is ${data[finite]}, not a finite number.`);
  }
  return { tensors, metadata };
}

/** Where each array of a file is; `begin` and `end` count from byte `start`. */
export interface SafetensorsLayout<Type extends string> {
  readonly entries: readonly Entry<Type>[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly start: number;
}

/**
 * The header of a file, checked against the available bytes; `sizes` lists the types that can be read and their bytes per number.
 * Throws  FileError
 */
export function readLayout<Type extends string>(
  bytes: Uint8Array,
  sizes: Readonly<Record<Type, number>>,
  path: string,
): SafetensorsLayout<Type> {
  const fail = refusal(path);
  const { header, start } = readHeader(bytes, path, fail);
  const { __metadata__: metadata = {}, ...described } = header;
  if (!isRecord(metadata) || !Object.values(metadata).every((value) => typeof value === "string")) {
    fail("`__metadata__` is not an object of strings.");
  }
  const available = bytes.length - start;
  const entries = Object.entries(described).map(([name, entry]) => readEntry(name, entry, sizes, available, fail));
  checkContiguous(entries, available, fail);
  return { entries, metadata: metadata as Record<string, string>, start };
}

function refusal(path: string): Fail {
  return (problem) => {
    throw new FileError(path, `${problem} The file is damaged or of another format; copy or write it again.`);
  };
}

type Fail = (problem: string) => never;

interface Entry<Type extends string> {
  readonly name: string;
  readonly dtype: Type;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
  readonly count: number;
}

function readHeader(bytes: Uint8Array, path: string, fail: Fail): { header: Record<string, unknown>; start: number } {
  if (bytes.length < 8) return fail(`${bytes.length} bytes are too few: the length of the header alone takes 8.`);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const length = view.getUint32(4, true) * 2 ** 32 + view.getUint32(0, true);
  if (length > bytes.length - 8) {
    return fail(`The header should take ${length} bytes, but ${bytes.length - 8} follow.`);
  }
  if (length > LONGEST_HEADER) return fail(`The header takes ${length} bytes; at most ${LONGEST_HEADER} are read.`);
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, 8 + length));
    const header = parseJson(text, path, LONGEST_HEADER);
    return isRecord(header) ? { header, start: 8 + length } : fail("The header is not an object.");
  } catch (error) {
    // The decoder throws a TypeError.
    if (error instanceof TypeError) return fail("The header is not UTF-8 text.");
    if (error instanceof SpecError) return fail(`The header is not JSON. ${error.message}`);
    throw error;
  }
}

function readEntry<Type extends string>(
  name: string,
  entry: unknown,
  sizes: Readonly<Record<Type, number>>,
  available: number,
  fail: Fail,
): Entry<Type> {
  const tensor = shorten(name);
  if (!isRecord(entry)) return fail(`The entry of ${tensor} is not an object.`);
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== "string" || !Object.hasOwn(sizes, dtype)) {
    const known = Object.keys(sizes);
    const types = `${known.slice(0, -1).join(", ")} and ${known.at(-1)}`;
    return fail(`${tensor} is of type ${shorten(dtype ?? null)}, but only ${types} can be read.`);
  }
  if (!isSizes(shape) || shape.length > MOST_DIMENSIONS) {
    return fail(`The shape of ${tensor} is not a list of at most ${MOST_DIMENSIONS} sizes.`);
  }
  if (!isSizes(offsets) || offsets.length !== 2) return fail(`The offsets of ${tensor} are not two positions.`);
  const [begin, end] = offsets as [number, number];
  if (begin > end || end > available) {
    return fail(`${tensor} lies at bytes ${begin} to ${end}, but the file holds ${available} bytes of data.`);
  }
  const size = sizes[dtype as Type];
  // Products beyond 2^53 are no longer exact, but they are larger than any file.
  const count = shape.reduce((product, n) => product * n, 1);
  if (count * size !== end - begin) {
    return fail(`${tensor} of shape [${shape}] and type ${dtype} takes ${count * size} bytes, but has ${end - begin}.`);
  }
  return { name, dtype: dtype as Type, shape, begin, end, count };
}

/** Every byte of data belongs to one array. */
function checkContiguous(layout: readonly Entry<string>[], available: number, fail: Fail): void {
  let position = 0;
  for (const { name, begin, end } of layout.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== position)
      fail(`${shorten(name)} begins at byte ${begin}, but the array before it ends at ${position}.`);
    position = end;
  }
  if (position !== available) fail(`The arrays take ${position} bytes, but the file holds ${available} bytes of data.`);
}

function readData(view: DataView, begin: number, count: number, dtype: DataType): Float32Array | Int32Array {
  const data = dtype === "I32" ? new Int32Array(count) : new Float32Array(count);
  for (let i = 0, offset = begin; i < count; i++, offset += BYTES[dtype]) {
    if (dtype === "F32") data[i] = view.getFloat32(offset, true);
    else if (dtype === "I32") data[i] = view.getInt32(offset, true);
    else data[i] = fromHalf(view.getUint16(offset, true));
  }
  return data;
}

function checkStorable(name: string, data: Float32Array | Int32Array, dtype: DataType): void {
  // 65504 is the largest half, and rounding takes anything below 65520 to it.
  const limit = dtype === "F16" ? LARGEST_HALF + 16 : Number.POSITIVE_INFINITY;
  const wrong = data.findIndex((value) => !(Math.abs(value) < limit));
  if (wrong >= 0) {
    const way = Number.isFinite(data[wrong])
      ? "is too large for F16 (65504). Store it as F32."
      : "is not a finite number.";
    throw new ValueError(name, `Value ${wrong} of ${name}, ${data[wrong]}, ${way}`);
  }
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
