/**
 * K-best detection: a breadth-first search through the antennas that keeps the K nearest partial vectors at each.
 *
 *   H = Q R   =>   |y - H x|^2 = |Q^H y - R x|^2 + what no x changes,   R upper triangular
 *
 * From the last antenna to the first, each survivor is continued by every symbol, and the K with the least distance survive. The
 * last K give max-log ratios. A bit on which all of them agree gets a ratio of 8 times its sign, because nothing is known of the other
 * value. (With K = all classes, ratios are those of all classes; K = 1 is decision feedback.)
 *
 * Source: K. Wong, C. Tsui, R. Cheng, W. Mow, "A VLSI architecture of a K-best lattice decoding algorithm for MIMO channels", ISCAS 2002.
 */
import { ValueError } from "../errors.ts";
import { bitsOf, type Detector, type DetectorSizes } from "./detect.ts";

/** Size of the ratio of a bit without a counterexample, nats: an error once in 3000. */
export const AGREED = 8;
/** Below this share of a column's length, the part orthogonal to the other columns is rounding. */
const DEPENDENT = 1e-9;
const MOST_SURVIVORS = 65_536;

interface Survivor {
  readonly distance: number;
  /** Bits of the antennas decided so far, in the places of the whole class. */
  readonly word: number;
}

/** Throws ValueError unless `survivors` is a whole number from 1 to 65,536. */
export function kBestDetector(sizes: DetectorSizes, survivors: number): Detector {
  const { transmitAntennas: nt, points } = sizes;
  const bits = bitsOf(sizes);
  if (!(Number.isInteger(survivors) && survivors >= 1 && survivors <= MOST_SURVIVORS)) {
    throw new ValueError("survivors", `K-best keeps 1 to ${MOST_SURVIVORS} vectors, not ${survivors}.`);
  }
  const { r, z, of } = triangular(sizes);
  return (channel, at, y, from, noise, out, to) => {
    of(channel, at, y, from);
    let kept: Survivor[] = [{ distance: 0, word: 0 }];
    for (let a = nt - 1; a >= 0; a--) {
      const next = kept.flatMap((survivor) => continued(survivor, a));
      // Equal distances keep their order, so that results do not depend on the platform's sort.
      kept = next.sort((p, q) => p.distance - q.distance).slice(0, survivors);
    }
    for (let bit = 0; bit < nt * bits; bit++) {
      const shift = nt * bits - 1 - bit;
      const zero = kept.find(({ word }) => ((word >>> shift) & 1) === 0);
      const one = kept.find(({ word }) => ((word >>> shift) & 1) === 1);
      out[to + bit] = zero && one ? (one.distance - zero.distance) / noise : zero ? AGREED : -AGREED;
    }
  };

  function continued({ distance, word }: Survivor, a: number): Survivor[] {
    let [re, im] = [z[2 * a], z[2 * a + 1]];
    for (let b = a + 1; b < nt; b++) {
      const x = 2 * ((word >>> (bits * (nt - 1 - b))) & (2 ** bits - 1));
      const k = 2 * (a * nt + b);
      re -= r[k] * points[x] - r[k + 1] * points[x + 1];
      im -= r[k] * points[x + 1] + r[k + 1] * points[x];
    }
    const diagonal = r[2 * (a * nt + a)];
    return Array.from({ length: 2 ** bits }, (_, symbol) => {
      const [p, q] = [re - diagonal * points[2 * symbol], im - diagonal * points[2 * symbol + 1]];
      return { distance: distance + p * p + q * q, word: word | (symbol << (bits * (nt - 1 - a))) };
    });
  }
}

/** R, `[Nt, Nt]`, and z = Q^H y, `[Nt]`, complex, by Gram-Schmidt, twice; rows of dependent columns are zero. */
function triangular({ transmitAntennas: nt, receiveAntennas: nr }: DetectorSizes) {
  const r = new Float64Array(2 * nt * nt);
  const z = new Float64Array(2 * nt);
  const columns = Array.from({ length: nt }, () => new Float64Array(2 * nr));

  function of(channel: Float64Array, at: number, y: Float64Array, from: number): void {
    r.fill(0);
    columns.forEach((column, a) => {
      for (let i = 0; i < nr; i++) {
        column[2 * i] = channel[at + 2 * (i * nt + a)];
        column[2 * i + 1] = channel[at + 2 * (i * nt + a) + 1];
      }
      const whole = squares(column);
      for (let round = 0; round < 2 * a; round++) {
        const b = round % a;
        const [re, im] = inner(columns[b], column, 0);
        for (let i = 0; i < 2 * nr; i += 2) {
          const [p, s] = [columns[b][i], columns[b][i + 1]];
          column[i] -= re * p - im * s;
          column[i + 1] -= re * s + im * p;
        }
        r[2 * (b * nt + a)] += re;
        r[2 * (b * nt + a) + 1] += im;
      }
      const rest = squares(column);
      const norm = rest <= DEPENDENT ** 2 * whole ? 0 : Math.sqrt(rest);
      for (let i = 0; i < 2 * nr; i++) column[i] = norm > 0 ? column[i] / norm : 0;
      r[2 * (a * nt + a)] = norm;
      [z[2 * a], z[2 * a + 1]] = inner(column, y, from);
    });
  }

  return { r, z, of };
}

/** The conjugate of q, times v from `from` on. */
function inner(q: Float64Array, v: Float64Array, from: number): [number, number] {
  let [re, im] = [0, 0];
  for (let i = 0; i < q.length; i += 2) {
    re += q[i] * v[from + i] + q[i + 1] * v[from + i + 1];
    im += q[i] * v[from + i + 1] - q[i + 1] * v[from + i];
  }
  return [re, im];
}

const squares = (values: Float64Array): number => values.reduce((sum, value) => sum + value * value, 0);
