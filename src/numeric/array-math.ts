/**
 * Random numbers and elementary functions for whole arrays, in place. Code that processes millions of values takes an `ArrayMath` as an
 * argument: `scalarMath` here is the reference, one value at a time; `kernels/array-math.ts` has the fast version, equal bit for bit.
 */
import { exponential } from "./exponential.ts";
import { naturalLog, type Stream } from "./stream.ts";

export interface ArrayMath {
  /** Standard normals, as `random.normal()` gives them. State: `random` advances by the length of `out`. */
  normals(random: Stream, out: Float64Array): void;
  /** Uniform in [0, 1), as `random.uniform()` gives them. State: `random` advances by the length of `out`. */
  uniforms(random: Stream, out: Float64Array): void;
  /** x becomes e^(factor x), within the limits of `exponential`. */
  exponentials(values: Float64Array, factor: number): void;
  /** x becomes ln x. Anything that is not a positive normal number becomes some finite number. */
  naturalLogs(values: Float64Array): void;
  /** x becomes min(high, max(low, x)); neither bound is -0 or NaN. */
  clamp(values: Float64Array, low: number, high: number): void;
  /**
   * out = max(0, x e^(rate exponent) (1 + deviation first second N)) with standard normals N as `random.normal()` gives them.
   * State: `random` advances by the length of `out`.
   */
  noisyDecays(random: Stream, decay: NoisyDecay, out: Float64Array): void;
}

/** How values decay and scatter; arrays have the same length as the values. */
export interface NoisyDecay {
  readonly values: Float64Array;
  /** null: no decay. */
  readonly exponents: Float64Array | null;
  readonly rate: number;
  /** Relative standard deviations, or a law that computes them from the values, which must then not be negative. */
  readonly deviations: Float64Array | InversePower;
  /** The factors of all deviations, applied one after the other. */
  readonly factors: readonly [first: number, second: number];
}

/** min(most, factor / (x / unit)^power), all above 0. */
export interface InversePower {
  readonly unit: number;
  readonly power: number;
  readonly factor: number;
  readonly most: number;
}

export const scalarMath: ArrayMath = {
  normals: (random, out) => replace(out, () => random.normal()),
  uniforms: (random, out) => replace(out, () => random.uniform()),
  exponentials: (values, factor) => replace(values, (x) => exponential(factor * x)),
  naturalLogs: (values) => replace(values, naturalLog),
  clamp: (values, low, high) => replace(values, (x) => Math.min(high, Math.max(low, x))),
  noisyDecays: (random, { values, exponents, rate, deviations, factors: [first, second] }, out) => {
    for (let i = 0; i < out.length; i++) {
      const decayed = exponents === null ? values[i] : values[i] * exponential(rate * exponents[i]);
      const deviation = deviations instanceof Float64Array ? deviations[i] : inversePower(deviations, values[i]);
      out[i] = Math.max(0, decayed * (1 + first * deviation * second * random.normal()));
    }
  },
};

const inversePower = ({ unit, power, factor, most }: InversePower, x: number): number =>
  Math.min(most, factor / exponential(power * naturalLog(x / unit)));

function replace(values: Float64Array, by: (value: number) => number): void {
  for (let i = 0; i < values.length; i++) values[i] = by(values[i]);
}

/** Values processed at a time, a multiple of 16: a few arrays of this size fit in the cache. */
export const PIECE = 2048;

/** Calls `work` for 0 .. count - 1 in pieces, the last of which may be shorter. */
export function inPieces(count: number, work: (from: number, to: number) => void): void {
  for (let from = 0; from < count; from += PIECE) work(from, Math.min(from + PIECE, count));
}
