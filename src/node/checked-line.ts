/**
 * JSON in lines that are as they were written, or are not read: eight hexadecimal digits of the CRC-32 of the JSON's bytes, a
 * space, the JSON. Found is any accidental damage to a line; a lost line is not, and a correct checksum is easily forged.
 */
import { crc32 } from "../numeric/checksum.ts";

const DIGITS = 8;
const BRACE = 123;

/** The line of a value, with its end. */
export function checkedLine(content: object): Uint8Array {
  const json = Buffer.from(JSON.stringify(content));
  return Buffer.from(`${checksum(json)} ${json}\n`);
}

export type LineFault = "a wrong checksum" | "no checksum" | "no JSON";

/** The value of a line without its end, or what is wrong with it. */
export function readCheckedLine(line: Uint8Array): { readonly content: unknown } | { readonly fault: LineFault } {
  if (line[0] === BRACE) return { fault: "no checksum" };
  const json = line.subarray(DIGITS + 1);
  if (decode(line.subarray(0, DIGITS + 1)) !== `${checksum(json)} `) return { fault: "a wrong checksum" };
  try {
    return { content: JSON.parse(decode(json)) };
  } catch {
    return { fault: "no JSON" };
  }
}

const checksum = (bytes: Uint8Array): string => crc32(bytes).toString(16).padStart(DIGITS, "0");
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
