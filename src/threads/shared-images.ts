/** Labelled images where every thread can read them without a copy of its own. */
import type { ImageData, ImageSet } from "../data/images.ts";
import { canShareMemory } from "./executor.ts";

/** The same images, with pixels and labels in shared memory; as they are where they lie there already, or none can be shared. */
export function shareImages(images: ImageData): ImageData {
  if (!canShareMemory()) return images;
  const { name, train, validation, test } = images;
  return { name, train: shareSet(train), validation: shareSet(validation), test: shareSet(test) };
}

const shareSet = (set: ImageSet): ImageSet => ({
  ...set,
  pixels: share(Uint8Array, set.pixels),
  labels: share(Uint16Array, set.labels),
});

function share<A extends Uint8Array | Uint16Array>(kind: new (buffer: SharedArrayBuffer) => A, values: A): A {
  if (values.buffer instanceof SharedArrayBuffer) return values;
  const shared = new kind(new SharedArrayBuffer(values.byteLength));
  shared.set(values);
  return shared;
}
