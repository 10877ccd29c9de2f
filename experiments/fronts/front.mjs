// A front of error rate and energy, and what it has at an error rate.

/** Pareto-optimal points in error rate and energy, from the best rate on. */
export function frontOf(all) {
  const sorted = all.toSorted((a, b) => a.rate - b.rate || a.energy - b.energy);
  return sorted.filter((point, i) => sorted.slice(0, i).every(({ energy }) => energy > point.energy));
}

/**
 * Energy and throughput at an error rate, between two points of a front linearly in logarithms; past its worst point those of that one, and
 * null before its best.
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
