// The Pareto front of error rate and energy, interpolation along it, and how sure the values read off two fronts are.

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
  // A rate of 0 has no logarithm: its point counts only at 0 itself.
  if (better.rate === 0) return worse.rate === rate ? worse : better;
  const share = Math.log(rate / better.rate) / Math.log(worse.rate / better.rate);
  const between = (key) => better[key] ** (1 - share) * worse[key] ** share;
  return { energy: between("energy"), inFlight: between("inFlight") };
}

/** The rival's energy over ours at an error rate; null if neither reaches it. What only we reach is infinite, what only the rival reaches 0. */
export function ratioAt(own, other, rate) {
  const [mine, theirs] = [readOff(own, rate), readOff(other, rate)];
  if (!mine && !theirs) return null;
  return mine && theirs ? theirs.energy / mine.energy : mine ? Number.POSITIVE_INFINITY : 0;
}

/** Draws of a bootstrap. */
const DRAWS = 1000;

/**
 * For each rate, the ratio of two fronts with its 95 % interval, `[ratio, low, high]`, or null where neither front reaches it.
 *
 * Each draw takes prompts and chips with replacement, the same for all points, which answered the same prompts; then error rates, fronts
 * and ratios are computed anew. The interval has the middle 95 % of draws that reach the rate. Prompts are drawn by the groups in which
 * errors are kept. Source: B. Efron, R. J. Tibshirani, "An Introduction to the Bootstrap" (1993), chapters 8 and 13.
 *
 * @param points `{ energy, inFlight, rate, sample }`, with error rates by chip and group of prompts in `sample`
 * @param random a stream
 */
export function ratiosWithIntervals(own, other, rates, random) {
  const groups = Math.min(...[...own, ...other].map(({ sample }) => sample.prompts));
  const most = Math.max(...[...own, ...other].map(({ sample }) => sample.chips));
  const drawn = rates.map(() => []);
  for (let draw = 0; draw < DRAWS; draw++) {
    const pick = (count, below) => Array.from({ length: count }, () => Math.floor(random.uniform() * below));
    const prompts = pick(groups, groups);
    // Chips as shares of their number, since points may differ in it.
    const chips = Array.from({ length: most }, () => random.uniform());
    const resampled = (points) =>
      frontOf(points.map((point) => ({ ...point, rate: rateOf(point.sample, prompts, chips) })));
    const [mine, theirs] = [resampled(own), resampled(other)];
    for (const [i, rate] of rates.entries()) {
      const ratio = ratioAt(mine, theirs, rate);
      if (ratio !== null) drawn[i].push(ratio);
    }
  }
  const [first, second] = [frontOf(own), frontOf(other)];
  return rates.map((rate, i) => {
    const ratio = ratioAt(first, second, rate);
    if (ratio === null) return null;
    const sorted = drawn[i].toSorted((a, b) => a - b);
    const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
    return [ratio, at(0.025), at(0.975)];
  });
}

function rateOf({ chips, prompts, values }, groups, shares) {
  let sum = 0;
  for (let c = 0; c < chips; c++) {
    const row = Math.floor(shares[c] * chips) * prompts;
    for (const group of groups) sum += values[row + group];
  }
  return sum / (chips * groups.length);
}
