/** Random spikes for tests of kernels, packed as kernels read them. */
import { stream } from "../../src/numeric/stream.ts";

/** Packed spikes [rows][ceil(features / 32)], each 1 with probability `density`; the same for the same numbers. */
export function packedSpikes(rows: number, features: number, density: number, seed: number): Uint32Array {
  const random = stream(seed).fork(rows, features);
  const words = Math.ceil(features / 32);
  const bits = new Uint32Array(rows * words);
  for (let row = 0; row < rows; row++) {
    for (let f = 0; f < features; f++) if (random.uniform() < density) bits[row * words + (f >> 5)] |= 1 << (f & 31);
  }
  return bits;
}
