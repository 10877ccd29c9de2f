import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import sharp from "sharp";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { npyFile, patternBytes } from "../../test/support/image-files.ts";
import { FileError } from "../errors.ts";
import { loadImageData } from "./data.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "xpikeformer-custom-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function put(name: string, bytes: Uint8Array): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), bytes);
}

const load = () => loadImageData("custom", folder);

/** An image of one colour; greyscale if all three values are equal and `channels` is 1. */
function picture(value: number | readonly [number, number, number], width = 6, height = 5) {
  const [channels, pixel] = typeof value === "number" ? ([1, [value]] as const) : ([3, value] as const);
  const pixels = Buffer.from(Array.from({ length: width * height }, () => pixel).flat());
  const image = sharp(pixels, { raw: { width, height, channels } });
  return channels === 1 ? image.toColourspace("b-w") : image;
}

describe("a folder of images", () => {
  test("is read in name order, PNG exactly and JPEG approximately", async () => {
    put("train/cat/b.png", await picture(20).png().toBuffer());
    put("train/cat/a.PNG", await picture(10).png().toBuffer());
    put("train/ant/c.jpg", await picture(200).jpeg().toBuffer());
    put("train/ant/notes.txt", Buffer.from("not an image"));
    put("test/cat/d.png", await picture(99).png().toBuffer());
    const { data, notes } = await load();
    expect(data.test.classes).toEqual(["ant", "cat"]);
    expect([data.test.height, data.test.width, data.test.channels, data.test.count]).toEqual([5, 6, 1, 1]);
    expect([Array.from(data.test.labels), data.test.pixels[0]]).toEqual([[1], 99]);
    // Two cats: one of them is used for validation.
    const cats = [...data.train.pixels, ...data.validation.pixels].filter((value) => value < 100);
    expect(new Set(cats)).toEqual(new Set([10, 20]));
    expect([data.train.count, data.validation.count]).toEqual([2, 1]);
    expect(Math.abs(data.train.pixels[0] - 200)).toBeLessThanOrEqual(1);
    expect(notes).toEqual([
      `custom: read from ${folder}`,
      "custom: files left out, being neither PNG nor JPEG by their name: 1",
    ]);
  });

  test("has three channels when one image has colour", async () => {
    put("train/a/1.png", await picture([1, 2, 3]).png().toBuffer());
    put("train/b/1.png", await picture(50).png().toBuffer());
    put("test/a/1.png", await picture([4, 5, 6]).png().toBuffer());
    const { data } = await load();
    expect([data.train.channels, Array.from(data.train.pixels.subarray(0, 3))]).toEqual([3, [1, 2, 3]]);
    expect(Array.from(data.train.pixels.subarray(90, 96))).toEqual([50, 50, 50, 50, 50, 50]);
    expect(Array.from(data.test.pixels.subarray(0, 3))).toEqual([4, 5, 6]);
  });

  test.each([
    [
      "another size",
      "train/a/2.png",
      () => picture(1, 7, 5).png().toBuffer(),
      /5 x 7 pixels, but the first image has 5 x 6/,
    ],
    ["text under the name of an image", "train/a/2.png", async () => Buffer.from("<svg/>"), /neither PNG nor JPEG/],
    [
      "a class without training images",
      "test/c/1.png",
      () => picture(1).png().toBuffer(),
      /No training image is of this class/,
    ],
  ])("with %s is refused", async (_, name, content, message) => {
    put("train/a/1.png", await picture(10).png().toBuffer());
    put("test/a/1.png", await picture(10).png().toBuffer());
    put(name, await content());
    await expect(load()).rejects.toThrow(message);
    await expect(load()).rejects.toThrow(FileError);
  });

  test("with an image that is cut off or damaged gives a file error, never part of an image", async () => {
    const noise = Buffer.from(patternBytes(30 * 30));
    const image = sharp(noise, { raw: { width: 30, height: 30, channels: 1 } });
    const files = { "1.png": await image.png().toBuffer(), "1.jpg": await image.jpeg().toBuffer() };
    put("test/a/1.png", files["1.png"]);
    for (const [name, good] of Object.entries(files)) {
      rmSync(join(folder, "train"), { recursive: true, force: true });
      put(`train/a/${name}`, good);
      const whole = (await load()).data.train.pixels;
      await fc.assert(
        fc.asyncProperty(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
          const changed = Uint8Array.from(good);
          changed[at] ^= mask;
          put(`train/a/${name}`, changed);
          await load().catch((error: unknown) => expect(error).toBeInstanceOf(FileError));
          put(`train/a/${name}`, good.subarray(0, at));
          // An image without its end marker is still complete.
          const cut = await load().catch((error: unknown) => error);
          if (!(cut instanceof FileError)) expect(cut).toMatchObject({ data: { train: { pixels: whole } } });
          put(`train/a/${name}`, good.subarray(0, Math.floor(at / 2)));
          await expect(load()).rejects.toThrow(FileError);
        }),
        { numRuns: 12 },
      );
    }
  });
});

describe(".npy arrays", () => {
  const labels = (...values: number[]) => npyFile("|u1", [values.length], Uint8Array.from(values));
  const images = (count: number, channels = 1) =>
    npyFile("|u1", [count, 2, 2, channels], patternBytes(4 * channels * count));

  test("are read, with classes up to the largest training label", async () => {
    put("train-images.npy", images(3));
    put("train-labels.npy", labels(0, 2, 2));
    put("test-images.npy", images(1));
    put("test-labels.npy", labels(1));
    const { data } = await load();
    expect(data.train.classes).toEqual(["0", "1", "2"]);
    expect([data.train.count, data.validation.count, data.test.count]).toEqual([2, 1, 1]);
    expect(data.test.pixels).toEqual(patternBytes(4));
    put("test-labels.npy", labels(3));
    await expect(load()).rejects.toThrow(/Label 0 is 3, but there are 3 classes/);
    put("test-labels.npy", labels(1));
    put("test-images.npy", images(1, 3));
    await expect(load()).rejects.toThrow(/3 channels, but training images have 1/);
  });
});

test("a folder without images, or no folder, gives an error that lists the layouts", async () => {
  await expect(load()).rejects.toThrow(/no images here.*train-images.npy.*train\/CLASS/);
  await expect(loadImageData("custom")).rejects.toThrow(/Name their folder in task\.data\.folder, or with --data/);
});
