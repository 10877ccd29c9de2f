// The Pareto front of error rate and energy, and interpolation along it.

/** Pareto-optimal points in error rate and energy, starting with the lowest error rate. */
export function frontOf(all) {
  const sorted = all.toSorted((a, b) => a.rate - b.rate || a.energy - b.energy);
  return sorted.filter((point, i) => sorted.slice(0, i).every(({ energy }) => energy > point.energy));
}

/**
 * Energy and throughput at an error rate, interpolated linearly in logarithms between two points of a front. Beyond the highest rate, the
 * values of the last point; below the lowest, null.
 */
export function readOff(front, rate) {
  if (front.length === 0 || rate < front[0].rate) return null;
  const at = front.findIndex((point) => point.rate > rate);
  if (at < 0) return front.at(-1);
  const [better, worse] = [front[at - 1], front[at]];
  const share = Math.log(rate / better.rate) / Math.log(worse.rate / better.rate);
  const between = (key) => better[key] ** (1 - share) * worse[key] ** share;
  return { energy: between("energy"), inFlight: between("inFlight") };
}
