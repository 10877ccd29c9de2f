import { expect, test } from "vitest";
import { contentHash } from "./content-hash.ts";

test("is the same for the same content, in any key order and any memory", () => {
  const numbers = Float32Array.of(1, 2, 3);
  const shared = new Float32Array(new SharedArrayBuffer(12));
  shared.set(numbers);
  expect(contentHash({ a: numbers, b: "x" })).toBe(contentHash({ b: "x", a: shared, c: undefined }));
  expect(contentHash(Float32Array.of(0, 1, 2, 3).subarray(1))).toBe(contentHash(numbers));
});

test("differs if the content does, even if the bytes are the same", () => {
  const values = [
    ["ab", "c"],
    ["a", "bc"],
    { a: "bc" },
    { ab: "c" },
    [1, 2],
    ["1", "2"],
    [[1], 2],
    [null],
    [],
    {},
    Uint8Array.of(0, 0, 0, 0),
    Int32Array.of(0),
    [Uint8Array.of(1), Uint8Array.of(2)],
    [Uint8Array.of(1, 2)],
    0,
    -1,
    "",
    "object 0",
  ];
  expect(new Set(values.map(contentHash)).size).toBe(values.length);
});
