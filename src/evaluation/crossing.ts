/**
 * Where curves of block error rates reach a level, in dB, and how far apart two of them do.
 *
 * Between two points, the logarithm of the rate is interpolated linearly. The interval comes from the bootstrap over blocks: in each
 * replicate, every block counts as often as a Poisson number of mean 1 says, the same at all points of all curves, because detectors share
 * their blocks. A gap between two curves is therefore far more certain than either of them.
 *
 * A crossing is resolved if its interval lies within the points, and both points beside it have at least 4 block errors: a replicate has
 * none of k errors in e^-k of all cases, for 4 in 1.8 %. With fewer, an end of the interval, at 2.5 %, would come from the half error that
 * stands for none, and curves without any error beside the level would all cross at the same place.
 *
 * Source  B. Efron, Ann. Statist. 7 (1979) 1-26; Poisson weights: N. Chamandy et al., Google technical report (2012)
 */
import { exponential } from "../numeric/exponential.ts";
import type { Interval } from "../numeric/statistics.ts";
import { naturalLog, stream } from "../numeric/stream.ts";

export interface CurvePoint {
  readonly decibels: number;
  /** Whether each block failed, 1 or 0, in the order of blocks. */
  readonly failed: Uint8Array;
}

/** Ascending in dB. */
export type Curve = readonly CurvePoint[];

export interface Measured {
  readonly value: number;
  /** At 95 %; null where too many replicates do not reach the level within the points. */
  readonly interval: Interval | null;
  /** Fewest block errors at a point beside a crossing. */
  readonly errors: number;
}

/** Fewest block errors at the points beside a crossing that is resolved. */
export const LEAST_BLOCK_ERRORS = 4;

export const isResolved = ({ interval, errors }: Measured): boolean =>
  interval !== null && errors >= LEAST_BLOCK_ERRORS;

const REPLICATES = 400;

/** How often each block counts in each replicate, `[replicates][blocks]`: the same for all curves. */
export type Weights = readonly Uint8Array[];

/** Random: `stream(1).fork("bootstrap")`; a block counts the same, however many there are */
export const weightsOf = (blocks: number): Weights =>
  Array.from({ length: REPLICATES }, (_, replicate) => {
    const random = stream(1).fork("bootstrap", replicate);
    return Uint8Array.from({ length: blocks }, () => poisson(random.uniform()));
  });

/** Where a curve first falls to the level; null if it does not within its points. */
export function crossing(curve: Curve, level: number, weights: Weights): Measured | null {
  return measured([curve], level, weights, ([own]) => own);
}

/** How many dB more a curve needs than another; null if one of them does not reach the level. */
export function crossingGap(curve: Curve, other: Curve, level: number, weights: Weights): Measured | null {
  return measured([curve, other], level, weights, ([own, others]) => own - others);
}

function measured(
  curves: readonly Curve[],
  level: number,
  weights: Weights,
  of: (crossings: readonly number[]) => number,
): Measured | null {
  const at = (own: Uint8Array | null) => of(curves.map((curve) => crossingOf(curve, level, own)));
  const value = at(null);
  if (!Number.isFinite(value)) return null;
  const errors = Math.min(
    ...curves.flatMap((curve) => besideOf(curve, level).map(({ failed }) => errorsOf(failed, null))),
  );
  return { value, interval: intervalOf(weights.map(at)), errors };
}

/** The points between which a curve first falls to the level. */
function besideOf(curve: Curve, level: number): Curve {
  const below = curve.findIndex(({ failed }) => rateOf(failed, null) <= level);
  return curve.slice(Math.max(0, below - 1), below + 1);
}

/** -Infinity if all points are below the level, Infinity if none is. */
function crossingOf(curve: Curve, level: number, weights: Uint8Array | null): number {
  const rates = curve.map(({ failed }) => rateOf(failed, weights));
  const below = rates.findIndex((rate) => rate <= level);
  if (below < 0) return Number.POSITIVE_INFINITY;
  if (below === 0) return rates[0] === level ? curve[0].decibels : Number.NEGATIVE_INFINITY;
  const [from, to] = [curve[below - 1].decibels, curve[below].decibels];
  const [high, low] = [naturalLog(rates[below - 1]), naturalLog(rates[below])];
  return from + ((to - from) * (high - naturalLog(level))) / (high - low);
}

/** Without any error, half an error stands for it. */
function rateOf(failed: Uint8Array, weights: Uint8Array | null): number {
  let blocks = 0;
  for (let k = 0; k < failed.length; k++) blocks += weights === null ? 1 : weights[k];
  return Math.max(errorsOf(failed, weights), 0.5) / Math.max(blocks, 1);
}

function errorsOf(failed: Uint8Array, weights: Uint8Array | null): number {
  let errors = 0;
  for (let k = 0; k < failed.length; k++) errors += failed[k] * (weights === null ? 1 : weights[k]);
  return errors;
}

/** The Poisson number of mean 1 below which a share u of them lies. */
function poisson(u: number): number {
  let term = exponential(-1);
  let sum = term;
  let k = 0;
  while (u > sum && k < 20) {
    k++;
    term /= k;
    sum += term;
  }
  return k;
}

function intervalOf(values: readonly number[]): Interval | null {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  const low = sorted[Math.floor(0.025 * sorted.length)];
  const high = sorted[Math.ceil(0.975 * sorted.length) - 1];
  return Number.isFinite(low) && Number.isFinite(high) ? { low, high } : null;
}
