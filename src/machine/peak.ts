/** How much is alive at once: the most of a set of intervals that overlap, once or over and over with a period. */

/**
 * Intervals are half-open, `[from, to)`: what ends at a clock makes room for what begins there.
 *
 * @param period clocks after which everything happens again; infinite: once
 */
export function peakOverlap(from: Float64Array, to: Float64Array, period: number): number {
  if (!Number.isFinite(period)) return sweep(from.slice(), to.slice());
  let always = 0;
  const starts: number[] = [];
  const ends: number[] = [];
  for (let i = 0; i < from.length; i++) {
    const length = to[i] - from[i];
    // A whole number of periods is alive at every clock; what remains may run past the end of one and into the next.
    always += Math.floor(length / period);
    const rest = length % period;
    if (rest === 0) continue;
    const start = from[i] % period;
    starts.push(start);
    ends.push(Math.min(start + rest, period));
    if (start + rest > period) {
      starts.push(0);
      ends.push(start + rest - period);
    }
  }
  return always + sweep(Float64Array.from(starts), Float64Array.from(ends));
}

/** State: sorts both. */
function sweep(starts: Float64Array, ends: Float64Array): number {
  starts.sort();
  ends.sort();
  let [most, ended] = [0, 0];
  for (let begun = 0; begun < starts.length; begun++) {
    while (ends[ended] <= starts[begun]) ended++;
    most = Math.max(most, begun + 1 - ended);
  }
  return most;
}
