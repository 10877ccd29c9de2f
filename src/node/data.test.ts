// @module-tag slow
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { cifarFile, idxFile, tarFile } from "../../test/support/image-files.ts";
import { dataCache, FASHION_SLICE, findImageFolder, loadImageData, MNIST_SLICE } from "./data.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "xpikeformer-data-"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

test("the bundled slice has equal classes and a tenth for validation", async () => {
  const { data, notes } = await loadImageData("fashion-mnist-slice");
  const shares = [data.train, data.validation, data.test].map(({ labels, classes }) =>
    classes.map((_, k) => labels.filter((label) => label === k).length),
  );
  expect(shares).toEqual([90, 10, 50].map((each) => Array(10).fill(each)));
  expect([data.train.height, data.train.width, data.train.channels, data.train.classes[9]]).toEqual([
    28,
    28,
    1,
    "Ankle boot",
  ]);
  // The checksums match the catalogue, so there is nothing else to note.
  expect(notes).toEqual([
    "fashion-mnist-slice: the slice that comes with this package, 1000 training and 500 test images",
  ]);
});

test("a missing set is replaced by its bundled slice, if there is one, and a note says so", async () => {
  vi.stubEnv("XPIKE_DATA", folder);
  vi.stubEnv("XDG_CACHE_HOME", join(folder, "cache"));
  const { data, notes } = await loadImageData("mnist");
  const shares = [data.train, data.validation, data.test].map(({ labels, classes }) =>
    classes.map((_, k) => labels.filter((label) => label === k).length),
  );
  expect(shares).toEqual([45, 5, 50].map((each) => Array(10).fill(each)));
  // The checksums of the catalogue hold, so there is nothing else to note.
  const slice = "the slice that comes with this package, 500 training and 500 test images";
  expect(notes).toEqual([`mnist: ${slice}; get all 70000 with \`xpike data fetch mnist\``]);
  expect((await loadImageData("mnist-slice")).notes).toEqual([`mnist-slice: ${slice}`]);
  expect((await loadImageData("mnist-slice", MNIST_SLICE)).data).toEqual(data);
  await expect(loadImageData("cifar-10")).rejects.toThrow("Get it with `xpike data fetch cifar-10`");
});

test("a folder without the files gives an error that says what is missing and how to get it", async () => {
  await expect(loadImageData("mnist", folder)).rejects.toThrow(/no train-images-idx3-ubyte.*xpike data fetch mnist/);
});

test("missing custom images are reported with the folder and the field that names it", async () => {
  const nowhere = join(folder, "nowhere");
  await expect(loadImageData("custom", nowhere)).rejects.toMatchObject({
    path: nowhere,
    message: expect.stringContaining("There is no such folder. The experiment names it as task.data.folder"),
  });
  await expect(loadImageData("custom")).rejects.toThrow("Name their folder in task.data.folder, or with --data.");
});

test("a set is looked for in XPIKE_DATA, then in the cache; a named folder overrides both", async () => {
  const shared = join(folder, "shared");
  vi.stubEnv("XPIKE_DATA", shared);
  vi.stubEnv("XDG_CACHE_HOME", join(folder, "cache"));
  expect(dataCache()).toBe(join(folder, "cache/xpikeformer/data"));
  expect(await findImageFolder("mnist")).toBeUndefined();
  const copyTo = (target: string) => cpSync(FASHION_SLICE, target, { recursive: true });
  copyTo(join(dataCache(), "mnist"));
  expect(await findImageFolder("mnist")).toBe(join(dataCache(), "mnist"));
  copyTo(join(shared, "mnist"));
  expect(await findImageFolder("mnist")).toBe(join(shared, "mnist"));
  copyTo(join(folder, "named"));
  expect(await findImageFolder("mnist", join(folder, "named"))).toBe(join(folder, "named"));
  expect(await findImageFolder("mnist", join(folder, "nothing"))).toBeUndefined();
});

test("content that differs from the published one is read and noted", async () => {
  const images = (count: number) => idxFile([count, 2, 2], new Uint8Array(4 * count).fill(9));
  const files = {
    "train-images-idx3-ubyte": images(4),
    "train-labels-idx1-ubyte": idxFile([4], Uint8Array.of(1, 1, 2, 2)),
    "t10k-images-idx3-ubyte": images(1),
    "t10k-labels-idx1-ubyte": idxFile([1], Uint8Array.of(7)),
  };
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
  const { data, notes } = await loadImageData("mnist", folder);
  expect([data.train.count, data.validation.count, data.test.count]).toEqual([2, 2, 1]);
  expect(notes).toEqual([
    `mnist: read from ${folder}`,
    "mnist: 4 of 60000 training images and 1 of 10000 test images",
    `mnist: content or order differs from the published SHA-256 in ${Object.keys(files).join(", ")}`,
  ]);
});

test("a file is also read without gzip", async () => {
  const name = "train-images-idx3-ubyte.gz";
  cpSync(FASHION_SLICE, folder, { recursive: true });
  writeFileSync(join(folder, name.replace(".gz", "")), gunzipSync(readFileSync(join(FASHION_SLICE, name))));
  rmSync(join(folder, name));
  const { data } = await loadImageData("fashion-mnist-slice", folder);
  const { data: bundled } = await loadImageData("fashion-mnist-slice");
  expect(Buffer.compare(data.train.pixels, bundled.train.pixels)).toBe(0);
  expect(Buffer.compare(data.test.pixels, bundled.test.pixels)).toBe(0);
});

test("CIFAR-10 is read equally from its archive, from batches, and from batches with gzip", async () => {
  const batches = {
    "data_batch_1.bin": cifarFile([0, 1, 2]),
    "data_batch_4.bin": cifarFile([3]),
    "test_batch.bin": cifarFile([9, 8]),
  };
  const place = (name: string) => {
    mkdirSync(join(folder, name));
    return join(folder, name);
  };
  const [archived, plain, packed] = ["archived", "plain", "packed"].map(place);
  const inFolder = Object.fromEntries(
    Object.entries(batches).map(([name, bytes]) => [`cifar-10-batches-bin/${name}`, bytes]),
  );
  writeFileSync(
    join(archived, "cifar-10-binary.tar.gz"),
    gzipSync(tarFile({ ...inFolder, "readme.html": new Uint8Array(9) })),
  );
  for (const [name, bytes] of Object.entries(batches)) {
    writeFileSync(join(plain, name), bytes);
    writeFileSync(join(packed, `${name}.gz`), gzipSync(bytes));
  }
  const [first, ...others] = await Promise.all(
    [archived, plain, packed].map((place) => loadImageData("cifar-10", place)),
  );
  expect([first.data.train.count, first.data.test.count, first.data.train.channels]).toEqual([4, 2, 3]);
  expect(Array.from(first.data.train.labels)).toEqual([0, 1, 2, 3]);
  expect(first.notes[1]).toBe("cifar-10: 4 of 50000 training images and 2 of 10000 test images");
  for (const other of others) expect(other.data).toEqual(first.data);
  rmSync(join(plain, "data_batch_1.bin"));
  rmSync(join(plain, "data_batch_4.bin"));
  await expect(loadImageData("cifar-10", plain)).rejects.toThrow("There is no such file. Check the path.");
});
