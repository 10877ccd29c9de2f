/** A curve given by points. */

/** Piecewise-linear interpolation at `x` between points in ascending order, constant beyond the ends. */
export function interpolate(points: readonly number[], values: readonly number[], x: number): number {
  const last = points.length - 1;
  if (x <= points[0]) return values[0];
  if (x > points[last]) return values[last];
  // Invariant: points[below] < x <= points[i].
  let [below, i] = [0, last];
  while (i - below > 1) {
    const middle = (below + i) >> 1;
    if (x > points[middle]) below = middle;
    else i = middle;
  }
  const share = (x - points[below]) / (points[i] - points[below]);
  return values[below] + share * (values[i] - values[below]);
}
