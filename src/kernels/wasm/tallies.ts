/** Tallies in a WebAssembly memory: one number in float64 each. */
import type { Place } from "../arena.ts";

export interface Tallies {
  add(tally: Place, value: number): void;
  get(tally: Place): number;
  /** Copies of consecutive ones. */
  slice(at: Place, count: number): Float64Array;
  clear(at: Place, count: number): void;
}

export function talliesIn(buffer: ArrayBufferLike): Tallies {
  const values = new Float64Array(buffer);
  return {
    add: (tally, value) => {
      values[tally / 8] += value;
    },
    get: (tally) => values[tally / 8],
    slice: (at, count) => values.slice(at / 8, at / 8 + count),
    clear: (at, count) => void values.fill(0, at / 8, at / 8 + count),
  };
}
