/**
 * IDX, the format of MNIST and Fashion-MNIST: two zero bytes, a type, the number of dimensions, each dimension as a big-endian
 * 32-bit integer, then the values, last dimension fastest (http://yann.lecun.com/exdb/mnist, "The IDX file format").
 *
 * Only unsigned bytes are read (type 8), which both sets use. The file may be gzipped.
 */
import { FileError } from "../errors.ts";
import { inflate } from "./gzip.ts";
import type { ImageSet } from "./images.ts";

const UNSIGNED_BYTE = 8;
/** Largest number of values that is read; MNIST has 47 million. */
const MOST_VALUES = 2 ** 30;

/** `images` and `labels` belong together; `path` names each in an error. */
export interface IdxPair {
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
  readonly imagesPath: string;
  readonly labelsPath: string;
}

/**
 * Greyscale images with their labels, from the bytes of an IDX file with three dimensions and one with one, each gzipped or not.
 * Throws  FileError when a file is truncated, damaged, too long or of another format, when the two differ in number, or
 *         when a label has no class
 */
export async function readIdxImages(pair: IdxPair, classes: readonly string[]): Promise<ImageSet> {
  const images = await readIdx(pair.images, pair.imagesPath, 3);
  const labels = await readIdx(pair.labels, pair.labelsPath, 1);
  const [count, height, width] = images.shape;
  if (labels.shape[0] !== count) {
    throw new FileError(
      pair.labelsPath,
      `There are ${labels.shape[0]} labels for the ${count} images of ${pair.imagesPath}. Use two files of the same set.`,
    );
  }
  checkLabels(labels.data, classes.length, pair.labelsPath);
  return { height, width, channels: 1, classes, count, pixels: images.data, labels: Uint16Array.from(labels.data) };
}

/** The values of an IDX file with `dimensions` dimensions, and all of its uncompressed bytes. Throws FileError as above. */
export async function readIdx(
  bytes: Uint8Array,
  path: string,
  dimensions: number,
): Promise<{ shape: readonly number[]; data: Uint8Array; content: Uint8Array }> {
  const headLength = 4 + 4 * dimensions;
  let shape: number[] = [];
  const content = await inflate(bytes, path, (head) => {
    shape = readShape(head, path, dimensions);
    return headLength + product(shape);
  });
  return { shape, data: content.subarray(headLength), content };
}

function readShape(head: Uint8Array, path: string, dimensions: number): number[] {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const magic = head.length >= 4 ? view.getUint32(0) : undefined;
  const wanted = (UNSIGNED_BYTE << 8) | dimensions;
  if (magic !== wanted) {
    const found = magic === undefined ? `only ${head.length} bytes` : hexadecimal(magic);
    throw new FileError(
      path,
      `An IDX file of ${dimensions === 1 ? "labels" : "images"} starts with ${hexadecimal(wanted)}; here ${
        magic === undefined ? "there are" : "is"
      } ${found}. Check that it is the right file.`,
    );
  }
  if (head.length < 4 + 4 * dimensions) {
    throw new FileError(path, `The header is cut off after ${head.length} bytes. Copy or download the file again.`);
  }
  const shape = Array.from({ length: dimensions }, (_, i) => view.getUint32(4 + 4 * i));
  if (product(shape) > MOST_VALUES || shape.includes(0)) {
    throw new FileError(
      path,
      `The header says ${shape.join(" x ")} = ${product(shape)} values; 1 to ${MOST_VALUES} are read here. The file is ` +
        "damaged or of another kind.",
    );
  }
  return shape;
}

/** Throws FileError at the first label that is not a class. */
export function checkLabels(labels: ArrayLike<number>, classes: number, path: string): void {
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] >= classes) {
      throw new FileError(
        path,
        `Label ${i} is ${labels[i]}, but there are ${classes} classes, 0 to ${classes - 1}. The file is damaged or of ` +
          "another set.",
      );
    }
  }
}

const product = (values: readonly number[]): number => values.reduce((all, value) => all * value, 1);

const hexadecimal = (value: number): string => `0x${value.toString(16).padStart(8, "0")}`;
