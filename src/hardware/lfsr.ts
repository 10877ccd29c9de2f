/**
 * Linear-feedback shift registers, the hardware's source of random bytes.
 *
 * Galois form, shifting right: the bit that falls out is fed back into the bits of `mask`,
 *
 *   state' = (state >>> 1) ^ (state & 1 ? mask : 0).
 *
 * The paper (Xpikeformer, section IV-B2) shares 32-bit LFSRs and taps all four bytes of each, after Maxim application note
 * 4400; it prints neither polynomial nor seeds. 0xB4BCD35C is that note's 32-bit mask; its period is 2^32 - 1 (proved by the
 * test). Over a period every byte is uniform except for one missing 0. Bytes of successive clocks are strongly dependent,
 * because one clock shifts by only one bit; the hardware does this, so the model does too. `shiftsPerClock` above 1 feeds that
 * many bits at once (a leap-forward LFSR), at the cost of a few more XOR gates.
 */
import { SpecError } from "../errors.ts";

export const LFSR_MASK = 0xb4bcd35c;

/** The state after one shift. */
export function lfsrNext(state: number, mask: number = LFSR_MASK): number {
  return ((state >>> 1) ^ (state & 1 ? mask : 0)) >>> 0;
}

/** Byte `index` (0 .. 3, least significant first) of a state. */
export function lfsrByte(state: number, index: number): number {
  return (state >>> (8 * index)) & 0xff;
}

/** Shifts all registers `shifts` times, in place. */
export function advanceRegisters(states: Uint32Array, mask: number, shifts: number): void {
  for (let i = 0; i < states.length; i++) {
    let state = states[i];
    for (let shift = 0; shift < shifts; shift++) state = (state >>> 1) ^ (state & 1 ? mask : 0);
    states[i] = state;
  }
}

/** 2^32 - 1 = 3 x 5 x 17 x 257 x 65537. */
const PERIOD = 2 ** 32 - 1;
const PERIOD_PRIMES = [3, 5, 17, 257, 65537] as const;

/** Masks that were found primitive: many machines are built around the same register. */
const PRIMITIVE = new Set<number>();

/**
 * Rejects a mask unless its register passes through all 2^32 - 1 nonzero states.
 * Throws  SpecError with the reason: a shift that loses states, or a shorter period
 */
export function requirePrimitive(mask: number, path: string): void {
  const name = `0x${mask.toString(16).padStart(8, "0")}`;
  if (mask >>> 31 === 0) {
    throw new SpecError(
      path,
      `The feedback mask ${name} does not set bit 31, so a shift maps two states to one and the register has fewer than 32 bits. ` +
        "Set bit 31; for example, 0xb4bcd35c has the full period.",
    );
  }
  if (PRIMITIVE.has(mask)) return;
  if (isIdentityAfter(mask, PERIOD) && PERIOD_PRIMES.every((prime) => !isIdentityAfter(mask, PERIOD / prime))) {
    PRIMITIVE.add(mask);
    return;
  }
  const shorter = PERIOD_PRIMES.find((prime) => isIdentityAfter(mask, PERIOD / prime));
  throw new SpecError(
    path,
    `The feedback mask ${name} is not a primitive polynomial: ` +
      (shorter === undefined
        ? "the register is not back at its seed after 2^32 - 1 shifts, so it runs in shorter cycles"
        : `the register is back at every seed after (2^32 - 1) / ${shorter} = ${PERIOD / shorter} shifts`) +
      ", and its bytes need not be uniform. For example, 0xb4bcd35c has the full period.",
  );
}

/**
 * Whether the given number of shifts is the identity. A shift is a linear map over GF(2): its columns are the images of the 32
 * single bits, and squaring the map doubles the shifts.
 */
export function isIdentityAfter(mask: number, shifts: number): boolean {
  let images = Uint32Array.from({ length: 32 }, (_, bit) => (1 << bit) >>> 0);
  let map = images.map((state) => lfsrNext(state, mask));
  for (let rest = shifts; rest > 0; rest = Math.floor(rest / 2)) {
    const squared = map;
    if (rest % 2 === 1) images = images.map((state) => applyMap(squared, state));
    map = squared.map((state) => applyMap(squared, state));
  }
  return images.every((state, bit) => state === (1 << bit) >>> 0);
}

function applyMap(map: Uint32Array, state: number): number {
  let image = 0;
  for (let bit = 0; bit < 32; bit++) if ((state >>> bit) & 1) image ^= map[bit];
  return image >>> 0;
}
