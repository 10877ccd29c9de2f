import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FileError, ShapeError, ValueError } from "../errors.ts";
import { decodeSafetensors, encodeSafetensors, type NamedArray } from "./safetensors.ts";

const arrays: Record<string, NamedArray> = {
  weight: { shape: [2, 3], data: Float32Array.of(1, -2, 0.5, 1 / 3, 1e-30, 3e38) },
  step: { shape: [], data: Int32Array.of(-7) },
  empty: { shape: [0, 4], data: new Float32Array(0) },
};
const metadata = { note: 'text with "quotes" and \u00e4' };

/** A file with a given header text and data. */
function fileOf(header: unknown, data = new Uint8Array(0), claimed?: bigint): Uint8Array {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, claimed ?? BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

const messageOf = (bytes: Uint8Array): string => {
  try {
    decodeSafetensors(bytes, "f");
  } catch (error) {
    if (error instanceof FileError) return error.message;
    throw error;
  }
  return "accepted";
};

describe("safetensors", () => {
  test("arrays and metadata survive a round trip", () => {
    const { tensors, metadata: read } = decodeSafetensors(encodeSafetensors(arrays, metadata));
    expect(tensors).toEqual(arrays);
    expect(Object.keys(tensors)).toEqual(Object.keys(arrays));
    expect(read).toEqual(metadata);
  });

  test("the bytes are those of the format, computed by hand", () => {
    const bytes = encodeSafetensors({ a: { shape: [2], data: Float32Array.of(1, -2) } }, {});
    const header = '{"__metadata__":{},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}';
    // 72 characters are a multiple of 8, so no space is added; 1 is 3f800000 and -2 is c0000000, little-endian.
    expect(bytes.slice(0, 8)).toEqual(Uint8Array.of(72, 0, 0, 0, 0, 0, 0, 0));
    expect(new TextDecoder().decode(bytes.slice(8, 80))).toBe(header);
    expect(bytes.slice(80)).toEqual(Uint8Array.of(0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0));
  });

  test("the data start at a multiple of 8 bytes", () => {
    for (const name of ["a", "ab", "abc", "abcd", "abcde"]) {
      const bytes = encodeSafetensors({ [name]: { shape: [1], data: Float32Array.of(1) } }, {});
      expect((bytes.length - 4) % 8).toBe(0);
    }
  });

  test("half precision keeps 11 bits and halves the data", () => {
    const data = Float32Array.from({ length: 100 }, (_, i) => Math.sin(i));
    const full = encodeSafetensors({ a: { shape: [100], data } }, {});
    const half = encodeSafetensors({ a: { shape: [100], data } }, {}, { precision: "F16" });
    expect(full.length - half.length).toBe(200);
    const read = decodeSafetensors(half).tensors.a!.data;
    // Rounding to 11 significant bits: a relative error of 2^-11 at most.
    data.forEach((value, i) => {
      expect(Math.abs(read[i] - value)).toBeLessThanOrEqual(Math.abs(value) * 2 ** -11);
    });
  });

  test("a view into a larger buffer is read at its own offset", () => {
    const bytes = encodeSafetensors(arrays, metadata);
    const shifted = new Uint8Array(bytes.length + 13);
    shifted.set(bytes, 13);
    expect(decodeSafetensors(shifted.subarray(13)).tensors).toEqual(arrays);
  });

  test("data that could not be read back are not written", () => {
    const encode = (shape: number[], values: number[], precision: "F32" | "F16" = "F32") =>
      encodeSafetensors({ a: { shape, data: Float32Array.from(values) } }, {}, { precision });
    expect(() => encode([2, 2], [1, 2, 3])).toThrow(ShapeError);
    expect(() => encode([2], [0, Number.NaN])).toThrow("Value 1 of a, NaN, is not a finite number.");
    for (const value of [70000, 65520, -65520]) expect(() => encode([1], [value], "F16")).toThrow(ValueError);
    expect(decodeSafetensors(encode([1], [65519], "F16")).tensors.a!.data[0]).toBe(65504);
  });
});

describe("a damaged file", () => {
  const bytes = encodeSafetensors(arrays, metadata);

  test("is refused when it ends early, at any byte", () => {
    for (let length = 0; length < bytes.length; length++)
      expect(messageOf(bytes.subarray(0, length))).not.toBe("accepted");
  });

  test("is refused or read as other numbers when bytes change, with no other effect", () => {
    fc.assert(
      fc.property(fc.nat({ max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = bytes.slice();
        changed[at] ^= change;
        if (messageOf(changed) !== "accepted") return;
        for (const { shape, data } of Object.values(decodeSafetensors(changed).tensors)) {
          expect(data.length).toBe(shape.reduce((a, b) => a * b, 1));
          expect(data.every(Number.isFinite)).toBe(true);
        }
      }),
      { seed: 1, numRuns: 1000 },
    );
  });

  test("is refused when it is made of arbitrary bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (noise) => {
        expect(messageOf(noise)).not.toBe("accepted");
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  test("names the problem: header", () => {
    expect(messageOf(Uint8Array.of(1, 2))).toContain("2 bytes are too few");
    // 2^63 + 2^53: more than a double can count and more than any file holds.
    expect(messageOf(fileOf("{}", undefined, 0x8020000000000000n))).toContain("but 2 follow");
    expect(messageOf(fileOf("{"))).toContain("The header is not JSON. Line 1, column 2");
    expect(messageOf(fileOf("[]"))).toContain("The header is not an object");
    expect(messageOf(fileOf('"text"'))).toContain("The header is not an object");
    expect(messageOf(Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0xff))).toContain("not UTF-8");
    expect(messageOf(fileOf({ __metadata__: { a: 1 } }))).toContain("not an object of strings");
    expect(messageOf(fileOf('{"__proto__": {}}'))).toContain("__proto__");
    expect(messageOf(fileOf(" ".repeat(17 * 1024 * 1024)))).toContain("at most 16777216 are read");
  });

  test("names the problem: entries", () => {
    const entry = (change: object) =>
      messageOf(fileOf({ a: { dtype: "F32", shape: [2], data_offsets: [0, 8], ...change } }, new Uint8Array(8)));
    expect(entry({})).toBe("accepted");
    expect(entry({ dtype: "BF16" })).toContain('"a" is of type "BF16", but only F32, F16 and I32 can be read');
    expect(entry({ dtype: "toString" })).toContain("only F32, F16 and I32");
    expect(entry({ shape: [-2] })).toContain("The shape of");
    expect(entry({ shape: [1.5] })).toContain("The shape of");
    expect(entry({ shape: "2" })).toContain("The shape of");
    expect(entry({ shape: [3] })).toContain("takes 12 bytes, but has 8");
    // 2^53 - 1 values three times over: the product is inexact, but far beyond the file.
    expect(entry({ shape: [9007199254740991, 9007199254740991, 9007199254740991] })).toContain("bytes, but has 8");
    expect(entry({ data_offsets: [0, 16] })).toContain("the file holds 8 bytes of data");
    expect(entry({ data_offsets: [8, 0] })).toContain("lies at bytes 8 to 0");
    expect(entry({ data_offsets: [0] })).toContain("not two positions");
    expect(messageOf(fileOf({ a: 5 }))).toContain("not an object");
  });

  test("names the problem: gaps, overlaps and leftover bytes", () => {
    const at = (begin: number, end: number) => ({
      dtype: "F32",
      shape: [(end - begin) / 4],
      data_offsets: [begin, end],
    });
    expect(messageOf(fileOf({ a: at(0, 4), b: at(8, 12) }, new Uint8Array(12)))).toContain("begins at byte 8");
    expect(messageOf(fileOf({ a: at(0, 8), b: at(4, 12) }, new Uint8Array(12)))).toContain("begins at byte 4");
    expect(messageOf(fileOf({ a: at(0, 8), b: at(0, 8) }, new Uint8Array(8)))).toContain("begins at byte 0");
    expect(messageOf(fileOf({ a: at(0, 4) }, new Uint8Array(8)))).toContain("take 4 bytes, but the file holds 8");
  });

  test("names the problem: a non-finite value", () => {
    const entry = { a: { dtype: "F32", shape: [2], data_offsets: [0, 8] } };
    const data = new Uint8Array(Float32Array.of(1, Number.NaN).buffer);
    expect(messageOf(fileOf(entry, data))).toContain('Value 1 of "a" is NaN');
    const half = { a: { dtype: "F16", shape: [1], data_offsets: [0, 2] } };
    expect(messageOf(fileOf(half, Uint8Array.of(0, 0x7c)))).toContain('Value 0 of "a" is Infinity');
  });
});
