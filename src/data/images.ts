/**
 * Labelled images for classification, as bytes, and the split into training, validation and test.
 *
 * The test images are those that a data set publishes as such. Validation images are cut from the training images here: a
 * fixed share of each class, chosen by a named stream. So every choice (learning rate, step to keep, threshold) can be
 * made on validation images, and the test images are looked at once, at the end.
 */
import { ShapeError, ValueError } from "../errors.ts";
import type { Stream } from "../numeric/stream.ts";
import type { LabelledData, LabelledSet } from "./labelled.ts";

export interface ImageSet extends LabelledSet {
  readonly height: number;
  readonly width: number;
  /** 1 for grey, 3 for red, green and blue. */
  readonly channels: number;
  /** `[count, height, width, channels]`, 0 to 255. */
  readonly pixels: Uint8Array;
}

export type ImageData = LabelledData<ImageSet>;

/** A label has 16 bits. */
export const MOST_CLASSES = 65536;

/** Share of each class's training images that is kept for validation. */
export const VALIDATION_SHARE = 0.1;

/**
 * Training and validation images cut from one set: of the n images of each class, floor(share * n) go to validation, and at
 * least one where the class has two or more. Both parts keep the order of the source.
 *
 * Random  one permutation per class, from `random.fork("validation", class)`
 * Throws  ValueError when `share` is not in [0, 1)
 */
export function splitValidation(
  source: ImageSet,
  random: Stream,
  share = VALIDATION_SHARE,
): { train: ImageSet; validation: ImageSet } {
  if (!(share >= 0 && share < 1)) {
    throw new ValueError("share", `The validation share is ${share}. Give at least 0 and less than 1.`);
  }
  const isValidation = new Uint8Array(source.count);
  for (let label = 0; label < source.classes.length; label++) {
    const members: number[] = [];
    for (let i = 0; i < source.count; i++) if (source.labels[i] === label) members.push(i);
    const least = share > 0 && members.length > 1 ? 1 : 0;
    const kept = Math.max(least, Math.floor(share * members.length));
    shuffle(members, random.fork("validation", label));
    for (const index of members.slice(members.length - kept)) isValidation[index] = 1;
  }
  const indices = Array.from(isValidation.keys());
  return {
    train: pickImages(
      source,
      indices.filter((i) => isValidation[i] === 0),
    ),
    validation: pickImages(
      source,
      indices.filter((i) => isValidation[i] === 1),
    ),
  };
}

/**
 * The images at `indices`, in that order, copied.
 * Throws  ShapeError for an index outside the set
 */
export function pickImages(source: ImageSet, indices: ArrayLike<number>): ImageSet {
  const size = source.height * source.width * source.channels;
  const pixels = new Uint8Array(indices.length * size);
  const labels = new Uint16Array(indices.length);
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i];
    if (!(Number.isInteger(index) && index >= 0 && index < source.count)) {
      throw new ShapeError("indices", `There is no image ${index}: the set has ${source.count}, from 0.`);
    }
    pixels.set(source.pixels.subarray(index * size, (index + 1) * size), i * size);
    labels[i] = source.labels[index];
  }
  return { ...source, count: indices.length, pixels, labels };
}

/**
 * Sets of images of the same size and classes, one after another.
 * Throws  ShapeError when there is none, or their sizes differ
 */
export function joinImages(sets: readonly ImageSet[]): ImageSet {
  if (sets.length === 0) throw new ShapeError("sets", "There are no images to join. Give at least one set.");
  const [first] = sets;
  const count = sets.reduce((sum, set) => sum + set.count, 0);
  const pixels = new Uint8Array(count * first.height * first.width * first.channels);
  const labels = new Uint16Array(count);
  let filled = 0;
  for (const set of sets) {
    if (set.height !== first.height || set.width !== first.width || set.channels !== first.channels) {
      throw new ShapeError(
        "sets",
        `Images of ${sizeOf(set)} do not join those of ${sizeOf(first)}. Bring them to one size.`,
      );
    }
    pixels.set(set.pixels, filled * first.height * first.width * first.channels);
    labels.set(set.labels, filled);
    filled += set.count;
  }
  return { ...first, count, pixels, labels };
}

const sizeOf = ({ height, width, channels }: ImageSet): string => `${height} x ${width} x ${channels}`;

/** Fisher and Yates's shuffle, in place. */
export function shuffle(values: number[] | Uint32Array, random: Stream): void {
  for (let i = values.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [values[i], values[j]] = [values[j], values[i]];
  }
}
