/** The memory of the reference backend: float32 numbers and packed bits at byte offsets, read and written as whole arrays. */
import type { PackedBits, Place } from "../../src/kernels/arena.ts";
import { packSpikes, unpackSpikes } from "../../src/spike/train.ts";

export interface ReferenceMemory {
  readonly bytes: Uint8Array;
  readonly f32: Float32Array;
  readonly u32: Uint32Array;
  get(at: Place, count: number): Float64Array;
  put(at: Place, values: Float64Array): void;
  /** Adds to the existing values. */
  add(at: Place, values: Float64Array): void;
  /** 0 and 1, `[rows, features]`. */
  bitsOf(bits: PackedBits, rows: number): Uint8Array;
  putBits(bits: PackedBits, values: ArrayLike<number>): void;
  /** Adds to a tally: a number in double precision. */
  tally(at: Place, value: number): void;
  readonly f64: Float64Array;
}

export function referenceMemory(size: number): ReferenceMemory {
  const buffer = new ArrayBuffer(size);
  const bytes = new Uint8Array(buffer);
  const f32 = new Float32Array(buffer).fill(Number.NaN);
  const u32 = new Uint32Array(buffer);
  const f64 = new Float64Array(buffer);
  const get = (at: Place, count: number) => Float64Array.from(f32.subarray(at / 4, at / 4 + count));
  const put = (at: Place, values: Float64Array) => f32.set(values, at / 4);
  return {
    bytes,
    f32,
    u32,
    f64,
    get,
    put,
    add: (at, values) =>
      put(
        at,
        get(at, values.length).map((x, i) => x + values[i]),
      ),
    bitsOf: ({ at, words, features }, rows) =>
      unpackSpikes({ steps: 1, rows, features, words: u32.slice(at / 4, at / 4 + rows * words) }),
    tally: (at, value) => {
      f64[at / 8] += value;
    },
    putBits: ({ at, features }, values) =>
      u32.set(packSpikes(values, 1, values.length / features, features).words, at / 4),
  };
}
