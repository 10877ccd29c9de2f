/**
 * CRC-32 (the reflected polynomial 0xedb88320 of ISO-HDLC, zip and PNG) and CRC-32C (0x82f63b78, Castagnoli's, of iSCSI and TensorBoard).
 * They detect all damage that spans at most 32 bits, and miss other accidental damage once in 2^32. They do not protect against deliberate
 * changes.
 */

const tableOf = (polynomial: number): Uint32Array =>
  Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? polynomial ^ (value >>> 1) : value >>> 1;
    return value;
  });

const table = tableOf(0xedb88320);
const castagnoli = tableOf(0x82f63b78);

/** The checksum of `bytes`, or of the data with checksum `before` followed by `bytes`. */
export const crc32 = (bytes: Uint8Array, before = 0): number => checksum(bytes, before, table);

/** CRC-32C of `bytes`. */
export const crc32c = (bytes: Uint8Array): number => checksum(bytes, 0, castagnoli);

function checksum(bytes: Uint8Array, before: number, table: Uint32Array): number {
  let value = ~before;
  // By index: it takes a fraction of an iterator's time.
  for (let i = 0; i < bytes.length; i++) value = table[(value ^ bytes[i]) & 0xff] ^ (value >>> 8);
  return ~value >>> 0;
}
