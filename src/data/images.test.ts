import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ShapeError, ValueError } from "../errors.ts";
import { stream } from "../numeric/stream.ts";
import { type ImageSet, joinImages, pickImages, splitValidation } from "./images.ts";

/** One-pixel images whose value is their index. */
function numbered(labels: readonly number[], classes = 3): ImageSet {
  return {
    ...{ height: 1, width: 1, channels: 1, count: labels.length },
    classes: Array.from({ length: classes }, (_, k) => `class ${k}`),
    pixels: Uint8Array.from(labels, (_, i) => i),
    labels: Uint16Array.from(labels),
  };
}

describe("the split", () => {
  const anyLabels = fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 200 });

  test("gives every image to exactly one part, in its order and with its label", () => {
    fc.assert(
      fc.property(anyLabels, fc.integer({ min: 0, max: 1000 }), (labels, seed) => {
        const { train, validation } = splitValidation(numbered(labels), stream(seed));
        const all = [...train.pixels, ...validation.pixels];
        expect(all.toSorted((a, b) => a - b)).toEqual(labels.map((_, i) => i));
        for (const part of [train, validation]) {
          expect(part.pixels).toEqual(part.pixels.toSorted());
          expect(Array.from(part.labels)).toEqual(Array.from(part.pixels, (i) => labels[i]));
          expect(part.count).toBe(part.labels.length);
        }
      }),
    );
  });

  test("takes a tenth of every class, and one image where a tenth is less", () => {
    const labels = [...Array(40).fill(0), ...Array(9).fill(1), 2];
    const { validation } = splitValidation(numbered(labels), stream(1));
    expect([0, 1, 2].map((k) => validation.labels.filter((label) => label === k).length)).toEqual([4, 1, 0]);
  });

  test("is the same for the same stream, and different for another", () => {
    const source = numbered(Array(200).fill(0));
    const chosen = (seed: number) => Array.from(splitValidation(source, stream(seed)).validation.pixels);
    expect(chosen(1)).toEqual(chosen(1));
    expect(chosen(1)).not.toEqual(chosen(2));
  });

  test("chooses every image equally often", () => {
    const counts = new Array(20).fill(0);
    const draws = 4000;
    for (let seed = 0; seed < draws; seed++) {
      for (const i of splitValidation(numbered(Array(20).fill(0)), stream(seed)).validation.pixels) counts[i] += 1;
    }
    // Two of twenty each time: binomial with p = 0.1. Five standard deviations, twenty images: exceeded once in 90,000 sets of seeds.
    const deviation = Math.sqrt(draws * 0.1 * 0.9);
    for (const count of counts) expect(Math.abs(count - draws * 0.1)).toBeLessThan(5 * deviation);
  });

  test("refuses a share that leaves no training images", () => {
    expect(() => splitValidation(numbered([0]), stream(1), 1)).toThrow(ValueError);
    expect(() => splitValidation(numbered([0]), stream(1), Number.NaN)).toThrow(ValueError);
  });
});

test("images are selected by index and joined in order", () => {
  const source = numbered([0, 1, 2, 1]);
  const picked = pickImages(source, [3, 0]);
  expect([Array.from(picked.pixels), Array.from(picked.labels), picked.count]).toEqual([[3, 0], [1, 0], 2]);
  expect(joinImages([pickImages(source, [0, 1]), pickImages(source, [2, 3])])).toEqual(source);
  expect(() => pickImages(source, [4])).toThrow(ShapeError);
  expect(() => joinImages([])).toThrow(ShapeError);
  expect(() => joinImages([source, { ...source, height: 2, pixels: new Uint8Array(8) }])).toThrow(
    /2 x 1 x 1 do not join those of 1 x 1 x 1/,
  );
});
