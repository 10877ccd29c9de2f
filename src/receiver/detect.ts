/**
 * Soft detection on the grid: log-likelihood ratios of every data element, ln p(b = 0 | y) - ln p(b = 1 | y), from a channel estimate.
 *
 *   joint     all classes of symbols over all antennas, weighted by exp(-|y - H x|^2 / v); `max-log` keeps the nearest of each bit
 *   mmse      x = A^-1 H^H y, A = H^H H + v I, per antenna with gain u = 1 - v (A^-1)_aa and noise (1 - u) / u after division by u
 *   k-best    `k-best.ts`
 *
 * v is the estimate's noise at the element, in which the error of the estimate is included. The sign of a ratio decides its bit;
 * signs of max-log ratios are the maximum-likelihood decision, as `sphereDecoder` of `src/task` finds it.
 */
import type { SlotGrid } from "../channel/grid.ts";
import { ShapeError, ValueError } from "../errors.ts";
import { solveHermitian } from "../numeric/complex.ts";
import { exponential } from "../numeric/exponential.ts";
import { naturalLog } from "../numeric/stream.ts";
import type { ChannelEstimate } from "./estimate.ts";

/** How to combine symbols with the same bit. */
export type LlrForm = "exact" | "max-log";

/**
 * Ratios of one element.
 * Shapes  channel: [Nr, Nt] from `at` on, y: [Nr] from `from` on, complex; out: [Nt, bits] from `to` on
 */
export type Detector = (
  channel: Float64Array,
  at: number,
  y: Float64Array,
  from: number,
  noise: number,
  out: Float64Array,
  to: number,
) => void;

/** What a detector depends on: antennas, and the symbols of one by their bits, `[2^bits]`, complex. */
export interface DetectorSizes {
  readonly transmitAntennas: number;
  readonly receiveAntennas: number;
  readonly points: Float64Array;
}

/** Bits of classes that `joint` lists. */
export const MOST_LISTED_BITS = 12;
/** Noise below which ratios would overflow. */
const LEAST_NOISE = 1e-12;

/** Bits of one antenna's symbol. Throws ShapeError unless there are 2, 4, 8, ... symbols. */
export function bitsOf({ points }: DetectorSizes): number {
  const bits = Math.log2(points.length / 2);
  if (Number.isInteger(bits) && bits >= 1) return bits;
  throw new ShapeError("points", `An antenna has 2, 4, 8, ... symbols; ${points.length / 2} have no binary digits.`);
}

/**
 * Ratios of all data elements of a slot.
 * Shapes  received: [symbols, subcarriers, Nr], complex; returns [data elements, Nt, bits]
 */
export function detectSlot(
  estimate: ChannelEstimate,
  received: Float64Array,
  grid: SlotGrid,
  detector: Detector,
  bitsPerSymbol: number,
): Float64Array {
  const { transmitAntennas: nt, receiveAntennas: nr } = grid;
  const ratios = new Float64Array(grid.data.length * nt * bitsPerSymbol);
  grid.data.forEach((element, i) => {
    const noise = Math.max(LEAST_NOISE, estimate.noise[element]);
    detector(
      estimate.channel,
      2 * element * nr * nt,
      received,
      2 * element * nr,
      noise,
      ratios,
      i * nt * bitsPerSymbol,
    );
  });
  return ratios;
}

/**
 * All classes together.
 * Throws  ValueError for more than 2^12 classes
 */
export function jointDetector(sizes: DetectorSizes, form: LlrForm): Detector {
  const { transmitAntennas: nt, receiveAntennas: nr, points } = sizes;
  const bits = bitsOf(sizes);
  if (nt * bits > MOST_LISTED_BITS) {
    throw new ValueError(
      "detector",
      `Joint detection lists 2^${nt * bits} classes of ${nt} antennas with ${bits} bits, above the limit of 2^${MOST_LISTED_BITS}. Use k-best or MMSE.`,
    );
  }
  const classes = 2 ** (nt * bits);
  const distances = new Float64Array(classes);
  return (channel, at, y, from, noise, out, to) => {
    for (let c = 0; c < classes; c++) {
      let distance = 0;
      for (let r = 0; r < nr; r++) {
        let [re, im] = [y[from + 2 * r], y[from + 2 * r + 1]];
        for (let a = 0; a < nt; a++) {
          const h = at + 2 * (r * nt + a);
          const x = 2 * ((c >>> (bits * (nt - 1 - a))) & (2 ** bits - 1));
          re -= channel[h] * points[x] - channel[h + 1] * points[x + 1];
          im -= channel[h] * points[x + 1] + channel[h + 1] * points[x];
        }
        distance += re * re + im * im;
      }
      distances[c] = distance / noise;
    }
    writeRatios(distances, nt * bits, form, out, to);
  };
}

/** Linear MMSE, then each antenna by itself. */
export function mmseDetector(sizes: DetectorSizes, form: LlrForm): Detector {
  const { transmitAntennas: nt, receiveAntennas: nr, points } = sizes;
  const bits = bitsOf(sizes);
  const columns = 1 + nt;
  const gram = new Float64Array(2 * nt * nt);
  const solved = new Float64Array(2 * nt * columns);
  const distances = new Float64Array(2 ** bits);
  return (channel, at, y, from, noise, out, to) => {
    gram.fill(0);
    solved.fill(0);
    for (let r = 0; r < nr; r++) {
      const row = at + 2 * r * nt;
      for (let a = 0; a < nt; a++) {
        const [re, im] = [channel[row + 2 * a], channel[row + 2 * a + 1]];
        for (let b = 0; b < nt; b++) {
          gram[2 * (a * nt + b)] += re * channel[row + 2 * b] + im * channel[row + 2 * b + 1];
          gram[2 * (a * nt + b) + 1] += re * channel[row + 2 * b + 1] - im * channel[row + 2 * b];
        }
        solved[2 * a * columns] += re * y[from + 2 * r] + im * y[from + 2 * r + 1];
        solved[2 * a * columns + 1] += re * y[from + 2 * r + 1] - im * y[from + 2 * r];
      }
    }
    for (let a = 0; a < nt; a++) {
      gram[2 * (a * nt + a)] += noise;
      solved[2 * (a * columns + 1 + a)] = 1;
    }
    solveHermitian(gram, solved, nt, columns);
    for (let a = 0; a < nt; a++) {
      const left = Math.min(1, noise * solved[2 * (a * columns + 1 + a)]);
      const gain = 1 - left;
      const [re, im] = [solved[2 * a * columns], solved[2 * a * columns + 1]];
      // |x / u - point|^2 u / (1 - u), without a division by u, which a faint channel makes 0.
      for (let word = 0; word < 2 ** bits; word++) {
        const [p, q] = [re - gain * points[2 * word], im - gain * points[2 * word + 1]];
        distances[word] = gain > 0 ? (p * p + q * q) / (gain * left) : 0;
      }
      writeRatios(distances, bits, form, out, to + a * bits);
    }
  };
}

/** Ratios of the binary digits of a list of classes, whose likelihood is e^-distance; the first digit is the most significant. */
function writeRatios(distances: Float64Array, bits: number, form: LlrForm, out: Float64Array, to: number): void {
  for (let bit = 0; bit < bits; bit++) {
    const mask = 1 << (bits - 1 - bit);
    const nearest = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (let c = 0; c < distances.length; c++) {
      const value = c & mask ? 1 : 0;
      if (distances[c] < nearest[value]) nearest[value] = distances[c];
    }
    out[to + bit] = nearest[1] - nearest[0];
    if (form === "max-log") continue;
    const sums = [0, 0];
    for (let c = 0; c < distances.length; c++) {
      const value = c & mask ? 1 : 0;
      sums[value] += exponential(nearest[value] - distances[c]);
    }
    out[to + bit] += naturalLog(sums[0]) - naturalLog(sums[1]);
  }
}
