/**
 * The MIMO link: constellation, channel, receive quantiser.
 *
 *   y = H x + n,   x in {constellation}^Nt,   yq = quantise(y)
 *
 * A class is the joint symbol of all antennas, and its binary digits are the transmitted bits: antenna 0 first, most significant
 * digit first. An antenna's bits alternate between its real and its imaginary part (with BPSK all are real), in the order of 3GPP
 * TS 38.211, section 5.1. The first bit of a part is its sign; each further bit selects one half of the remaining levels:
 *
 *   x = d (1 - 2b) (2^(m-1) - (1 - 2b') (2^(m-2) - (1 - 2b'') ...))   for m bits b, b', b'', ...: d times +-1, +-3, ...
 *
 * Neighbouring levels therefore differ in one bit (Gray coding), and d makes E|x|^2 = 1 per antenna. The wrong bits are the
 * ones in `class XOR decision`.
 */
import { BITS_PER_ANTENNA } from "../experiment/modulation.ts";
import type { SymbolDetectionSpec } from "../experiment/task.ts";

/** What a receiver's number of operations depends on. */
export type LinkSizes = Pick<SymbolDetectionSpec, "transmitAntennas" | "receiveAntennas" | "modulation" | "pilots">;

/** What a channel use depends on. */
export type Antennas = Pick<SymbolDetectionSpec, "transmitAntennas" | "receiveAntennas" | "modulation">;

/** How the parts of one antenna's symbol are modulated. */
export interface Modulation {
  /** 1: real only; 2: real and imaginary. */
  readonly parts: 1 | 2;
  /** Bits per part. */
  readonly bits: number;
  /** d: levels are d times +-1, +-3, ... */
  readonly unit: number;
}

export function modulationOf({ modulation }: Pick<SymbolDetectionSpec, "modulation">): Modulation {
  const parts = modulation === "bpsk" ? 1 : 2;
  const bits = BITS_PER_ANTENNA[modulation] / parts;
  // +-1, +-3, ... of m bits have a mean square of (4^m - 1) / 3.
  return { parts, bits, unit: Math.sqrt(3 / (parts * (2 ** (2 * bits) - 1))) };
}

/** The symbols of one antenna, indexed by their bits: `[2^bits]`, complex (real and imaginary part adjacent). */
export function antennaSymbols(spec: Pick<Antennas, "modulation">): Float64Array {
  const { parts, bits, unit } = modulationOf(spec);
  const length = parts * bits;
  const symbols = new Float64Array(2 * 2 ** length);
  for (let word = 0; word < 2 ** length; word++) {
    for (let part = 0; part < parts; part++) {
      let level = 0;
      for (let bit = bits - 1; bit >= 0; bit--) {
        const sign = 1 - 2 * ((word >>> (length - 1 - (bit * parts + part))) & 1);
        level = sign * (2 ** (bits - 1 - bit) - level);
      }
      symbols[2 * word + part] = unit * level;
    }
  }
  return symbols;
}

/** The bits of the level of one part that is nearest to x; at a tie, those of 0. */
export function nearestLevel(x: number, { bits, unit }: Modulation): number {
  let word = 0;
  let left = x;
  for (let bit = 0; bit < bits; bit++) {
    word = 2 * word + (left < 0 ? 1 : 0);
    left = unit * 2 ** (bits - 1 - bit) - Math.abs(left);
  }
  return word;
}

/** The bits of an antenna's symbol that is nearest to re + im j; at a tie, those of 0. */
export function nearestSymbol(re: number, im: number, modulation: Modulation): number {
  const real = nearestLevel(re, modulation);
  if (modulation.parts === 1) return real;
  const imaginary = nearestLevel(im, modulation);
  let word = 0;
  for (let i = modulation.bits - 1; i >= 0; i--) word = 4 * word + 2 * ((real >>> i) & 1) + ((imaginary >>> i) & 1);
  return word;
}

/** Transmitted symbols of every class: `[classes, Nt]`, complex. */
export function constellation(spec: Antennas): Float64Array {
  const symbols = antennaSymbols(spec);
  const { transmitAntennas: nt } = spec;
  const length = BITS_PER_ANTENNA[spec.modulation];
  const points = new Float64Array(2 * nt * 2 ** (nt * length));
  for (let i = 0; i < points.length; i += 2) {
    const [c, antenna] = [Math.floor(i / (2 * nt)), (i / 2) % nt];
    const word = (c >>> (length * (nt - 1 - antenna))) & (2 ** length - 1);
    points[i] = symbols[2 * word];
    points[i + 1] = symbols[2 * word + 1];
  }
  return points;
}

/**
 * Noiseless received vector of class c, H x.
 *
 * Shapes   channel: [Nr, Nt] from `offset` on, points: [classes, Nt], out: [Nr] from `at` on, all complex
 * State    `out` is overwritten there
 */
export function receivedPoint(
  channel: Float64Array,
  offset: number,
  points: Float64Array,
  c: number,
  { transmitAntennas: nt, receiveAntennas: nr }: Antennas,
  out: Float64Array,
  at: number,
): void {
  for (let r = 0; r < nr; r++) {
    let re = 0;
    let im = 0;
    for (let a = 0; a < nt; a++) {
      const h = offset + 2 * (r * nt + a);
      const x = 2 * (c * nt + a);
      re += channel[h] * points[x] - channel[h + 1] * points[x + 1];
      im += channel[h] * points[x + 1] + channel[h + 1] * points[x];
    }
    out[at + 2 * r] = re;
    out[at + 2 * r + 1] = im;
  }
}

/** `receivedPoint` of every class, `[classes, Nr]`. */
export function receivedPoints(
  channel: Float64Array,
  offset: number,
  points: Float64Array,
  spec: Antennas,
  out: Float64Array,
): void {
  const classes = points.length / (2 * spec.transmitAntennas);
  for (let c = 0; c < classes; c++) receivedPoint(channel, offset, points, c, spec, out, 2 * c * spec.receiveAntennas);
}

/** Squared Euclidean distance between `length` values of a and b, starting at the given offsets. */
export function squaredDistance(a: Float64Array, i: number, b: Float64Array, j: number, length: number): number {
  let sum = 0;
  for (let k = 0; k < length; k++) {
    const difference = a[i + k] - b[j + k];
    sum += difference * difference;
  }
  return sum;
}

/** A mid-rise quantiser: 2^bits equal cells over [-range, range], each represented by its centre; outside, by the last cell. */
export interface Quantiser {
  /** Index of the cell, 0 .. 2^bits - 1, starting at the most negative. */
  code(value: number): number;
  /** Centre of a cell. */
  value(code: number): number;
}

/**
 * Complex variance of its error as noise, step^2 / 12 for each part: right inside its range, for noise that covers a cell.
 * `src/task/soft-receivers.ts` says where that ends.
 */
export const quantiserNoise = ({
  receiverBits,
  receiverRange,
}: Pick<SymbolDetectionSpec, "receiverBits" | "receiverRange">): number =>
  ((2 * receiverRange) / 2 ** receiverBits) ** 2 / 6;

/** Binary lines of a quantised value; with codings other than `bits` and `thermometer`, one. */
export function linesPerValue(coding: string, bits: number): number {
  if (coding === "thermometer") return 2 ** bits - 1;
  return coding === "bits" ? bits : 1;
}

/**
 * Sets the lines, of `lines`, that are on for a code: as a thermometer one for each threshold that it exceeds, lowest first, else its bits,
 * most significant first.
 */
export function setLines(coding: string, code: number, lines: number, set: (line: number) => void): void {
  for (let line = 0; line < lines; line++) {
    if (coding === "thermometer" ? code > line : (code >>> (lines - 1 - line)) & 1) set(line);
  }
}

export function midRiseQuantiser(bits: number, range: number): Quantiser {
  const cells = 2 ** bits;
  const step = (2 * range) / cells;
  return {
    code: (value) => Math.min(cells - 1, Math.max(0, Math.floor(value / step) + cells / 2)),
    value: (code) => (code - cells / 2 + 0.5) * step,
  };
}
