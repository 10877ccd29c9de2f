import * as hdf5 from "h5wasm";
import { expect, test } from "vitest";
import { hdf5File, repeatedText, unwrittenArray } from "../../../test/support/hdf5-files.ts";
import { readHdf5 } from "./hdf5.ts";

/** Memory of the library, which never shrinks. */
const memory = async () => (await hdf5.ready).HEAPU8.length;

test("an array of 256 MB in a file of a few kilobytes is refused before memory is taken", async () => {
  const bytes = await unwrittenArray(2 ** 26);
  expect(bytes.length).toBeLessThan(10_000);
  const before = await memory();
  await expect(readHdf5(bytes, hdf5, "x.nir")).rejects.toThrow(
    `With "/x" [67108864], the arrays of this file of ${bytes.length} bytes take 268435456 bytes of memory, more than 67108864: this much is always read.`,
  );
  expect(await memory()).toBe(before);
});

test("a chunk that is larger than its array counts whole", async () => {
  const bytes = await unwrittenArray(16, 2 ** 24 + 16);
  await expect(readHdf5(bytes, hdf5, "x.nir")).rejects.toThrow('With "/x" [16] in chunks of [16777232], the arrays');
});

test("a larger file may hold 64 times its size", async () => {
  const bytes = await hdf5File((file) => {
    file.create_dataset({
      name: "a",
      data: new Uint8Array(2 ** 20 + 2 ** 18),
      shape: [2 ** 20 + 2 ** 18],
      dtype: "<B",
    });
    const data = new Float32Array(1);
    file.create_dataset({ name: "x", data, shape: [1], dtype: "<f", maxshape: [2 ** 40], chunks: [16] });
    (file.get("x") as hdf5.Dataset).resize([2 ** 26]);
  });
  await expect(readHdf5(bytes, hdf5, "x.nir")).rejects.toThrow(
    `more than ${64 * bytes.length}: 64 times the file's size.`,
  );
});

test("many texts that are one in the file count as often as they are read, and few are read at once", async () => {
  const bytes = await repeatedText("t".repeat(60_000), 8192);
  const before = await memory();
  await expect(readHdf5(bytes, hdf5, "x.nir")).rejects.toThrow('With the texts of "/x" [8192], the arrays');
  expect((await memory()) - before).toBeLessThan(2 ** 27);
});

test.each([[[]], [[7]], [[3, 5, 2]], [[2, 1, 31]], [[31, 2]]])(
  "texts of shape [%s] keep their order in a file of which few are read at once",
  async (shape) => {
    const texts = Array.from({ length: shape.reduce((all: number, side) => all * side, 1) }, (_, i) => `text ${i}`);
    const bytes = await hdf5File((file) => {
      // Five texts as long as this file would take all that is allowed.
      file.create_dataset({ name: "large", data: new Uint8Array(12 * 2 ** 20), shape: [12 * 2 ** 20], dtype: "<B" });
      file.create_dataset({ name: "x", data: shape.length === 0 ? texts[0] : texts, shape, dtype: "S" });
    });
    expect((await readHdf5(bytes, hdf5, "x.nir")).get("x")).toEqual({ shape, values: texts });
  },
);
