/**
 * Labelled images for classification, as bytes.
 *
 * The test images are those that a data set publishes. Validation images are split off the training images (`labelled.ts`).
 */
import { ShapeError } from "../errors.ts";
import { type Stream, stream } from "../numeric/stream.ts";
import { type LabelledData, type LabelledSet, splitIndices, VALIDATION_SHARE } from "./labelled.ts";

export interface ImageSet extends LabelledSet {
  readonly height: number;
  readonly width: number;
  /** 1 for greyscale, 3 for red, green and blue. */
  readonly channels: number;
  /** `[count, height, width, channels]`, 0 to 255; shorter if only the first images were read. */
  readonly pixels: Uint8Array;
}

export type ImageData = LabelledData<ImageSet>;

/** A label has 16 bits. */
export const MOST_CLASSES = 65536;

/** Training and validation images split from one set by `splitIndices`. Throws as it does. */
export function splitValidation(
  source: ImageSet,
  random: Stream,
  share = VALIDATION_SHARE,
): { train: ImageSet; validation: ImageSet } {
  const { train, validation } = splitIndices(source, random, share);
  return { train: pickImages(source, train), validation: pickImages(source, validation) };
}

/** Validation images are the same in every experiment, so that all choices are made on the same images. */
const SPLIT_SEED = 1;

/**
 * A set with training and test images, with validation images split off the former.
 * Random  the validation images, by a fixed seed of the set: they are the same in every experiment
 */
export const withValidation = (name: string, train: ImageSet, test: ImageSet): ImageData => ({
  name,
  ...splitValidation(train, stream(SPLIT_SEED).fork("data", name)),
  test,
});

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
 * Concatenates sets of images with the same size and classes.
 * Throws  ShapeError when there are none, or their sizes differ
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
