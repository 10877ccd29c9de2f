/** Labelled images where every thread can read them without a copy of its own. */
import type { ImageData, ImageSet } from "../data/images.ts";
import { canShareMemory } from "./executor.ts";

/** The same images, with pixels and labels in shared memory; as they are where they lie there already, or none can be shared. */
export function shareImages(images: ImageData): ImageData {
  if (!canShareMemory()) return images;
  const { name, train, validation, test } = images;
  return { name, train: shareSet(train), validation: shareSet(validation), test: shareSet(test) };
}

const shareSet = (set: ImageSet): ImageSet => ({ ...set, pixels: share(set.pixels), labels: share(set.labels) });

function share(bytes: Uint8Array): Uint8Array {
  if (bytes.buffer instanceof SharedArrayBuffer) return bytes;
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  return shared;
}
