/**
 * Soft bits of classical receivers, for one query of every prompt, with the true channel or the one that follows from the pilots:
 *
 *   exact    L_b = ln sum of p(y | x) over x with b = 0, minus the same for b = 1: the posterior's log-likelihood ratio
 *   max-log  the largest term instead of each sum
 *   mmse     x = A^-1 H^H y (`receivers.ts`); antenna a sees its symbol through a gain m = 1 - w (A^-1)_aa with noise and interference of
 *            variance (1 - m) / m after division by m, taken as Gaussian; then exact over the symbols of the antenna
 *
 * Given the pilots, H is Gaussian around its estimate, so y given x is as well, and x changes its variance:
 *
 *   w(x) = v + x^H C x,   C = v (X X^H + v I)^-1   (mmse uses the mean over x, v + tr C);   C = 0 for the true channel
 *
 * The quantiser's error counts as noise of step^2 / 12 for each part, which is right inside its range and for noise that covers a
 * cell; nothing corrects for values beyond the range. `sees: "received"` is y before the quantiser: with the true channel, its exact
 * soft bits reach the capacity of the link for bit-interleaved codes, which no other receiver exceeds.
 *
 * Source  exact and max-log: P. Robertson, E. Villebrun, P. Hoeher, ICC 1995; mmse: I. Collings, M. Butler, M. McKay, "Low Complexity
 *         Receiver Design for MIMO Bit-Interleaved Coded Modulation", ISSSTA 2004
 */
import { SpecError } from "../errors.ts";
import { BITS_PER_ANTENNA, bitsPerClass } from "../experiment/modulation.ts";
import type { SymbolDetectionSpec } from "../experiment/task.ts";
import { exponential } from "../numeric/exponential.ts";
import { naturalLog } from "../numeric/stream.ts";
import { bitOf } from "./bits.ts";
import { antennaSymbols, constellation, quantiserNoise, receivedPoints, squaredDistance } from "./link.ts";
import {
  type ChannelEstimate,
  type ChannelKnowledge,
  channelEstimator,
  mmseFilter,
  requireQuery,
} from "./receivers.ts";
import type { PromptBatch } from "./symbol-detection.ts";

export type SoftReceiverKind = "exact" | "max-log" | "mmse";

export interface SoftReceiver {
  readonly kind: SoftReceiverKind;
  readonly channel: ChannelKnowledge;
  /** The received vector before or after the quantiser. Pilots are seen after it. */
  readonly sees: "received" | "quantised";
}

/** Most classes that exact and max-log soft bits sum over. */
const MOST_LISTED = 4096;

/** Whether a task has few enough classes for this kind. */
export const canSoften = (spec: SymbolDetectionSpec, kind: SoftReceiverKind): boolean =>
  kind === "mmse" || 2 ** bitsPerClass(spec) <= MOST_LISTED;

/** Fills `ratios` with the soft bits of a prompt's query, given its channel. */
type Soften = (known: ChannelEstimate, variance: number, y: number, ratios: Float64Array) => void;

/**
 * Soft bits, ln p(b = 0) - ln p(b = 1).
 *
 * Shapes   returns [prompts, bits]
 * Pilots   query i uses the i pairs before it as pilots; the default is the last query, which has all of them
 * Throws   ValueError when the prompts have no such query; SpecError when exact or max-log sums have too many terms
 */
export function detectSoft(
  batch: PromptBatch,
  { kind, channel, sees }: SoftReceiver,
  query = batch.spec.pilots,
): Float64Array {
  const { spec, prompts, channels, noiseVariances } = batch;
  requireQuery(spec, query);
  const { transmitAntennas: nt, receiveAntennas: nr, pilots } = spec;
  const bits = bitsPerClass(spec);
  const added = quantiserNoise(spec);
  const estimate = channel === "pilots" && channelEstimator(batch, constellation(spec), { added, uncertain: true });
  const received = batch[sees];
  const soften = kind === "mmse" ? linear(spec, received) : listed(spec, received, kind);
  const ratios = new Float64Array(prompts * bits);
  const certain = new Float64Array(2 * nt * nt);
  const length = 2 * nr * nt;
  for (let k = 0; k < prompts; k++) {
    const known = estimate
      ? estimate(k, query)
      : { channel: channels.subarray(k * length, (k + 1) * length), covariance: certain };
    const variance = noiseVariances[k] + (sees === "quantised" ? added : 0);
    const y = (k * (pilots + 1) + query) * 2 * nr;
    soften(known, variance, y, ratios.subarray(k * bits, (k + 1) * bits));
  }
  return ratios;
}

/** Over all classes. */
function listed(spec: SymbolDetectionSpec, received: Float64Array, kind: "exact" | "max-log"): Soften {
  const { transmitAntennas: nt, receiveAntennas: nr } = spec;
  const bits = bitsPerClass(spec);
  const classes = 2 ** bits;
  if (!canSoften(spec, kind)) {
    throw new SpecError(
      "task.modulation",
      `${nt} antennas of ${spec.modulation} have ${classes} joint symbols, and ${kind} soft bits sum over them all, at most ${MOST_LISTED}. ` +
        "Ask for mmse, or send fewer bits at a time.",
    );
  }
  const points = constellation(spec);
  const noiseless = new Float64Array(classes * 2 * nr);
  const logs = new Float64Array(classes);
  return ({ channel, covariance }, variance, y, ratios) => {
    receivedPoints(channel, 0, points, spec, noiseless);
    for (let c = 0; c < classes; c++) {
      const spread = variance + quadraticForm(covariance, points, 2 * c * nt, nt);
      const distance = squaredDistance(received, y, noiseless, 2 * c * nr, 2 * nr);
      logs[c] = -distance / spread - nr * naturalLog(spread);
    }
    for (let b = 0; b < bits; b++) ratios[b] = logRatio(logs, b, bits, kind === "exact");
  };
}

/** Antenna by antenna. */
function linear(spec: SymbolDetectionSpec, received: Float64Array): Soften {
  const { transmitAntennas: nt } = spec;
  const bits = BITS_PER_ANTENNA[spec.modulation];
  const symbols = antennaSymbols(spec);
  const columns = 1 + nt;
  const filter = mmseFilter(spec, columns);
  const logs = new Float64Array(2 ** bits);
  return ({ channel, covariance }, variance, y, ratios) => {
    let trace = 0;
    for (let a = 0; a < nt; a++) trace += covariance[2 * (a * nt + a)];
    const spread = variance + trace;
    const x = filter(channel, spread, received, y);
    for (let a = 0; a < nt; a++) {
      const gain = 1 - spread * x[2 * (a * columns + 1 + a)];
      for (let s = 0; s < logs.length; s++) {
        const re = x[2 * a * columns] - gain * symbols[2 * s];
        const im = x[2 * a * columns + 1] - gain * symbols[2 * s + 1];
        logs[s] = gain > 0 ? -(re * re + im * im) / (gain * (1 - gain)) : 0;
      }
      for (let b = 0; b < bits; b++) ratios[a * bits + b] = logRatio(logs, b, bits, true);
    }
  };
}

/** x^H C x for the symbols from `at` on, given the conjugate of C. */
function quadraticForm(conjugate: Float64Array, points: Float64Array, at: number, nt: number): number {
  let sum = 0;
  for (let a = 0; a < nt; a++) {
    for (let b = 0; b < nt; b++) {
      const [re, im] = [conjugate[2 * (a * nt + b)], conjugate[2 * (a * nt + b) + 1]];
      const [p, q] = [points[at + 2 * a], points[at + 2 * a + 1]];
      const [r, s] = [points[at + 2 * b], points[at + 2 * b + 1]];
      sum += re * (p * r + q * s) - im * (q * r - p * s);
    }
  }
  return sum;
}

/** ln sum e^l over the words whose bit `index` is 0, minus the same for 1; with the largest terms alone unless `whole`. */
function logRatio(logs: Float64Array, index: number, bits: number, whole: boolean): number {
  const largest = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let word = 0; word < logs.length; word++) {
    const bit = bitOf(word, index, bits);
    largest[bit] = Math.max(largest[bit], logs[word]);
  }
  if (!whole) return largest[0] - largest[1];
  const sums = [0, 0];
  for (let word = 0; word < logs.length; word++) {
    const bit = bitOf(word, index, bits);
    sums[bit] += exponential(logs[word] - largest[bit]);
  }
  return largest[0] - largest[1] + naturalLog(sums[0] / sums[1]);
}
