import { expect, test } from "vitest";
import { tinyImages } from "../../test/support/tiny-images.ts";
import { shareData } from "./shared-data.ts";

test("shared data equals the original, with its arrays of numbers in shared memory, each once", () => {
  const shared = shareData(tinyImages);
  expect(shared).toEqual(tinyImages);
  for (const { pixels, labels } of [shared.train, shared.validation, shared.test]) {
    expect([pixels.buffer, labels.buffer].every((buffer) => buffer instanceof SharedArrayBuffer)).toBe(true);
  }
  const again = shareData(shared);
  expect(again.train.pixels).toBe(shared.train.pixels);
  expect(shared.train.pixels).not.toBe(tinyImages.train.pixels);
});

test("no data stays no data, and arrays of all kinds are shared", () => {
  expect(shareData(null)).toBeNull();
  const arrays = {
    words: Uint32Array.of(1, 2 ** 32 - 1),
    places: Int32Array.of(3, -1),
    floats: Float32Array.of(0.1, -0),
  };
  const shared = shareData(arrays);
  expect(shared).toEqual(arrays);
  for (const { buffer } of Object.values(shared)) expect(buffer).toBeInstanceOf(SharedArrayBuffer);
});
