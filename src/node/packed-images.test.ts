// @module-tag slow
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { patternBytes } from "../../test/support/image-files.ts";
import type { ImageSet } from "../data/images.ts";
import { contentHash } from "./content-hash.ts";
import { type DataUse, readPacked } from "./packed-images.ts";

let folder: string;
let source: string;
let cache: string;
let reads: number;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "xpikeformer-pack-"));
  source = join(folder, "images.bin");
  cache = join(folder, "cache");
  reads = 0;
  writeSource("as published");
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A file that was left alone for an hour. */
function writeSource(content: string, age = 3600) {
  writeFileSync(source, content);
  const at = Date.now() / 1000 - age;
  utimesSync(source, at, at);
}

const shape = { height: 2, width: 2, channels: 3, classes: ["a", "b", "ä"] };
const setOf = (count: number): ImageSet => {
  const pixels = patternBytes(12 * count);
  return { ...shape, count, pixels, labels: Uint16Array.from({ length: count }, (_, i) => i % 3) };
};
const original = () => ({ name: "small", train: setOf(1200), validation: setOf(5), test: setOf(7) });

const read = (use: DataUse = "training") =>
  readPacked("small", { sources: [source], cache, use }, async () => {
    reads++;
    return { data: original(), notes: ["read from ä"] };
  });
const pack = () => join(cache, readdirSync(cache)[0]);

test("the second read is of the pack, and gives the same data, notes and content hash", async () => {
  const first = await read();
  const second = await read();
  expect(reads).toBe(1);
  expect(second).toEqual({ ...first, data: original() });
  expect(contentHash(second.data)).toBe(contentHash(original()));
  // Threads read it without a copy.
  expect(second.data.train.pixels.buffer).toBeInstanceOf(SharedArrayBuffer);
});

test("evaluation reads the test images and the first 1000 for training, under the content hash of all", async () => {
  await read();
  const { data } = await read("evaluation");
  const { train, test, validation } = original();
  expect(reads).toBe(1);
  expect(data.test).toEqual(test);
  expect(data.train).toEqual({ ...train, pixels: train.pixels.subarray(0, 12 * 1000) });
  expect(data.validation).toEqual({ ...validation, pixels: new Uint8Array(0) });
  expect(contentHash(data)).toBe(contentHash(original()));
});

test("a source of another size, time or content is read again, and packed anew", async () => {
  await read();
  writeSource("as published, and more");
  await read();
  writeSource("As published, and more");
  await read();
  await read();
  expect(reads).toBe(3);
  expect(readdirSync(cache)).toHaveLength(1);
});

test("a source that has just been written is not packed: it may still change unseen", async () => {
  writeSource("as published", 0);
  await read();
  await read();
  expect(reads).toBe(2);
  expect(existsSync(cache)).toBe(false);
});

test.each([
  ["its first line", () => 3],
  ["its header", () => 100],
  ["a label", (size: number) => size - 12 * 1212 - 1],
  ["a test image", (size: number) => size - 12 * 1206],
  ["a training image", (size: number) => size - 12 * 500],
  ["the last image", (size: number) => size - 1],
])("a pack that is damaged in %s is not used, and is replaced", async (_, place) => {
  await read();
  const bytes = readFileSync(pack());
  bytes[place(bytes.length)] ^= 1;
  writeFileSync(pack(), bytes);
  expect((await read()).data).toEqual(original());
  expect(reads).toBe(2);
  await read();
  expect(reads).toBe(2);
});

test.each([0, 50, 5000, -1])("a pack cut off at byte %d is not used", async (end) => {
  await read();
  writeFileSync(pack(), readFileSync(pack()).subarray(0, end === -1 ? -1 : end));
  expect((await read()).data).toEqual(original());
  expect(reads).toBe(2);
});

test("packs written at the same time are each complete, and leave nothing else behind", async () => {
  const all = await Promise.all(Array.from({ length: 4 }, () => read()));
  for (const { data } of all) expect(data).toEqual(original());
  expect(readdirSync(cache)).toHaveLength(1);
  await read();
  expect(reads).toBe(4);
});

test("without a cache that can be written, the files are read every time", async () => {
  writeFileSync(cache, "a file, not a folder");
  await read();
  expect((await read()).data).toEqual(original());
  expect(reads).toBe(2);
});
