import { expect, test } from "vitest";
import { type CrcName, crcOf, passesCrc, withCrc } from "./crc.ts";

/** ASCII, highest bit first. */
const bitsOf = (text: string): Uint8Array =>
  Uint8Array.from({ length: 8 * text.length }, (_, i) => (text.charCodeAt(i >> 3) >> (7 - (i & 7))) & 1);

test.each<[CrcName, string]>([
  ["24A", "cde703"],
  ["24B", "23ef52"],
  ["16", "31c3"],
])("CRC %s of 123456789 is the check value of the catalogue", (name, value) => {
  expect(Number.parseInt(crcOf(name, bitsOf("123456789")).join(""), 2).toString(16)).toBe(value);
});

test("every single wrong bit is noticed", () => {
  const whole = withCrc("24A", bitsOf("soft bits"));
  expect(passesCrc("24A", whole)).toBe(true);
  for (let i = 0; i < whole.length; i++) expect(passesCrc("24A", whole.with(i, 1 - whole[i]))).toBe(false);
});
