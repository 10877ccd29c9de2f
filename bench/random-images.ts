/** Random images of the sizes of CIFAR-10, for measuring steps: what they show does not matter. */
import type { ImageData, ImageSet } from "../src/data/images.ts";
import { stream } from "../src/numeric/stream.ts";

const PIXELS = 32;
const CHANNELS = 3;
const CLASSES = 10;

function randomSet(part: string, count: number): ImageSet {
  const random = stream(1).fork("images", part);
  return {
    ...{ height: PIXELS, width: PIXELS, channels: CHANNELS, count },
    classes: Array.from({ length: CLASSES }, (_, i) => `class ${i}`),
    labels: Uint16Array.from({ length: count }, () => random.integer(CLASSES)),
    pixels: Uint8Array.from({ length: count * PIXELS * PIXELS * CHANNELS }, () => random.integer(256)),
  };
}

/** As a task names them. */
export const RANDOM_IMAGES = { name: "random", height: PIXELS, width: PIXELS, channels: CHANNELS, classes: CLASSES };

export const randomImages = (count: number): ImageData => ({
  name: RANDOM_IMAGES.name,
  train: randomSet("train", count),
  validation: randomSet("validation", count),
  test: randomSet("test", count),
});
