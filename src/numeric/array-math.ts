/**
 * Random numbers and elementary functions for whole arrays, in place. Who computes with millions of values takes an `ArrayMath` as an
 * argument: `scalarMath` here is the reference, one value after another; `kernels/array-math.ts` has the fast one, equal bit for bit.
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
  /** x becomes ln x. What is not a positive normal number becomes some finite number. */
  naturalLogs(values: Float64Array): void;
  /** x becomes min(high, max(low, x)); neither bound is -0 or NaN. */
  clamp(values: Float64Array, low: number, high: number): void;
}

export const scalarMath: ArrayMath = {
  normals: (random, out) => replace(out, () => random.normal()),
  uniforms: (random, out) => replace(out, () => random.uniform()),
  exponentials: (values, factor) => replace(values, (x) => exponential(factor * x)),
  naturalLogs: (values) => replace(values, naturalLog),
  clamp: (values, low, high) => replace(values, (x) => Math.min(high, Math.max(low, x))),
};

function replace(values: Float64Array, by: (value: number) => number): void {
  for (let i = 0; i < values.length; i++) values[i] = by(values[i]);
}

/** Values that are worked together, a multiple of 16: a few arrays of them stay in the cache. */
export const PIECE = 2048;

/** Calls `work` for 0 .. count - 1 in pieces, the last of which may be shorter. */
export function inPieces(count: number, work: (from: number, to: number) => void): void {
  for (let from = 0; from < count; from += PIECE) work(from, Math.min(from + PIECE, count));
}
