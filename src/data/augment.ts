/**
 * Order and augmentation of training images: a new order each epoch and, for each image, a random crop with padding and a mirror
 * flip, as is usual for CIFAR-10 since He et al., "Deep residual learning for image recognition", CVPR 2016, section 4.2 (4
 * pixels of padding, flips), and a random black square, Cutout (DeVries and Taylor 2017, arXiv 1708.04552).
 *
 * Image i of epoch e does not depend on what else is drawn, so any slice of an epoch can be drawn on any thread.
 */
import { ShapeError, ValueError } from "../errors.ts";
import type { Stream } from "../numeric/stream.ts";
import type { ImageSet } from "./images.ts";
import { shuffle } from "./labelled.ts";

export interface Augmentation {
  /** Black padding around the image, in pixels, from which a crop of the image's size is taken. 0: none. */
  readonly padding: number;
  /** Mirrors every second image on average, left to right. Not for digits or letters. */
  readonly flips: boolean;
  /**
   * Side of the black square (Cutout), in pixels. Its centre may be any pixel, so part of the square may be outside the image.
   * Default: none.
   */
  readonly cutout?: number | undefined;
}

/**
 * The order of `count` images in an epoch: image `[count]` at each position.
 *
 * Random  one permutation, from `random.fork("order", epoch)`
 */
export function epochOrder(count: number, epoch: number, random: Stream): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  shuffle(order, random.fork("order", epoch));
  return order;
}

/**
 * Image `image` of `source` as seen in an epoch: pixels `[height, width, channels]`, new or in `out`.
 *
 * Random  draws (row, column, flip; row and column of the square) from `random.fork("augmentation", epoch, image)`
 * Throws  ShapeError when there is no such image, or `out` has the wrong size; ValueError when the padding or square is not a
 *         whole number of pixels
 */
export function augmentImage(
  source: ImageSet,
  image: number,
  epoch: number,
  random: Stream,
  { padding, flips, cutout = 0 }: Augmentation,
  out: Uint8Array = new Uint8Array(source.height * source.width * source.channels),
): Uint8Array {
  const { height, width, channels, count } = source;
  const size = height * width * channels;
  if (!(Number.isInteger(image) && image >= 0 && image < count) || out.length !== size) {
    throw new ShapeError("image", `Image ${image} of ${count} needs ${size} bytes, but ${out.length} were given.`);
  }
  for (const [name, length] of Object.entries({ padding, cutout })) {
    if (Number.isInteger(length) && length >= 0) continue;
    throw new ValueError(name, `The ${name} is ${length} pixels. Give a whole number from 0.`);
  }
  const draws = random.fork("augmentation", epoch, image);
  const top = draws.integer(2 * padding + 1) - padding;
  const left = draws.integer(2 * padding + 1) - padding;
  const isFlipped = flips && draws.integer(2) === 1;
  out.fill(0);
  const first = image * size;
  for (let row = Math.max(0, -top); row < Math.min(height, height - top); row++) {
    for (let column = Math.max(0, -left); column < Math.min(width, width - left); column++) {
      const from = first + ((row + top) * width + column + left) * channels;
      const to = (row * width + (isFlipped ? width - 1 - column : column)) * channels;
      for (let channel = 0; channel < channels; channel++) out[to + channel] = source.pixels[from + channel];
    }
  }
  if (cutout > 0) blacken(out, source, draws.integer(height), draws.integer(width), cutout);
  return out;
}

/** Blackens a square of `side` pixels centred on a given pixel, as far as it is inside the image. */
function blacken(
  image: Uint8Array,
  { height, width, channels }: Pick<ImageSet, "height" | "width" | "channels">,
  middleRow: number,
  middleColumn: number,
  side: number,
): void {
  const top = middleRow - (side >> 1);
  const left = middleColumn - (side >> 1);
  const from = Math.max(0, left);
  const to = Math.min(width, left + side);
  for (let row = Math.max(0, top); row < Math.min(height, top + side); row++) {
    image.fill(0, (row * width + from) * channels, (row * width + to) * channels);
  }
}
