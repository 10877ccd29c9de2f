/**
 * Arrays of real and complex numbers, as NumPy's `.npy` and `.npz` hold them: `<f4`, `<f8`, `<c8`, `<c16`, in either order of dimensions.
 * An `.npz` is a zip archive of `.npy` files, stored or deflated.
 *
 * Read arrays are row-major and in double precision. Arrays of objects, which are pickles, and all other types are refused by name.
 */
import { checkNpySize, NPY_MAGIC, readNpyHeader } from "../data/npy.ts";
import { FileError, ShapeError } from "../errors.ts";
import { openZip } from "./zip.ts";
import { storedZip } from "./zip-write.ts";

export interface NumberArray {
  readonly shape: readonly number[];
  readonly isComplex: boolean;
  /** Row-major; real and imaginary part of a complex number are adjacent. */
  readonly values: Float64Array;
}

/** Bytes of a real number. */
const TYPES: Readonly<Record<string, { readonly width: 4 | 8; readonly isComplex: boolean }>> = {
  "<f4": { width: 4, isComplex: false },
  "<f8": { width: 8, isComplex: false },
  "<c8": { width: 4, isComplex: true },
  "<c16": { width: 8, isComplex: true },
};
const NAMES = Object.keys(TYPES).join(", ");

/** Real numbers of one array: 1 GiB in double precision. */
export const MOST_NUMBERS = 2 ** 27;

/**
 * The array of a `.npy` file.
 * Throws  FileError at `path` when it is damaged, larger than 2^27 real numbers, or of another type
 */
export function readNumbers(bytes: Uint8Array, path: string): NumberArray {
  const { type, isFortran, shape, values } = readNpyHeader(bytes, path);
  if (!Object.hasOwn(TYPES, type)) {
    throw new FileError(
      path,
      `The values are of type ${JSON.stringify(type)}, but only ${NAMES} can be read. Convert them with astype.`,
    );
  }
  const { width, isComplex } = TYPES[type];
  const each = isComplex ? 2 : 1;
  checkNpySize(shape, width * each, values, path);
  const count = values.length / width;
  if (count > MOST_NUMBERS) {
    throw new FileError(path, `The array has ${count} numbers, more than the limit of ${MOST_NUMBERS}. Split it.`);
  }
  const view = new DataView(values.buffer, values.byteOffset, values.byteLength);
  const numbers = new Float64Array(count);
  for (let i = 0; i < count; i++)
    numbers[i] = width === 4 ? view.getFloat32(4 * i, true) : view.getFloat64(8 * i, true);
  return { shape, isComplex, values: isFortran ? rowMajor(numbers, shape, each) : numbers };
}

/** Numbers with the first dimension fastest, as the last one. */
function rowMajor(numbers: Float64Array, shape: readonly number[], each: number): Float64Array {
  const out = new Float64Array(numbers.length);
  const strides = shape.map((_, dimension) => shape.slice(0, dimension).reduce((all, size) => all * size, each));
  const index = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < out.length; to += each) {
    for (let i = 0; i < each; i++) out[to + i] = numbers[from + i];
    for (let dimension = shape.length - 1; dimension >= 0; dimension--) {
      from += strides[dimension];
      if (++index[dimension] < shape[dimension]) break;
      from -= strides[dimension] * shape[dimension];
      index[dimension] = 0;
    }
  }
  return out;
}

/**
 * The arrays of an `.npz` file by name, those of `names` only.
 * Throws  FileError at `path` when the archive or an array is damaged or of another type
 */
export function readNpz(bytes: Uint8Array, path: string, names: readonly string[]): ReadonlyMap<string, NumberArray> {
  const archive = openZip(bytes, path);
  const found = names.filter((name) => archive.size(`${name}.npy`) !== undefined);
  return new Map(found.map((name) => [name, readNumbers(archive.read(`${name}.npy`), `${path}: ${name}`)]));
}

/** An array to write, row-major. */
export interface WritableArray {
  readonly shape: readonly number[];
  readonly values: Float32Array | Uint8Array;
}

/** The bytes of a `.npy` file. Throws ShapeError unless there is a value for each place of the shape. */
export function writeNumbers({ shape, values }: WritableArray): Uint8Array {
  const size = shape.reduce((all, length) => all * length, 1);
  if (size !== values.length) {
    throw new ShapeError("values", `An array of shape (${shape.join(", ")}) has ${size} values, not ${values.length}.`);
  }
  const type = values instanceof Uint8Array ? "|u1" : "<f4";
  const tuple = `${shape.join(", ")}${shape.length === 1 ? "," : ""}`;
  const header = `{'descr': '${type}', 'fortran_order': False, 'shape': (${tuple}), }`;
  // Values start at a multiple of 64 bytes; a line break ends the header.
  const start = 64 * Math.ceil((10 + header.length + 1) / 64);
  const bytes = new Uint8Array(start + values.byteLength);
  bytes.set([...NPY_MAGIC, 1, 0]);
  bytes.set(new TextEncoder().encode(`${header.padEnd(start - 11)}\n`), 10);
  const view = new DataView(bytes.buffer);
  view.setUint16(8, start - 10, true);
  if (values instanceof Uint8Array) bytes.set(values, start);
  else for (let i = 0; i < size; i++) view.setFloat32(start + 4 * i, values[i], true);
  return bytes;
}

/** The bytes of an `.npz` file, not compressed. Throws as `writeNumbers`, and ValueError beyond 4 GiB. */
export const writeNpz = (arrays: Readonly<Record<string, WritableArray>>): Uint8Array =>
  storedZip(Object.entries(arrays).map(([name, array]) => ({ name: `${name}.npy`, content: writeNumbers(array) })));
