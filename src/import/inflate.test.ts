// @module-tag slow
import { constants, deflateRawSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stream } from "../numeric/stream.ts";
import { InflateError, inflate } from "./inflate.ts";

/** Runs and repeats at all distances, so that every kind of block and copy occurs. */
const contents = fc
  .array(fc.tuple(fc.uint8Array({ maxLength: 40 }), fc.nat({ max: 60 })), { maxLength: 30 })
  .map((runs) => Uint8Array.from(runs.flatMap(([run, times]) => Array.from({ length: times }, () => [...run]).flat())));

describe("inflating", () => {
  test("restores what zlib deflated, with every level and strategy", () => {
    const settings = fc.record({
      level: fc.integer({ min: 0, max: 9 }),
      strategy: fc.constantFrom(
        constants.Z_DEFAULT_STRATEGY,
        constants.Z_FIXED,
        constants.Z_RLE,
        constants.Z_HUFFMAN_ONLY,
      ),
    });
    fc.assert(
      fc.property(contents, settings, (content, options) => {
        expect(inflate(deflateRawSync(content, options), content.length)).toEqual(content);
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  test("copies runs of 258 bytes from 32000 bytes back", () => {
    // Random bytes do not repeat by themselves, so all copies are from the first half, and as long as possible.
    const random = stream(1);
    const half = Uint8Array.from({ length: 32000 }, () => random.integer(256));
    const content = Uint8Array.from([...half, ...half]);
    const packed = deflateRawSync(content);
    expect(packed.length).toBeLessThan(33000);
    expect(Buffer.compare(inflate(packed, content.length), content)).toBe(0);
  });

  test("writes no byte beyond the size it was told", () => {
    const packed = deflateRawSync(new Uint8Array(1000));
    expect(() => inflate(packed, 999)).toThrow("the data goes on after its 999 bytes");
    expect(() => inflate(packed, 1001)).toThrow("the data ends after 1000 of 1001 bytes");
  });

  test.each([
    ["an unknown kind of block", [0b111], "unknown kind"],
    ["a stored block that contradicts itself", [0b001, 5, 0, 5, 0], "contradicts itself"],
    ["no data at all", [], "ends within a block"],
    // Fixed codes: length 3 (257 is 0000001), then distance 1 (00000) with nothing before.
    ["a copy from before the data", [0b00000011, 0b00000010, 0], "starts before the data"],
  ])("refuses %s", (_, bytes, message) => {
    expect(() => inflate(Uint8Array.from(bytes), 10)).toThrow(message);
  });

  test("of damaged data ends in an error or in bytes, and never runs forever", () => {
    const content = Uint8Array.from({ length: 3000 }, (_, i) => (i * i) % 97);
    const packed = deflateRawSync(content);
    fc.assert(
      fc.property(fc.nat({ max: packed.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = Uint8Array.from(packed);
        damaged[at] ^= change;
        try {
          expect(inflate(damaged, content.length)).toHaveLength(content.length);
        } catch (error) {
          expect(error).toBeInstanceOf(InflateError);
        }
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});
