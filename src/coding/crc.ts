/**
 * Cyclic redundancy checks of 5G NR: the remainder of the bits, as a polynomial, divided by a generator, with zeros before the first bit.
 *
 * Source  3GPP TS 38.212, section 5.1. The catalogue of R. Cook (https://reveng.sourceforge.io/crc-catalogue) lists them as CRC-24/LTE-A,
 *         CRC-24/LTE-B and CRC-16/XMODEM, with check values.
 */

export type CrcName = "24A" | "24B" | "16";

/** Length and generator without its highest term. */
const CRCS: Readonly<Record<CrcName, { readonly bits: number; readonly generator: number }>> = {
  "24A": { bits: 24, generator: 0x864cfb },
  "24B": { bits: 24, generator: 0x800063 },
  "16": { bits: 16, generator: 0x1021 },
};

export const crcLength = (name: CrcName): number => CRCS[name].bits;

/** The parity bits of these bits, highest power first: `[16]` or `[24]`. */
export function crcOf(name: CrcName, bits: Uint8Array): Uint8Array {
  const { bits: length, generator } = CRCS[name];
  const mask = 2 ** length - 1;
  let rest = 0;
  for (let i = 0; i < bits.length; i++) {
    const top = (rest >>> (length - 1)) ^ bits[i];
    rest = (rest << 1) & mask;
    if (top & 1) rest ^= generator;
  }
  return Uint8Array.from({ length }, (_, i) => (rest >>> (length - 1 - i)) & 1);
}

/** The bits, followed by their parity bits. */
export function withCrc(name: CrcName, bits: Uint8Array): Uint8Array {
  const whole = new Uint8Array(bits.length + crcLength(name));
  whole.set(bits);
  whole.set(crcOf(name, bits), bits.length);
  return whole;
}

/** Whether the last bits are the parity bits of those before. */
export const passesCrc = (name: CrcName, whole: Uint8Array): boolean => crcOf(name, whole).every((bit) => bit === 0);
