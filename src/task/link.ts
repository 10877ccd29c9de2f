/**
 * The MIMO link: constellation, channel, receive quantiser.
 *
 *   y = H x + n,   x in {constellation}^Nt,   yq = quantise(y)
 *
 * A class is the joint symbol of all antennas, and its binary digits are the transmitted bits: antenna 0 first, most
 * significant digit first; a QPSK antenna sends its real bit, then its imaginary bit (Gray). A bit b is sent as 1 - 2b, over
 * sqrt 2 for QPSK. So E|x|^2 = 1 per antenna, and wrong bits are the ones of `class XOR decision`.
 */
import type { SymbolDetectionSpec } from "../spec/task.ts";

/** Transmitted bits of one channel use, over all antennas. */
export const bitsPerClass = (spec: SymbolDetectionSpec): number =>
  spec.transmitAntennas * (spec.modulation === "qpsk" ? 2 : 1);

/** Sent symbols of every class: `[classes, Nt]`, complex (real and imaginary part side by side). */
export function constellation(spec: SymbolDetectionSpec): Float64Array {
  const bits = bitsPerClass(spec);
  const perAntenna = bits / spec.transmitAntennas;
  const amplitude = perAntenna === 2 ? Math.SQRT1_2 : 1;
  const points = new Float64Array(2 ** bits * spec.transmitAntennas * 2);
  for (let c = 0; c < 2 ** bits; c++) {
    for (let i = 0; i < bits; i++) {
      const bit = (c >>> (bits - 1 - i)) & 1;
      // Bit i modulates part `i mod perAntenna` (0 real, 1 imaginary) of antenna `floor(i / perAntenna)`.
      const part = perAntenna === 2 ? i : 2 * i;
      points[c * spec.transmitAntennas * 2 + part] = amplitude * (1 - 2 * bit);
    }
  }
  return points;
}

/**
 * Noiseless received vectors of every class, H x.
 *
 * Shapes   channel: [Nr, Nt] from `offset` on, points: [classes, Nt], out: [classes, Nr], all complex
 * State    `out` is overwritten
 */
export function receivedPoints(
  channel: Float64Array,
  offset: number,
  points: Float64Array,
  spec: SymbolDetectionSpec,
  out: Float64Array,
): void {
  const { transmitAntennas: nt, receiveAntennas: nr } = spec;
  const classes = points.length / (2 * nt);
  for (let c = 0; c < classes; c++) {
    for (let r = 0; r < nr; r++) {
      let re = 0;
      let im = 0;
      for (let a = 0; a < nt; a++) {
        const h = offset + 2 * (r * nt + a);
        const x = 2 * (c * nt + a);
        re += channel[h] * points[x] - channel[h + 1] * points[x + 1];
        im += channel[h] * points[x + 1] + channel[h + 1] * points[x];
      }
      out[2 * (c * nr + r)] = re;
      out[2 * (c * nr + r) + 1] = im;
    }
  }
}

/** Squared Euclidean distance of `length` values of a and b from the given offsets on. */
export function squaredDistance(a: Float64Array, i: number, b: Float64Array, j: number, length: number): number {
  let sum = 0;
  for (let k = 0; k < length; k++) {
    const difference = a[i + k] - b[j + k];
    sum += difference * difference;
  }
  return sum;
}

/** A mid-rise quantiser: 2^bits equal cells over [-range, range], each read as its middle; outside, the last cell. */
export interface Quantiser {
  /** Number of the cell, 0 .. 2^bits - 1, from the most negative one upwards. */
  code(value: number): number;
  /** Middle of a cell. */
  value(code: number): number;
}

export function midRiseQuantiser(bits: number, range: number): Quantiser {
  const cells = 2 ** bits;
  const step = (2 * range) / cells;
  return {
    code: (value) => Math.min(cells - 1, Math.max(0, Math.floor(value / step) + cells / 2)),
    value: (code) => (code - cells / 2 + 0.5) * step,
  };
}
