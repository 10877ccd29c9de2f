import fc from "fast-check";
import { expect, test } from "vitest";
import { bytesOfHex, crc16, END, encodeFrame, FrameReader } from "./protocol.ts";

test("the checksum is the published one for this polynomial and initial value", () => {
  // CRC-16/GENIBUS of "123456789", the catalogue's check value: https://reveng.sourceforge.io/crc-catalogue/16.htm
  expect(crc16(new TextEncoder().encode("123456789"))).toBe(0xd64e);
});

const frame = fc.record({
  kind: fc.integer({ min: 0, max: 255 }),
  // Bytes around those with a meaning are drawn often.
  payload: fc
    .uint8Array({ maxLength: 40 })
    .map((bytes) => bytes.map((byte) => (byte < 128 ? 0xc0 + (byte % 32) : byte))),
});

test("sent frames are read back, in whatever pieces they arrive", () => {
  fc.assert(
    fc.property(fc.array(frame, { minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 9 }), (frames, piece) => {
      const line = frames.flatMap(({ kind, payload }) => [...encodeFrame(kind, payload)]);
      const reader = new FrameReader();
      const read = [];
      for (let n = 0; n < line.length; n += piece) read.push(...reader.take(Uint8Array.from(line.slice(n, n + piece))));
      expect(read).toEqual(frames);
    }),
  );
});

test("a lost byte or a flipped bit is noticed, and the next frame is read", () => {
  fc.assert(
    fc.property(frame, fc.nat(), fc.integer({ min: 0, max: 8 }), ({ kind, payload }, at, fault) => {
      const sent = [...encodeFrame(kind, payload)];
      const place = 1 + (at % (sent.length - 2));
      if (fault === 8) sent.splice(place, 1);
      else sent[place] ^= 1 << fault;
      const reader = new FrameReader();
      const read = [...reader.take(Uint8Array.from(sent)), ...reader.take(encodeFrame(7, Uint8Array.of(END)))];
      expect(read.slice(0, -1).every((found) => found === null)).toBe(true);
      expect(read.at(-1)).toEqual({ kind: 7, payload: Uint8Array.of(END) });
    }),
  );
});

test("hexadecimal digits of vector files are bytes, lowest first", () => {
  expect([...bytesOfHex("1ab")]).toEqual([0xab, 0x01]);
});
