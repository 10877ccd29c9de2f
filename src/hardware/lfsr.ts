/**
 * Linear-feedback shift registers, the hardware's source of random bytes.
 *
 * Galois form, shifting right: the bit that falls out is fed back into the bits of `mask`,
 *
 *   state' = (state >>> 1) ^ (state & 1 ? mask : 0).
 *
 * The paper (Xpikeformer, section IV-B2) shares 32-bit LFSRs and taps all four bytes of each, after Maxim application note
 * 4400; it prints neither polynomial nor seeds. 0xB4BCD35C is that note's 32-bit mask; its period is 2^32 - 1 (the test
 * proves it). Over a period every byte is uniform, but for one missing 0; bytes of successive clocks are
 * strongly dependent, because one clock shifts by one bit only. That is what the hardware does, so it is what we model.
 */

export const LFSR_MASK = 0xb4bcd35c;

/** The state after one shift. */
export function lfsrNext(state: number, mask: number = LFSR_MASK): number {
  return ((state >>> 1) ^ (state & 1 ? mask : 0)) >>> 0;
}

/** Byte `index` (0 .. 3, least significant first) of a state. */
export function lfsrByte(state: number, index: number): number {
  return (state >>> (8 * index)) & 0xff;
}
