import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { eventFile } from "../../test/support/event-files.ts";
import { FileError } from "../errors.ts";
import { addEvent, type CameraEvent, emptyEventSet, pickRecordings, readEventFile, recordingBytes } from "./events.ts";

const shape = { height: 2, width: 3, frames: 2, frameMicroseconds: 100 };

describe("a file of events", () => {
  test("holds events in the published format", () => {
    // x 2, y 1, ON, 0x010203 = 66,051 us; the clock overflows; x 0, y 0, OFF, 7 us, 8192 us later.
    const bytes = Uint8Array.of(2, 1, 0x81, 0x02, 0x03, 9, 240, 0, 0, 0, 0, 0, 0x00, 0x00, 0x07);
    expect([...readEventFile(bytes, "a.bin", shape)]).toEqual([
      { x: 2, y: 1, polarity: 1, microseconds: 66_051 },
      { x: 0, y: 0, polarity: 0, microseconds: 8199 },
    ]);
  });

  test("of arbitrary bytes gives events on the sensor, or an error that says what is wrong", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          for (const { x, y, microseconds } of readEventFile(bytes, "a.bin", { height: 200, width: 200 })) {
            expect(Math.max(x, y)).toBeLessThan(200);
            expect(microseconds).toBeGreaterThanOrEqual(0);
          }
        } catch (error) {
          expect(error).toBeInstanceOf(FileError);
        }
      }),
    );
  });

  test.each([
    ["that is empty", new Uint8Array(0), "The file has 0 bytes, which is not one or more whole events"],
    ["that was cut off", eventFile([{ x: 0, y: 0, polarity: 1, microseconds: 1 }]).subarray(0, 4), "The file has 4"],
    [
      "of a wider sensor",
      Uint8Array.of(3, 0, 0, 0, 0),
      "Event 0 is at column 3, row 0, but the sensor has 3 x 2 pixels",
    ],
    ["of a higher sensor", Uint8Array.of(0, 2, 0, 0, 0), "Event 0 is at column 0, row 2"],
  ])("%s is refused", (_, bytes, message) => {
    expect(() => [...readEventFile(bytes, "a.bin", shape)]).toThrow(message);
  });
});

describe("frames", () => {
  test("have a bit for each pixel and polarity", () => {
    const set = emptyEventSet(shape, ["a"], Uint16Array.of(0, 0));
    // 2 frames x 2 rows x 3 columns x 2 polarities are 24 bits, 3 bytes.
    expect(recordingBytes(shape)).toBe(3);
    addEvent(set, 1, { x: 2, y: 1, polarity: 1, microseconds: 99.9 });
    addEvent(set, 1, { x: 0, y: 0, polarity: 0, microseconds: 100 });
    // One after the last frame, and a second in the same frame: neither sets another bit.
    addEvent(set, 1, { x: 1, y: 1, polarity: 0, microseconds: 200 });
    addEvent(set, 1, { x: 0, y: 0, polarity: 0, microseconds: 199 });
    // Bit 11 of the first frame's 12, and bit 0 of the second's: bits 11 and 12.
    expect([...set.bits]).toEqual([0, 0, 0, 0, 0b0001_1000, 0]);
    expect([...pickRecordings(set, [1, 0]).bits]).toEqual([0, 0b0001_1000, 0, 0, 0, 0]);
  });

  test("are what a list of events per frame says, whatever the sensor", () => {
    const sizes = fc.record({
      height: fc.integer({ min: 1, max: 5 }),
      width: fc.integer({ min: 1, max: 5 }),
      frames: fc.integer({ min: 1, max: 4 }),
      frameMicroseconds: fc.integer({ min: 1, max: 300 }),
    });
    fc.assert(
      fc.property(sizes, fc.array(fc.array(fc.nat(10_000), { minLength: 4, maxLength: 4 })), (size, numbers) => {
        const events = numbers.map(([x, y, p, microseconds]): CameraEvent => {
          return { x: x % size.width, y: y % size.height, polarity: (p & 1) as 0 | 1, microseconds };
        });
        const set = emptyEventSet(size, ["a"], Uint16Array.of(0));
        for (const event of readEventFile(
          eventFile([...events, { x: 0, y: 0, polarity: 0, microseconds: 2 ** 22 }]),
          "a",
          size,
        ))
          addEvent(set, 0, event);
        const seen = new Set(
          events.map(({ x, y, polarity, microseconds }) => {
            const frame = Math.floor(microseconds / size.frameMicroseconds);
            return `${frame} ${y} ${x} ${polarity}`;
          }),
        );
        let bit = 0;
        for (let frame = 0; frame < size.frames; frame++) {
          for (let y = 0; y < size.height; y++) {
            for (let x = 0; x < size.width; x++) {
              for (const polarity of [0, 1]) {
                expect((set.bits[bit >> 3] >> (bit & 7)) & 1).toBe(seen.has(`${frame} ${y} ${x} ${polarity}`) ? 1 : 0);
                bit++;
              }
            }
          }
        }
      }),
    );
  });
});
