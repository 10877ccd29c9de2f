/**
 * `.npy`, NumPy's format for one array, versions 1 and 2
 * (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html): a magic string, a version, the length of a header,
 * the header as a Python dictionary, then the values.
 *
 * Reads unsigned bytes (`|u1`), 32-bit floats (`<f4`) and 64-bit integers (`<i8`), last dimension fastest; anything else is
 * refused by name. Nothing in the header is evaluated.
 */
import { FileError } from "../errors.ts";
import { checkLabels } from "./idx.ts";
import { type ImageSet, MOST_CLASSES } from "./images.ts";

export interface NpyArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array | Float32Array | BigInt64Array;
}

export const NPY_MAGIC: readonly number[] = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
/** NumPy writes 118 bytes for an ordinary array; anything longer than this is not a header of one. */
const LONGEST_HEADER = 2 ** 16;
const TYPES = { "|u1": 1, "<f4": 4, "<i8": 8 } as const;

const HEADER = /^\{\s*'descr':\s*'([^']*)',\s*'fortran_order':\s*(True|False),\s*'shape':\s*\(([\d,\s]*)\),?\s*\}\s*$/;

/**
 * The array in the bytes of a `.npy` file; it shares their memory where it can.
 * Throws  FileError at `path` when it is cut off, too long, of another type, order or version, or not a `.npy` file
 */
export function readNpy(bytes: Uint8Array, path: string): NpyArray {
  const { type, isFortran, shape, values } = readNpyHeader(bytes, path);
  if (!Object.hasOwn(TYPES, type) || isFortran) {
    const found = isFortran ? "column by column (fortran_order)" : `of type ${JSON.stringify(type)}`;
    throw new FileError(
      path,
      `The values are ${found}, but only |u1, <f4 and <i8 in row-major order can be read. Convert them with numpy.ascontiguousarray and astype.`,
    );
  }
  checkNpySize(shape, TYPES[type as keyof typeof TYPES], values, path);
  return { shape, data: typed(values, type as keyof typeof TYPES) };
}

/** What the header says, and the bytes after it. */
export interface NpyHeader {
  /** As NumPy writes it: `<c8` for little-endian complex numbers of 8 bytes. */
  readonly type: string;
  /** Whether the first dimension is fastest. */
  readonly isFortran: boolean;
  readonly shape: readonly number[];
  readonly values: Uint8Array;
}

/** Throws FileError at `path` when it is not the header of an array of one type, or of a version that is read. */
export function readNpyHeader(bytes: Uint8Array, path: string): NpyHeader {
  if (bytes.length < 10 || NPY_MAGIC.some((byte, i) => bytes[i] !== byte)) {
    throw new FileError(path, "This is not a .npy file: it does not start with \\x93NUMPY. Write it with numpy.save.");
  }
  const [major, minor] = [bytes[6], bytes[7]];
  if ((major !== 1 && major !== 2) || minor !== 0) {
    throw new FileError(
      path,
      `The file is of version ${major}.${minor}; 1.0 and 2.0 are read. Write it with numpy.save.`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = major === 1 ? 10 : 12;
  if (bytes.length < start) throw new FileError(path, "The file ends within its header. Copy it again.");
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > LONGEST_HEADER || start + length > bytes.length) {
    throw new FileError(
      path,
      `The header should take ${length} bytes, but ${bytes.length - start} follow. The file is damaged or cut off; copy it again.`,
    );
  }
  const header = new TextDecoder("latin1").decode(bytes.subarray(start, start + length));
  const [, type, fortran, dimensions] = HEADER.exec(header) ?? [];
  if (type === undefined) {
    throw new FileError(path, "The header is not that of an array of numbers. Write it with numpy.save.");
  }
  const shape = (dimensions.match(/\d+/g) ?? []).map(Number);
  return { type, isFortran: fortran === "True", shape, values: bytes.subarray(start + length) };
}

/** Throws FileError unless there are `width` bytes for each value of the shape. */
export function checkNpySize(shape: readonly number[], width: number, values: Uint8Array, path: string): void {
  const size = shape.reduce((all, value) => all * value, width);
  if (values.length === size) return;
  throw new FileError(
    path,
    `An array of shape (${shape.join(", ")}) with ${width} bytes a value takes ${size} bytes, but ${values.length} follow. The ` +
      "file is damaged or cut off; copy it again.",
  );
}

/** Reads little-endian values on any machine. */
function typed(data: Uint8Array, type: keyof typeof TYPES): NpyArray["data"] {
  if (type === "|u1") return data;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return type === "<f4"
    ? Float32Array.from({ length: data.length / 4 }, (_, i) => view.getFloat32(4 * i, true))
    : BigInt64Array.from({ length: data.length / 8 }, (_, i) => view.getBigInt64(8 * i, true));
}

/**
 * Images with their labels from two arrays: images `[count, height, width]` or `[count, height, width, 1 or 3]`, as bytes or as
 * floats from 0 to 1, which are rounded to 0 .. 255; labels `[count]`, as bytes or integers.
 *
 * Throws  FileError when a shape, a value or a label does not fit
 */
export function npyImages(
  images: { readonly bytes: Uint8Array; readonly path: string },
  labels: { readonly bytes: Uint8Array; readonly path: string },
  classes: readonly string[],
): ImageSet {
  const { shape, data } = readNpy(images.bytes, images.path);
  const [count, height, width, channels = 1] = shape;
  if (shape.length < 3 || shape.length > 4 || shape.includes(0) || (channels !== 1 && channels !== 3)) {
    throw new FileError(
      images.path,
      `The array has shape (${shape.join(", ")}); images are (count, height, width) or (count, height, width, 1 or 3).`,
    );
  }
  const names = npyLabels(labels.bytes, labels.path);
  if (names.length !== count) {
    throw new FileError(
      labels.path,
      `There are ${names.length} labels for the ${count} images of ${images.path}. Use two files of the same set.`,
    );
  }
  checkLabels(names, classes.length, labels.path);
  return { height, width, channels, classes, count, pixels: pixelsOf(data, images.path), labels: names };
}

/** Labels `[count]`. Throws FileError. */
export function npyLabels(bytes: Uint8Array, path: string): Uint16Array {
  const { shape, data } = readNpy(bytes, path);
  if (shape.length !== 1 || data instanceof Float32Array) {
    const kind = data instanceof Float32Array ? "floats" : "integers";
    throw new FileError(
      path,
      `Labels are an array of ${kind} of shape (${shape.join(", ")}); give integers of shape (count).`,
    );
  }
  if (data instanceof Uint8Array) return Uint16Array.from(data);
  const wrong = data.findIndex((label) => label < 0n || label >= MOST_CLASSES);
  if (wrong >= 0) throw new FileError(path, `Label ${wrong} is ${data[wrong]}; labels are 0 to ${MOST_CLASSES - 1}.`);
  return Uint16Array.from(data, Number);
}

function pixelsOf(data: NpyArray["data"], path: string): Uint8Array {
  if (data instanceof Uint8Array) return data;
  if (data instanceof BigInt64Array) {
    throw new FileError(path, "Pixels are 64-bit integers; give bytes (astype uint8), or 32-bit floats from 0 to 1.");
  }
  const wrong = data.findIndex((value) => !(value >= 0 && value <= 1));
  if (wrong >= 0) {
    throw new FileError(
      path,
      `Value ${wrong} is ${data[wrong]}; floats are pixels from 0 to 1. Divide by 255, or give bytes (astype uint8).`,
    );
  }
  return Uint8Array.from(data, (value) => Math.floor(255 * value + 0.5));
}
