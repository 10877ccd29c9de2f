/**
 * Maximum-likelihood detection without trying every class: a sphere decoder.
 *
 *   H = Q R   =>   |y - H x|^2 >= |z - R x|^2,   z = Q^H y,   R upper triangular
 *
 * Row a of R x needs only the symbols of antennas a, a + 1, ... So antennas are decided from the last to the first, trying the
 * symbols of each in the order of the distance that they add. A branch ends when its distance exceeds that of the best class so
 * far. Rank-deficient channels leave rows of zeros, which prune nothing.
 *
 * Classes are compared by the original |y - H x|^2, and a branch ends only well above rounding, so decisions are exactly those of
 * an exhaustive search, including the smallest class among equals.
 *
 * Source: C. Schnorr, M. Euchner, Mathematical Programming 66 (1994); E. Agrell, T. Eriksson, A. Vardy, K. Zeger, "Closest point search
 * in lattices", IEEE Transactions on Information Theory 48 (8), 2002.
 */
import { BITS_PER_ANTENNA } from "../experiment/modulation.ts";
import { type Antennas, antennaSymbols, receivedPoint, squaredDistance } from "./link.ts";

/** Below this share of a column's length, the part orthogonal to the other columns is rounding. */
const DEPENDENT = 1e-9;
/** Relative margin above the best class at which a branch ends, as a share of all terms in its sum. */
const SLACK = 1e-9;

/**
 * The class that minimises |y - H x|^2; the smallest if several are equal.
 *
 * Shapes   channel: [Nr, Nt] from `offset` on, y: [Nr] from `at` on, complex
 */
export type Decoder = (channel: Float64Array, offset: number, y: Float64Array, at: number) => number;

export function sphereDecoder(spec: Antennas): Decoder {
  const { transmitAntennas: nt, receiveAntennas: nr } = spec;
  const symbols = antennaSymbols(spec);
  const bits = BITS_PER_ANTENNA[spec.modulation];
  const count = 2 ** bits;
  const factors = triangular(nt, nr);
  const { r, z } = factors;
  const received = new Float64Array(2 * nr);
  const x = new Float64Array(2 * nt);
  // For every antenna, the distance that each symbol adds, and the symbols in that order.
  const added = Array.from({ length: nt }, () => new Float64Array(count));
  const order = Array.from({ length: nt }, () => new Int32Array(count));
  let [nearest, best, slack] = [0, 0, 0];

  return (channel, offset, y, at) => {
    const power = sumOfSquares(channel, offset, 2 * nr * nt);
    // All classes are equally near.
    if (power === 0) return 0;
    factors.of(channel, offset, y, at);
    // No symbol has more than four times the mean power, 1.
    slack = SLACK * (sumOfSquares(y, at, 2 * nr) + 4 * nt * power);
    nearest = Number.POSITIVE_INFINITY;
    descend(nt - 1, 0, 0);
    return best;

    /** Antenna a, after the later antennas have added `sum` and set the digits of `word` after its own. */
    function descend(a: number, sum: number, word: number): void {
      sortSymbols(a);
      for (const symbol of order[a]) {
        const total = sum + added[a][symbol];
        if (total > nearest + slack) return;
        x[2 * a] = symbols[2 * symbol];
        x[2 * a + 1] = symbols[2 * symbol + 1];
        const whole = word | (symbol << (bits * (nt - 1 - a)));
        if (a > 0) descend(a - 1, total, whole);
        else compare(whole);
      }
    }

    function compare(c: number): void {
      receivedPoint(channel, offset, x, 0, spec, received, 0);
      const distance = squaredDistance(y, at, received, 0, 2 * nr);
      if (distance < nearest || (distance === nearest && c < best)) [nearest, best] = [distance, c];
    }
  };

  /** The distance that each symbol of antenna a adds in row a, given the symbols of later antennas, and the symbols in that order. */
  function sortSymbols(a: number): void {
    let [re, im] = [z[2 * a], z[2 * a + 1]];
    for (let b = a + 1; b < nt; b++) {
      const k = 2 * (a * nt + b);
      re -= r[k] * x[2 * b] - r[k + 1] * x[2 * b + 1];
      im -= r[k] * x[2 * b + 1] + r[k + 1] * x[2 * b];
    }
    const scale = r[2 * (a * nt + a)];
    const [adds, sorted] = [added[a], order[a]];
    for (let symbol = 0; symbol < count; symbol++) {
      const [p, q] = [re - scale * symbols[2 * symbol], im - scale * symbols[2 * symbol + 1]];
      adds[symbol] = p * p + q * q;
      let place = symbol;
      for (; place > 0 && adds[sorted[place - 1]] > adds[symbol]; place--) sorted[place] = sorted[place - 1];
      sorted[place] = symbol;
    }
  }
}

/** R, `[Nt, Nt]`, and z = Q^H y, `[Nt]`, complex, of a channel; both are overwritten by the next. */
function triangular(nt: number, nr: number) {
  const r = new Float64Array(2 * nt * nt);
  const z = new Float64Array(2 * nt);
  const length = 2 * nr;
  // Columns of Q, one after another.
  const q = new Float64Array(nt * length);

  /** Gram-Schmidt, twice, which is enough for columns that are orthogonal up to rounding. */
  function of(channel: Float64Array, offset: number, y: Float64Array, at: number): void {
    r.fill(0);
    for (let a = 0; a < nt; a++) {
      const column = q.subarray(a * length, (a + 1) * length);
      for (let i = 0; i < nr; i++) {
        column[2 * i] = channel[offset + 2 * (i * nt + a)];
        column[2 * i + 1] = channel[offset + 2 * (i * nt + a) + 1];
      }
      const whole = sumOfSquares(column, 0, length);
      for (let b = 0; b < 2 * a; b++) subtractProjection(column, b % a, a);
      const rest = sumOfSquares(column, 0, length);
      const isDependent = rest <= DEPENDENT ** 2 * whole;
      const norm = Math.sqrt(rest);
      for (let i = 0; i < length; i++) column[i] = isDependent ? 0 : column[i] / norm;
      r[2 * (a * nt + a)] = isDependent ? 0 : norm;
      [z[2 * a], z[2 * a + 1]] = inner(a, y, at);
    }
  }

  /** Subtracts from column a its component along column b of Q, and adds it to R. */
  function subtractProjection(column: Float64Array, b: number, a: number): void {
    const [re, im] = inner(b, column, 0);
    for (let i = 0; i < length; i += 2) {
      const [p, s] = [q[b * length + i], q[b * length + i + 1]];
      column[i] -= re * p - im * s;
      column[i + 1] -= re * s + im * p;
    }
    r[2 * (b * nt + a)] += re;
    r[2 * (b * nt + a) + 1] += im;
  }

  /** The conjugate of column b of Q, times v. */
  function inner(b: number, v: Float64Array, at: number): [number, number] {
    let [re, im] = [0, 0];
    for (let i = 0; i < length; i += 2) {
      const [p, s] = [q[b * length + i], q[b * length + i + 1]];
      re += p * v[at + i] + s * v[at + i + 1];
      im += p * v[at + i + 1] - s * v[at + i];
    }
    return [re, im];
  }

  return { r, z, of };
}

function sumOfSquares(values: Float64Array, from: number, length: number): number {
  let sum = 0;
  for (let i = from; i < from + length; i++) sum += values[i] * values[i];
  return sum;
}
