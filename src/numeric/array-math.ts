/**
 * Random numbers and elementary functions for whole arrays. Who computes with millions of values takes an `ArrayMath` as an argument:
 * `scalarMath` here is the reference, one value after another; `kernels/array-math.ts` has the fast one, equal bit for bit.
 */
import { exponential } from "./exponential.ts";
import { naturalLog, type Stream } from "./stream.ts";

export interface ArrayMath {
  /** Standard normals, as `random.normal()` gives them. State: `random` advances by `count`. */
  normals(random: Stream, count: number): Float64Array;
  /** Uniform in [0, 1), as `random.uniform()` gives them. State: `random` advances by `count`. */
  uniforms(random: Stream, count: number): Float64Array;
  /** e^x of every value, in place; `exponential` says with what limits. */
  exponentials(values: Float64Array): void;
  /** ln x of every value, in place. Values that are not positive normal numbers become some finite number. */
  naturalLogs(values: Float64Array): void;
}

export const scalarMath: ArrayMath = {
  normals: (random, count) => fill(count, () => random.normal()),
  uniforms: (random, count) => fill(count, () => random.uniform()),
  exponentials: (values) => replace(values, exponential),
  naturalLogs: (values) => replace(values, naturalLog),
};

function fill(count: number, draw: () => number): Float64Array {
  const values = new Float64Array(count);
  for (let i = 0; i < count; i++) values[i] = draw();
  return values;
}

function replace(values: Float64Array, of: (value: number) => number): void {
  for (let i = 0; i < values.length; i++) values[i] = of(values[i]);
}
