import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadImageData } from "./data.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "xpikeformer-data-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

test("the slice that comes with the package has every class in equal shares, a tenth of it for validation", async () => {
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
  // The checksums of the catalogue hold, so that there is nothing else to note.
  expect(notes).toEqual([
    "fashion-mnist-slice: the slice that comes with this package, 1000 training and 500 test images",
  ]);
});

test("a folder without the files says what was looked for and how to get it", async () => {
  await expect(loadImageData("mnist", folder)).rejects.toThrow(
    /train-images-idx3-ubyte was looked for.*xpike data fetch mnist/,
  );
});
