/**
 * The present speed of this machine, from a small piece of work that is timed for some tens of milliseconds. Like the simulation, it counts
 * the bits of products of packed words and adds them up.
 */

/** Words of the operands: they stay in the caches of every machine. */
const WORDS = 4096;
/** Products of one timing. */
const ROUNDS = 100;
/** Timings; the first ones let the engine compile. */
const TIMINGS = 9;
/** Milliseconds of one timing on the machine of docs/performance.md, idle. */
const REFERENCE_MILLISECONDS = 1.2;
/** A clock that jumps, or a machine that stands still for a moment, does not make an estimate absurd. */
const [LEAST, MOST] = [0.1, 20];

/** Time that this machine takes over that of the machine of `docs/performance.md`: 2 where it is half as fast, or has other work. */
export function measureSlowness(now: () => number = () => performance.now()): number {
  const [a, b] = [0x9e3779b9, 0x85ebca6b].map((factor) =>
    Int32Array.from({ length: WORDS }, (_, i) => Math.imul(i, factor)),
  );
  const times = Array.from({ length: TIMINGS }, () => {
    const start = now();
    countProducts(a, b, ROUNDS);
    return now() - start;
  }).sort((a, b) => a - b);
  // The median: other work on the machine slows the command down as well.
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
