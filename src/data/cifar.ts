/**
 * The binary version of CIFAR-10 (Krizhevsky, "Learning multiple layers of features from tiny images", 2009;
 * https://www.cs.toronto.edu/~kriz/cifar.html): records of one label byte and 32 x 32 pixels, first all red, then all green,
 * then all blue values, each row by row. A batch has 10,000 records; the format has no header.
 */
import { FileError } from "../errors.ts";
import { inflate } from "./gzip.ts";
import { checkLabels } from "./idx.ts";
import type { ImageSet } from "./images.ts";

export const CIFAR_SIDE = 32;
const CHANNELS = 3;
const PLANE = CIFAR_SIDE * CIFAR_SIDE;
export const CIFAR_RECORD = 1 + CHANNELS * PLANE;
/** Images per published batch, and the most that are read from one file. */
export const CIFAR_BATCH = 10_000;

/**
 * The images of one batch, gzipped or not, and its uncompressed bytes. A batch may be shorter than a published one.
 * Throws  FileError when it is empty, too long, damaged or not a whole number of records, or when a label has no class
 */
export async function readCifarBatch(
  bytes: Uint8Array,
  path: string,
  classes: readonly string[],
): Promise<{ images: ImageSet; content: Uint8Array }> {
  const content = await inflate(bytes, path, { atMost: CIFAR_BATCH * CIFAR_RECORD });
  return { images: cifarImages(content, path, classes), content };
}

/** The images of inflated records. Throws FileError as above. */
export function cifarImages(content: Uint8Array, path: string, classes: readonly string[]): ImageSet {
  const count = content.length / CIFAR_RECORD;
  if (!Number.isInteger(count) || count === 0 || count > CIFAR_BATCH) {
    throw new FileError(
      path,
      `${content.length} bytes are ${content.length} / ${CIFAR_RECORD} = ${count.toFixed(2)} images; a batch has a whole ` +
        `number from 1 to ${CIFAR_BATCH}. The file is cut off or is not a CIFAR-10 batch; copy or download it again.`,
    );
  }
  const labels = new Uint16Array(count);
  const pixels = new Uint8Array(count * PLANE * CHANNELS);
  for (let image = 0; image < count; image++) {
    const record = image * CIFAR_RECORD;
    labels[image] = content[record];
    for (let channel = 0; channel < CHANNELS; channel++) {
      const plane = record + 1 + channel * PLANE;
      const target = image * PLANE * CHANNELS + channel;
      for (let i = 0; i < PLANE; i++) pixels[target + i * CHANNELS] = content[plane + i];
    }
  }
  checkLabels(labels, classes.length, path);
  return { height: CIFAR_SIDE, width: CIFAR_SIDE, channels: CHANNELS, classes, count, pixels, labels };
}
