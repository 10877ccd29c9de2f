import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { patternBytes } from "../../test/support/image-files.ts";
import { ShapeError, ValueError } from "../errors.ts";
import { stream } from "../numeric/stream.ts";
import { augmentImage, epochOrder } from "./augment.ts";
import type { ImageSet } from "./images.ts";

const source: ImageSet = {
  ...{ height: 4, width: 3, channels: 2, count: 5, classes: ["a"], labels: new Uint16Array(5) },
  // No pixel is black, so that padding can be told apart.
  pixels: patternBytes(5 * 24).map((value) => value + 1),
};
const pixel = (image: Uint8Array, row: number, column: number, channel: number): number =>
  row < 0 || row >= 4 || column < 0 || column >= 3 ? 0 : image[(row * 3 + column) * 2 + channel];

/** The crop at an offset, in the obvious way. */
function crop(image: number, top: number, left: number, isFlipped: boolean): number[] {
  const pixels = source.pixels.subarray(24 * image, 24 * (image + 1));
  const out: number[] = [];
  for (let row = 0; row < 4; row++) {
    for (let column = 0; column < 3; column++) {
      const from = isFlipped ? 2 - column : column;
      for (let channel = 0; channel < 2; channel++) out.push(pixel(pixels, row + top, from + left, channel));
    }
  }
  return out;
}

describe("an augmented image", () => {
  test("is one of the crops within the padding, straight or mirrored", () => {
    fc.assert(
      fc.property(fc.nat(4), fc.nat(50), fc.nat(5), fc.boolean(), (image, epoch, padding, flips) => {
        const seen = Array.from(augmentImage(source, image, epoch, stream(1), { padding, flips })).join();
        const possible = new Set<string>();
        for (let top = -padding; top <= padding; top++) {
          for (let left = -padding; left <= padding; left++) {
            for (const isFlipped of flips ? [false, true] : [false]) {
              possible.add(crop(image, top, left, isFlipped).join());
            }
          }
        }
        expect(possible.has(seen)).toBe(true);
      }),
    );
  });

  test("is the image itself without padding and flips", () => {
    const same = augmentImage(source, 3, 7, stream(1), { padding: 0, flips: false });
    expect(same).toEqual(source.pixels.subarray(72, 96));
  });

  test("takes every crop equally often", () => {
    const counts = new Map<string, number>();
    const epochs = 3600;
    for (let epoch = 0; epoch < epochs; epoch++) {
      const key = augmentImage(source, 2, epoch, stream(4), { padding: 1, flips: true }).join();
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).toBe(18);
    // 18 crops, 200 each expected. Five standard deviations of a binomial: exceeded by chance once in 100,000 sets of seeds.
    const deviation = Math.sqrt(epochs * (1 / 18) * (17 / 18));
    for (const count of counts.values()) expect(Math.abs(count - 200)).toBeLessThan(5 * deviation);
  });

  test("depends only on seed, epoch and number, not on what was drawn before", () => {
    const options = { padding: 2, flips: true };
    const random = stream(9);
    const alone = augmentImage(source, 4, 1, stream(9), options);
    for (let image = 0; image < 4; image++) augmentImage(source, image, 1, random, options);
    random.word();
    expect(augmentImage(source, 4, 1, random, options, new Uint8Array(24).fill(9))).toEqual(alone);
  });

  test("has a black square around its own random pixel, and is otherwise unchanged", () => {
    fc.assert(
      fc.property(
        fc.nat(4),
        fc.nat(50),
        fc.integer({ min: 1, max: 9 }),
        fc.boolean(),
        (image, epoch, cutout, flips) => {
          const whole = augmentImage(source, image, epoch, stream(1), { padding: 0, flips });
          const seen = augmentImage(source, image, epoch, stream(1), { padding: 0, flips, cutout });
          // The square starts half a side above and left of its centre; for an even side, the centre is the later of the two
          // middle pixels.
          const reaches = (at: number, middle: number) => {
            const past = at - (middle - Math.floor(cutout / 2));
            return past >= 0 && past < cutout;
          };
          const possible = new Set<string>();
          for (let y = 0; y < 4; y++) {
            for (let x = 0; x < 3; x++) {
              const black = whole.map((value, i) =>
                reaches(Math.floor(i / 6), y) && reaches((i >> 1) % 3, x) ? 0 : value,
              );
              possible.add(black.join());
            }
          }
          expect(possible.has(seen.join())).toBe(true);
        },
      ),
    );
  });

  test("has its square around every pixel equally often", () => {
    const counts = new Map<string, number>();
    const epochs = 2400;
    for (let epoch = 0; epoch < epochs; epoch++) {
      const key = augmentImage(source, 2, epoch, stream(4), { padding: 0, flips: false, cutout: 1 }).join();
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).toBe(12);
    // 12 pixels, 200 each expected; five standard deviations, as above.
    const deviation = Math.sqrt(epochs * (1 / 12) * (11 / 12));
    for (const count of counts.values()) expect(Math.abs(count - 200)).toBeLessThan(5 * deviation);
  });

  test("is refused for an image that does not exist, a buffer of the wrong size, or half a pixel", () => {
    const options = { padding: 1, flips: false };
    expect(() => augmentImage(source, 5, 0, stream(1), options)).toThrow(ShapeError);
    expect(() => augmentImage(source, 0, 0, stream(1), options, new Uint8Array(23))).toThrow(ShapeError);
    expect(() => augmentImage(source, 0, 0, stream(1), { padding: 0.5, flips: false })).toThrow(ValueError);
    expect(() => augmentImage(source, 0, 0, stream(1), { ...options, cutout: -1 })).toThrow(
      "The cutout is -1 pixels. Give a whole number from 0.",
    );
  });
});

test("every epoch has every image once, in a new order", () => {
  const orders = [0, 1].map((epoch) => Array.from(epochOrder(50, epoch, stream(3))));
  for (const order of orders) expect(order.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
  expect(orders[0]).not.toEqual(orders[1]);
  expect(Array.from(epochOrder(50, 1, stream(3)))).toEqual(orders[1]);
});
