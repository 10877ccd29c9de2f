/** Peak overlap of a set of intervals, once or repeated with a period. */

/**
 * Intervals are half-open, `[from, to)`: an interval that ends at a clock makes room for one that begins there.
 *
 * @param period clocks after which everything repeats; infinite for once
 */
export function peakOverlap(from: Float64Array, to: Float64Array, period: number): number {
  if (!Number.isFinite(period)) return sweep(from.slice(), to.slice());
  let [always, count] = [0, 0];
  const starts = new Float64Array(2 * from.length);
  const ends = new Float64Array(2 * from.length);
  const add = (start: number, end: number) => {
    starts[count] = start;
    ends[count++] = end;
  };
  for (let i = 0; i < from.length; i++) {
    const length = to[i] - from[i];
    // Every whole period within an interval adds one at every clock; the remainder may wrap into the next period.
    const whole = Math.floor(length / period);
    const start = from[i] - period * Math.floor(from[i] / period);
    const end = start + length - whole * period;
    always += whole;
    if (end > start) add(start, Math.min(end, period));
    if (end > period) add(0, end - period);
  }
  return always + sweep(starts.subarray(0, count), ends.subarray(0, count));
}

/** State: sorts both. */
function sweep(starts: Float64Array, ends: Float64Array): number {
  sort(starts);
  sort(ends);
  let [most, ended] = [0, 0];
  for (let begun = 0; begun < starts.length; begun++) {
    while (ends[ended] <= starts[begun]) ended++;
    most = Math.max(most, begun + 1 - ended);
  }
  return most;
}

/** Sorts unless already in order, which is the common case and cheaper to detect. */
function sort(values: Float64Array): void {
  for (let i = 1; i < values.length; i++) if (values[i] < values[i - 1]) return void values.sort();
}
