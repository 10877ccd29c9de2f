// @module-tag slow
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cifarFile, idxFile, npyFile, npyHeader, patternBytes, tarFile } from "../../test/support/image-files.ts";
import { FileError } from "../errors.ts";
import { readCifarBatch } from "./cifar.ts";
import { inflateChunks, slices } from "./gzip.ts";
import { readIdx, readIdxImages } from "./idx.ts";
import { npyImages, readNpy } from "./npy.ts";
import { tarFiles } from "./tar.ts";

const classes = ["a", "b", "c"];
const gzip = (bytes: Uint8Array): Uint8Array => new Uint8Array(gzipSync(bytes));

/** `accepted`, or the message of the FileError; any other error fails the test. */
async function outcome(read: () => unknown): Promise<string> {
  try {
    await read();
    return "accepted";
  } catch (error) {
    if (error instanceof FileError) return error.message;
    throw error;
  }
}

/** Each reader, and a valid file for it. */
const pixels = patternBytes(3 * 4 * 5);
const idxImages = idxFile([3, 4, 5], pixels);
const idxLabels = idxFile([3], Uint8Array.of(2, 0, 1));
const npyPixels = npyFile("|u1", [3, 4, 5], pixels);
const npyLabelsFile = npyFile("<i8", [3], new Uint8Array(BigInt64Array.of(2n, 0n, 1n).buffer));
const tar = tarFile({ "folder/a.bin": patternBytes(700), "folder/b.bin": patternBytes(5) });

const readTar = async (bytes: Uint8Array): Promise<Record<string, Uint8Array>> => {
  const found: Record<string, Uint8Array> = {};
  for await (const { name, content } of tarFiles(inflateChunks(slices(bytes), "t"), "t", () => 1000))
    found[name] = content;
  return found;
};

const readers: readonly { name: string; good: Uint8Array; read: (bytes: Uint8Array) => Promise<unknown> }[] = [
  { name: "IDX", good: idxImages, read: (bytes) => readIdx(bytes, "f", 3) },
  { name: "IDX, gzip", good: gzip(idxImages), read: (bytes) => readIdx(bytes, "f", 3) },
  { name: "CIFAR-10", good: cifarFile([2, 0]), read: (bytes) => readCifarBatch(bytes, "f", classes) },
  { name: "CIFAR-10, gzip", good: gzip(cifarFile([2, 0])), read: (bytes) => readCifarBatch(bytes, "f", classes) },
  { name: "npy", good: npyPixels, read: async (bytes) => readNpy(bytes, "f") },
  { name: "tar, gzip", good: gzip(tar), read: readTar },
];

describe.each(readers)("$name", ({ good, read }) => {
  test("is refused when it is cut off anywhere", async () => {
    await read(good);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: good.length - 1 }), async (length) => {
        const bytes = good.subarray(0, length);
        // CIFAR-10 has no header: a whole number of records is a shorter batch.
        if (length > 0 && length % 3073 === 0) return;
        expect(await outcome(() => read(bytes))).not.toBe("accepted");
      }),
      { numRuns: 60 },
    );
  });

  test("is refused, or read within its size, when bytes are changed", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 4 }),
        async (changes) => {
          const bytes = good.slice();
          for (const [at, mask] of changes) bytes[at] ^= mask;
          // Any other class of error, or no result in time, fails.
          await outcome(() => read(bytes));
        },
      ),
    );
  });

  test("is refused when it is something else", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), async (bytes) => {
        expect(await outcome(() => read(bytes))).not.toBe("accepted");
      }),
    );
  });
});

describe("gzip", () => {
  test("survives a round trip, whatever its length", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 100_000 }), async (length) => {
        const content = patternBytes(length);
        const parts: Uint8Array[] = [];
        for await (const part of inflateChunks(slices(gzip(content)), "f")) parts.push(part);
        expect(Buffer.concat(parts).equals(content)).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  test("with a changed byte is detected by its checksum", async () => {
    const good = gzip(idxImages);
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 10, max: good.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        async (at, mask) => {
          const bytes = good.slice();
          bytes[at] ^= mask;
          expect(await outcome(() => readIdx(bytes, "f", 3))).not.toBe("accepted");
        },
      ),
    );
  });

  test("that inflates far beyond its header is abandoned at once", async () => {
    const bomb = gzip(Buffer.concat([idxFile([2, 2, 2], new Uint8Array(0)), new Uint8Array(2 ** 26)]));
    expect(bomb.length).toBeLessThan(2 ** 17);
    expect(await outcome(() => readIdx(bomb, "f", 3))).toBe(
      "The content takes 24 bytes, but the file holds more. The file is damaged or of another format; copy or download it again.",
    );
    expect(await outcome(() => readCifarBatch(gzip(new Uint8Array(2 ** 26)), "f", classes))).toMatch(
      /at most 30730000 bytes/,
    );
  });

  test("is read only as far as its content is requested, and its source is closed", async () => {
    const bomb = gzip(new Uint8Array(2 ** 26));
    let taken = 0;
    let isClosed = false;
    function* source(): Generator<Uint8Array> {
      try {
        for (let start = 0; start < bomb.length; start += 1024) {
          taken += 1;
          yield bomb.subarray(start, start + 1024);
        }
      } finally {
        isClosed = true;
      }
    }
    for await (const part of inflateChunks(source(), "f")) if (part.length > 0) break;
    // 64 slices in all; Node accepts up to 16 KiB, which is 16 of them, before it makes the writer wait.
    expect(taken).toBeLessThan(32);
    expect(isClosed).toBe(true);
  });

  test("passes on the error of its source", async () => {
    const failing = async function* (): AsyncGenerator<Uint8Array> {
      yield gzip(idxImages).subarray(0, 20);
      throw new FileError("disk", "The disk is gone.");
    };
    await expect(async () => {
      for await (const _ of inflateChunks(failing(), "f"));
    }).rejects.toThrow("The disk is gone.");
  });
});

describe("IDX", () => {
  const pair = (images: Uint8Array, labels: Uint8Array) =>
    readIdxImages({ images, labels, imagesPath: "images", labelsPath: "labels" }, classes);

  test("images are read as they were written, gzip or not", async () => {
    for (const images of [idxImages, gzip(idxImages)]) {
      const set = await pair(images, gzip(idxLabels));
      expect([set.count, set.height, set.width, set.channels]).toEqual([3, 4, 5, 1]);
      expect(set.pixels).toEqual(pixels);
      expect(set.labels).toEqual(Uint16Array.of(2, 0, 1));
    }
  });

  test("a header of a huge length is refused before anything is allocated", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 2 ** 32 - 1 }), { minLength: 3, maxLength: 3 }),
        async (shape) => {
          fc.pre(shape.reduce((all, size) => all * size, 1) !== pixels.length);
          const file = idxFile(shape, pixels);
          expect(await outcome(() => readIdx(file, "f", 3))).not.toBe("accepted");
          expect(await outcome(() => readIdx(gzip(file), "f", 3))).not.toBe("accepted");
        },
      ),
    );
    expect(await outcome(() => readIdx(idxFile([2 ** 32 - 1, 28, 28], pixels), "f", 3))).toMatch(
      /4294967295 x 28 x 28 =/,
    );
  });

  test("a wrong magic number, label or count is refused with an explanation", async () => {
    expect(await outcome(() => readIdx(idxLabels, "f", 3))).toBe(
      "An IDX file of images starts with 0x00000803; here is 0x00000801. Check that it is the right file.",
    );
    expect(await outcome(() => readIdx(idxFile([3, 4, 5], pixels, 0xd03), "f", 3))).toMatch(/here is 0x00000d03/);
    expect(await outcome(() => pair(idxImages, idxFile([3], Uint8Array.of(2, 255, 1))))).toMatch(
      /^Label 1 is 255, but there are 3 classes, 0 to 2\./,
    );
    expect(await outcome(() => pair(idxImages, idxFile([2], Uint8Array.of(2, 1))))).toMatch(
      /2 labels for the 3 images/,
    );
    // Classes count from 0: three of them end at 2.
    expect(await outcome(() => pair(idxImages, idxFile([3], Uint8Array.of(2, 3, 1))))).toMatch(
      /^Label 1 is 3, but there are 3 classes, 0 to 2/,
    );
  });
});

describe("CIFAR-10", () => {
  test("planes become pixels of red, green and blue", async () => {
    const file = cifarFile([1, 2]);
    const { images } = await readCifarBatch(file, "f", classes);
    expect([images.count, images.height, images.width, images.channels]).toEqual([2, 32, 32, 3]);
    fc.assert(
      fc.property(fc.nat(1), fc.nat(2), fc.nat(31), fc.nat(31), (image, channel, row, column) => {
        const read = images.pixels[((image * 32 + row) * 32 + column) * 3 + channel];
        expect(read).toBe(file[image * 3073 + 1 + channel * 1024 + row * 32 + column]);
      }),
    );
  });

  test("label 255, a broken record and too many records are refused", async () => {
    expect(await outcome(() => readCifarBatch(cifarFile([1, 255]), "f", classes))).toMatch(/^Label 1 is 255/);
    expect(await outcome(() => readCifarBatch(cifarFile([1]).subarray(1), "f", classes))).toMatch(
      /3072 \/ 3073 = 1.00 images/,
    );
    expect(await outcome(() => readCifarBatch(new Uint8Array(0), "f", classes))).not.toBe("accepted");
  });
});

describe("tar", () => {
  test("names longer than 100 bytes are stored in two parts", async () => {
    const name = `${"folder/".repeat(20)}a.bin`;
    expect(await readTar(gzip(tarFile({ [name]: patternBytes(5) })))).toEqual({ [name]: patternBytes(5) });
  });

  test("returns the requested files, and skips the others", async () => {
    expect(await readTar(gzip(tar))).toEqual({ "folder/a.bin": patternBytes(700), "folder/b.bin": patternBytes(5) });
    const names: string[] = [];
    const wanted = (name: string) => (name.endsWith("b.bin") ? 5 : undefined);
    for await (const { name } of tarFiles(inflateChunks(slices(gzip(tar)), "t"), "t", wanted)) names.push(name);
    expect(names).toEqual(["folder/b.bin"]);
  });

  test("a file larger than expected, and a header that lies, are refused", async () => {
    expect(await outcome(() => readTar(gzip(tarFile({ "a.bin": patternBytes(1001) }))))).toMatch(
      /takes 1001 bytes.*at most 1000/,
    );
    const changed = tar.slice();
    changed[124] = 0x37;
    expect(await outcome(() => readTar(gzip(changed)))).toMatch(/header is damaged/);
  });
});

describe("npy", () => {
  const floats = Float32Array.from({ length: 60 }, (_, i) => i / 59);
  const images = (bytes: Uint8Array) => ({ bytes, path: "images" });
  const labels = { bytes: npyLabelsFile, path: "labels" };

  test("bytes, floats and integers are read, versions 1 and 2", () => {
    expect(readNpy(npyPixels, "f")).toEqual({ shape: [3, 4, 5], data: pixels });
    expect(readNpy(npyFile("|u1", [60], pixels, { version: 2 }), "f")).toEqual({ shape: [60], data: pixels });
    expect(readNpy(npyFile("<f4", [60], new Uint8Array(floats.buffer)), "f").data).toEqual(floats);
    expect(readNpy(npyLabelsFile, "f").data).toEqual(BigInt64Array.of(2n, 0n, 1n));
    expect(readNpy(npyFile("|u1", [], Uint8Array.of(9)), "f")).toEqual({ shape: [], data: Uint8Array.of(9) });
  });

  test("images are bytes, or floats from 0 to 1", () => {
    expect(npyImages(images(npyPixels), labels, classes).pixels).toEqual(pixels);
    const fromFloats = npyImages(images(npyFile("<f4", [3, 4, 5, 1], new Uint8Array(floats.buffer))), labels, classes);
    expect(Array.from(fromFloats.pixels)).toEqual(Array.from(floats, (value) => Math.round(value * 255)));
    expect(Array.from(fromFloats.labels)).toEqual([2, 0, 1]);
  });

  test.each([
    [
      "column by column",
      npyFile("", [], pixels, { header: npyHeader("|u1", [60]).replace("False", "True") }),
      /fortran_order/,
    ],
    ["an object array", npyFile("|O", [60], pixels), /of type "\|O"/],
    ["big-endian floats", npyFile(">f4", [15], pixels), /of type ">f4"/],
    ["a name from every object", npyFile("toString", [60], pixels), /of type "toString"/],
    ["version 3", npyFile("|u1", [60], pixels, { version: 3 }), /version 3.0/],
    ["a huge shape", npyFile("|u1", [999999999999999, 999999999999999], pixels), /but 60 follow/],
    [
      "a negative shape",
      npyFile("", [], pixels, { header: npyHeader("|u1", [60]).replace("60", "-60") }),
      /not that of an array/,
    ],
    [
      "a long run of digits",
      npyFile("", [], pixels, { header: `{'descr': '|u1', 'fortran_order': False, 'shape': (${"1".repeat(60_000)}` }),
      /not that of an array/,
    ],
    [
      "a header longer than the file",
      Uint8Array.from(npyPixels, (byte, i) => (i === 9 ? 255 : byte)),
      /should take 65\d+ bytes/,
    ],
  ])("%s is refused", async (_, bytes, message) => {
    expect(await outcome(() => readNpy(bytes, "f"))).toMatch(message);
  });

  test("values and labels out of range are refused", async () => {
    const read = (bytes: Uint8Array, label = labels) => outcome(() => npyImages(images(bytes), label, classes));
    const wrong = floats.slice();
    wrong[7] = Number.NaN;
    expect(await read(npyFile("<f4", [3, 4, 5], new Uint8Array(wrong.buffer)))).toMatch(/^Value 7 is NaN/);
    expect(await read(npyFile("|u1", [3, 4, 5, 1, 1], pixels))).toMatch(/shape \(3, 4, 5, 1, 1\)/);
    expect(await read(npyFile("|u1", [3, 5, 2, 2], pixels))).toMatch(/1 or 3/);
    const labelsOf = (...values: bigint[]) => ({
      bytes: npyFile("<i8", [values.length], new Uint8Array(BigInt64Array.from(values).buffer)),
      path: "labels",
    });
    expect(await read(npyPixels, labelsOf(0n, -1n, 0n))).toMatch(/^Label 1 is -1/);
    expect(await read(npyPixels, labelsOf(0n, 0n, 255n))).toMatch(/^Label 2 is 255, but there are 3 classes/);
    expect(await read(npyPixels, labelsOf(0n, 65536n, 0n))).toMatch(/^Label 1 is 65536; labels are 0 to 65535\./);
    expect(await read(npyPixels, labelsOf(0n))).toMatch(/1 labels for the 3 images/);
  });

  test("more classes than a byte holds are allowed", () => {
    const many = Array.from({ length: 1000 }, (_, label) => String(label));
    const bytes = npyFile("<i8", [3], new Uint8Array(BigInt64Array.of(999n, 0n, 300n).buffer));
    expect(npyImages(images(npyPixels), { bytes, path: "labels" }, many).labels).toEqual(Uint16Array.of(999, 0, 300));
  });
});
