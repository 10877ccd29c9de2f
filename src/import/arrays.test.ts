/** Arrays of NumPy: what NumPy wrote (test/golden/sionna.py), what we write, and what is refused. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { npyFile } from "../../test/support/image-files.ts";
import { FileError } from "../errors.ts";
import { readNpz, readNumbers, writeNpz, writeNumbers } from "./arrays.ts";
import { openZip } from "./zip.ts";

const golden = (name: string) => new Uint8Array(readFileSync(join(import.meta.dirname, "../../test/golden", name)));
const whole = Array.from({ length: 24 }, (_, i) => i);
const NAMES = ["f4", "f8", "c8", "c16", "point", "absent"];

describe.each(["arrays.npz", "arrays-deflated.npz"])("%s", (file) => {
  const bytes = golden(file);

  test("real and complex arrays of both widths and orders are those of NumPy", () => {
    const arrays = readNpz(bytes, file, NAMES);
    expect([...arrays.keys()]).toEqual(["f4", "f8", "c8", "c16", "point"]);
    const { f4, f8, c8, c16, point } = Object.fromEntries(arrays);
    expect(f4).toEqual({ shape: [2, 3, 4], isComplex: false, values: Float64Array.from(whole, (i) => i / 4) });
    expect(f8).toEqual({ shape: [2, 3, 4], isComplex: false, values: Float64Array.from(whole, (i) => i / 8) });
    const complex = { shape: [2, 3, 4], isComplex: true };
    expect(c8).toEqual({ ...complex, values: Float64Array.from(whole.flatMap((i) => [i, 0 - i])) });
    expect(c16).toEqual({ ...complex, values: Float64Array.from(whole.flatMap((i) => [i, 0.5])) });
    expect(point).toEqual({ shape: [], isComplex: false, values: Float64Array.of(7) });
  });

  test("is refused when it is cut off anywhere or one of its bytes differs", () => {
    const good = readNpz(bytes, file, NAMES);
    const read = (changed: Uint8Array) => {
      try {
        return readNpz(changed, file, NAMES);
      } catch (error) {
        expect(error).toBeInstanceOf(FileError);
        return null;
      }
    };
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
        expect(read(bytes.subarray(0, at))).toBeNull();
        // Dates and versions may differ; a name in the directory makes the array absent.
        const found = read(bytes.map((byte, i) => (i === at ? byte ^ by : byte)));
        for (const [name, array] of found ?? []) expect(array).toEqual(good.get(name));
      }),
      { numRuns: 60 },
    );
  });
});

test("arrays of objects are refused without being unpickled, and other types by name", () => {
  expect(() => readNpz(golden("objects.npz"), "objects.npz", ["h_freq"])).toThrow(
    'type "|O", but only <f4, <f8, <c8, <c16',
  );
  for (const type of ["|u1", "<i8", ">c8", "<c32", "constructor"]) {
    expect(() => readNumbers(npyFile(type, [2], new Uint8Array(16)), "a.npy")).toThrow(FileError);
  }
  expect(() => readNumbers(npyFile("<c8", [3], new Uint8Array(16)), "a.npy")).toThrow("takes 24 bytes, but 16 follow");
  expect(() => readNumbers(npyFile("<f4", [2 ** 40], new Uint8Array(16)), "a.npy")).toThrow(
    "takes 4398046511104 bytes",
  );
});

test("a written array is read again, and its values start at a multiple of 64 bytes", () => {
  const values = Float32Array.from(whole, (i) => i / 3);
  for (const shape of [[24], [2, 3, 4], [1, 1, 24, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]]) {
    const bytes = writeNumbers({ shape, values });
    expect((bytes.length - values.byteLength) % 64).toBe(0);
    expect(readNumbers(bytes, "a.npy")).toEqual({ shape, isComplex: false, values: Float64Array.from(values) });
  }
  expect(() => writeNumbers({ shape: [5, 5], values })).toThrow("(5, 5) has 25 values, not 24");
});

test("an archive holds the files of its arrays, and the same arrays give the same bytes", () => {
  const arrays = {
    llrs: { shape: [2], values: Float32Array.of(1, -2) },
    decisions: { shape: [2], values: Uint8Array.of(0, 1) },
  };
  const bytes = writeNpz(arrays);
  const archive = openZip(bytes, "a.npz");
  expect(archive.names).toEqual(["llrs.npy", "decisions.npy"]);
  expect(readNumbers(archive.read("llrs.npy"), "a").values).toEqual(Float64Array.of(1, -2));
  expect(archive.read("decisions.npy").slice(-2)).toEqual(Uint8Array.of(0, 1));
  expect(writeNpz(arrays)).toEqual(bytes);
});
