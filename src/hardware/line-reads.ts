/**
 * Lines that carry whole numbers, such as sums of spikes. A line takes a bit, so a crossbar reads such a vector several times, and the
 * sums of its reads are added behind the converters, where the offset follows once:
 *
 *   unary        x = sum over r of [x > r],   r < most;             I = offset + sum over r of I_r
 *   bit-serial   x = sum over r of 2^r x_r,   r < bits of `most`;   I = offset + sum over r of 2^r I_r
 *
 * Each read has conversions of its own, so each is rounded and has its own noise. A bit-serial machine reads less often, but what the
 * r-th read rounds weighs 2^r. Inputs in series of bits are those of ISAAC (Shafiee et al., ISCA 2016); a read for each spike is how
 * spiking networks unfold integers (Luo et al., "SpikeYOLO", ECCV 2024).
 */
import type { HardwareSpec } from "../experiment/hardware.ts";

/** How a machine reads whole numbers. */
export type IntegerCoding = HardwareSpec["crossbar"]["integers"];

/** The reads of a vector with numbers up to `most`. */
export const readsFor = (most: number, coding: IntegerCoding): number =>
  coding === "unary" ? most : Math.ceil(Math.log2(most + 1));

/** The bit of a number that a read puts on its line. */
export const bitOfRead = (number: number, read: number, coding: IntegerCoding): 0 | 1 =>
  (coding === "unary" ? number > read : (number >> read) & 1) ? 1 : 0;

/**
 * The bits of all reads, one read after the other.
 *
 * Shapes  numbers: [images][size]; returns [images][reads][size]
 */
export function unfoldedBits(
  numbers: ArrayLike<number>,
  size: number,
  reads: number,
  coding: IntegerCoding,
): Uint8Array {
  const bits = new Uint8Array(numbers.length * reads);
  for (let i = 0; i < numbers.length; i++) {
    const first = Math.floor(i / size) * reads * size + (i % size);
    for (let read = 0; read < reads; read++) bits[first + read * size] = bitOfRead(numbers[i], read, coding);
  }
  return bits;
}

/** Weight of a read over that of the read before it. */
export const readBase = (coding: IntegerCoding): 1 | 2 => (coding === "unary" ? 1 : 2);

/** The weights of all reads together. */
export const weightOfReads = (reads: number, coding: IntegerCoding): number =>
  coding === "unary" ? reads : 2 ** reads - 1;

/**
 * The sums of all reads, without the offset: from the last read to the first, s = base s + I_r.
 *
 * Shapes  sums: [images][reads][size]; returns [images][size], in single precision
 */
export function addReads(sums: Float32Array, reads: number, size: number, coding: IntegerCoding): Float32Array {
  const added = new Float32Array(sums.length / reads);
  const base = readBase(coding);
  for (let to = 0; to < added.length; to += size) {
    for (let read = reads - 1; read >= 0; read--) {
      const from = to * reads + read * size;
      for (let i = 0; i < size; i++) added[to + i] = Math.fround(base * added[to + i]) + sums[from + i];
    }
  }
  return added;
}
