/**
 * Measures the current speed of this machine with a kernel that takes some tens of milliseconds. Like the simulation, it counts the bits
 * of products of packed words.
 */

/** Words of the operands, which fit into the caches of every machine. */
const WORDS = 4096;
/** Products of one timing. */
const ROUNDS = 100;
/** Timings; the first ones let the engine compile. */
const TIMINGS = 9;
/** Milliseconds of one timing on the machine of docs/performance.md, idle. */
const REFERENCE_MILLISECONDS = 1.2;
/** Limits for a clock that jumps or a machine that pauses. */
const [LEAST, MOST] = [0.1, 20];

/** This machine's time relative to the machine of `docs/performance.md`: 2 if it is half as fast or busy with other work. */
export function measureSlowness(now: () => number = () => performance.now()): number {
  const [a, b] = [0x9e3779b9, 0x85ebca6b].map((factor) =>
    Int32Array.from({ length: WORDS }, (_, i) => Math.imul(i, factor)),
  );
  const times = Array.from({ length: TIMINGS }, () => {
    const start = now();
    countProducts(a, b, ROUNDS);
    return now() - start;
  }).sort((a, b) => a - b);
  // The median, not the minimum: other work slows the command down too.
  const slowness = times[TIMINGS >> 1] / REFERENCE_MILLISECONDS;
  return Number.isFinite(slowness) ? Math.min(MOST, Math.max(LEAST, slowness)) : 1;
}

/** Ones in `rounds` products of two vectors of packed words. */
function countProducts(a: Int32Array, b: Int32Array, rounds: number): number {
  let ones = 0;
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < a.length; i++) {
      let x = a[i] & (b[i] ^ round);
      x -= (x >>> 1) & 0x55555555;
      x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
      ones = (ones + (Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24)) | 0;
    }
  }
  return ones;
}
