/**
 * CRC-32 (the reflected polynomial 0xedb88320 of ISO-HDLC, zip and PNG). It detects all damage that spans at most 32 bits, and
 * misses other accidental damage once in 2^32. It does not protect against deliberate changes.
 */

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

/** The checksum of `bytes`, or of the data with checksum `before` followed by `bytes`. */
export function crc32(bytes: Uint8Array, before = 0): number {
  let value = ~before;
  for (const byte of bytes) value = table[(value ^ byte) & 0xff] ^ (value >>> 8);
  return ~value >>> 0;
}
