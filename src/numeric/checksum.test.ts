import { expect, test } from "vitest";
import { crc32, crc32c } from "./checksum.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test("the checksum of the digits 1 to 9 is the published check value", () => {
  // The check value of CRC-32/ISO-HDLC given by Koopman and zlib.
  expect(crc32(bytes("123456789"))).toBe(0xcbf43926);
  expect(crc32(bytes(""))).toBe(0);
});

test("the checksum of parts is that of the whole", () => {
  expect(crc32(bytes("56789"), crc32(bytes("1234")))).toBe(0xcbf43926);
});

test("CRC-32C of the published vectors", () => {
  expect(crc32c(bytes("123456789"))).toBe(0xe3069283);
  // RFC 3720, B.4: 32 bytes of zeros.
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
});
