import { expect, test } from "vitest";
import { tinyImages } from "../../test/support/tiny-images.ts";
import { shareData } from "./shared-data.ts";

test("shared data is the same data, with its arrays of numbers in shared memory, once", () => {
  const shared = shareData(tinyImages);
  expect(shared).toEqual(tinyImages);
  for (const { pixels, labels } of [shared.train, shared.validation, shared.test]) {
    expect([pixels.buffer, labels.buffer].every((buffer) => buffer instanceof SharedArrayBuffer)).toBe(true);
  }
  const again = shareData(shared);
  expect(again.train.pixels).toBe(shared.train.pixels);
  expect(shared.train.pixels).not.toBe(tinyImages.train.pixels);
});

test("no data stays no data, and words of 32 bits are shared too", () => {
  expect(shareData(null)).toBeNull();
  const { words } = shareData({ words: Uint32Array.of(1, 2 ** 32 - 1) });
  expect([...words]).toEqual([1, 2 ** 32 - 1]);
  expect(words.buffer).toBeInstanceOf(SharedArrayBuffer);
});
