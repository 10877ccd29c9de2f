/**
 * Classical receivers for symbol detection, as baselines for networks: maximum likelihood and linear MMSE, each with the true
 * channel or with a channel estimated from the pilots.
 *
 *   ml     the class that minimises |y - H x|^2
 *   mmse   x = A^-1 H^H y, A = H^H H + v I, then the nearest symbol of each antenna. For multi-level symbols, x_a is first divided
 *          by its bias 1 - v (A^-1)_aa
 *   pilots H = Y X^H (X X^H + v I)^-1, the MMSE estimate for H_ra ~ CN(0, 1), instead of the true channel
 *
 * All of them see what the network sees: quantised pilots and a quantised query. They are given the noise variance v, which the
 * network is not, and they ignore the quantiser's error, which at 4 bits costs them most at high SNR. They are strong, standard
 * baselines, not bounds. (A bound would integrate the noise over each cell of the quantiser.)
 */
import { ValueError } from "../errors.ts";
import type { SymbolDetectionSpec } from "../experiment/task.ts";
import { solveHermitian } from "../numeric/complex.ts";
import { constellation, modulationOf, nearestSymbol } from "./link.ts";
import { sphereDecoder } from "./sphere-decoder.ts";
import type { PromptBatch } from "./symbol-detection.ts";

export type ReceiverKind = "ml" | "mmse";
export type ChannelKnowledge = "perfect" | "pilots";

export interface Receiver {
  readonly kind: ReceiverKind;
  readonly channel: ChannelKnowledge;
}

/**
 * Decides the class of one query of every prompt.
 *
 * Shapes   returns [prompts] classes
 * Pilots   query i uses the i pairs before it as pilots; the default is the last query, which has all of them
 * Ties     ml: the smallest class; mmse: bit 0. Quantised pilots and query can tie exactly; rounding may then decide
 * Throws   ValueError when the prompts have no such query
 */
export function detect(
  batch: PromptBatch,
  kind: ReceiverKind,
  channel: ChannelKnowledge,
  query = batch.spec.pilots,
): Int32Array {
  const { spec } = batch;
  requireQuery(spec, query);
  const length = 2 * spec.receiveAntennas * spec.transmitAntennas;
  const estimate = channel === "pilots" ? channelEstimator(batch, constellation(spec)) : undefined;
  const decide = kind === "ml" ? maximumLikelihood(batch) : linearMmse(batch);
  const decisions = new Int32Array(batch.prompts);
  for (let k = 0; k < batch.prompts; k++) {
    const h = estimate ? estimate(k, query).channel : batch.channels.subarray(k * length, (k + 1) * length);
    decisions[k] = decide(h, k, query);
  }
  return decisions;
}

export function requireQuery({ pilots }: SymbolDetectionSpec, query: number): void {
  if (Number.isInteger(query) && query >= 0 && query <= pilots) return;
  throw new ValueError("query", `Prompts with ${pilots} pilots have queries 0 .. ${pilots}, but no query ${query}.`);
}

type Decide = (channel: Float64Array, prompt: number, query: number) => number;

function maximumLikelihood({ spec, quantised }: PromptBatch): Decide {
  const decode = sphereDecoder(spec);
  return (channel, prompt, query) =>
    decode(channel, 0, quantised, (prompt * (spec.pilots + 1) + query) * 2 * spec.receiveAntennas);
}

function linearMmse({ spec, quantised, noiseVariances }: PromptBatch): Decide {
  const { transmitAntennas: nt, receiveAntennas: nr } = spec;
  const modulation = modulationOf(spec);
  const { parts, bits } = modulation;
  // Only multi-level symbols need the bias.
  const columns = bits === 1 ? 1 : 1 + nt;
  const filter = mmseFilter(spec, columns);
  return (channel, prompt, query) => {
    const variance = noiseVariances[prompt];
    const x = filter(channel, variance, quantised, (prompt * (spec.pilots + 1) + query) * 2 * nr);
    let decision = 0;
    for (let a = 0; a < nt; a++) {
      const share = columns > 1 ? 1 - variance * x[2 * (a * columns + 1 + a)] : 1;
      const [re, im] = [x[2 * a * columns], x[2 * a * columns + 1]];
      const symbol = share > 0 ? nearestSymbol(re / share, im / share, modulation) : 0;
      decision = decision * 2 ** (parts * bits) + symbol;
    }
    return decision;
  };
}

/**
 * The linear filter: A^-1 H^H y in the first column of `[Nt, columns]` and, with 1 + Nt columns, A^-1 in the others. The returned array
 * is overwritten by the next call.
 */
export function mmseFilter({ transmitAntennas: nt, receiveAntennas: nr }: SymbolDetectionSpec, columns: number) {
  const gram = new Float64Array(2 * nt * nt);
  const x = new Float64Array(2 * nt * columns);
  return (channel: Float64Array, variance: number, received: Float64Array, y: number): Float64Array => {
    gram.fill(0);
    x.fill(0);
    for (let r = 0; r < nr; r++) {
      const row = 2 * r * nt;
      for (let a = 0; a < nt; a++) {
        for (let b = 0; b < nt; b++) addConjugateProduct(gram, a * nt + b, channel, row + 2 * a, channel, row + 2 * b);
        addConjugateProduct(x, a * columns, channel, row + 2 * a, received, y + 2 * r);
      }
    }
    for (let a = 0; a < nt; a++) {
      gram[2 * (a * nt + a)] += variance;
      if (columns > 1) x[2 * (a * columns + 1 + a)] = 1;
    }
    solveHermitian(gram, x, nt, columns);
    return x;
  };
}

/** An estimate of H, and what is left to know: each row's error e has E[e^H e] = v (X X^H + v I)^-1. */
export interface ChannelEstimate {
  /** `[Nr, Nt]`, complex. */
  readonly channel: Float64Array;
  /** The conjugate of that, `[Nt, Nt]`, complex; zero unless asked for. */
  readonly covariance: Float64Array;
}

/**
 * Estimates H of a prompt from its first `query` pairs, as if the noise variance were v + `added`; the returned arrays are overwritten by
 * the next call.
 */
export function channelEstimator(
  batch: PromptBatch,
  points: Float64Array,
  { added = 0, uncertain = false } = {},
): (prompt: number, query: number) => ChannelEstimate {
  const { spec, quantised, labels, noiseVariances } = batch;
  const { transmitAntennas: nt, receiveAntennas: nr } = spec;
  const columns = uncertain ? nr + nt : nr;
  const gram = new Float64Array(2 * nt * nt);
  const right = new Float64Array(2 * nt * columns);
  const channel = new Float64Array(2 * nr * nt);
  const covariance = new Float64Array(2 * nt * nt);
  return (prompt, query) => {
    // (X X^H + v I) H^H = X Y^H. The loops add up the conjugates, conj(x_a) x_b and conj(x_a) y_r: that is the complex
    // conjugate of the system, whose solution is the transpose of H.
    gram.fill(0);
    right.fill(0);
    const first = prompt * (spec.pilots + 1);
    for (let pair = first; pair < first + query; pair++) {
      const x = 2 * nt * labels[pair];
      for (let a = 0; a < nt; a++) {
        for (let b = 0; b < nt; b++) addConjugateProduct(gram, a * nt + b, points, x + 2 * a, points, x + 2 * b);
        for (let r = 0; r < nr; r++) {
          addConjugateProduct(right, a * columns + r, points, x + 2 * a, quantised, 2 * (pair * nr + r));
        }
      }
    }
    for (let a = 0; a < nt; a++) {
      gram[2 * (a * nt + a)] += noiseVariances[prompt] + added;
      if (uncertain) right[2 * (a * columns + nr + a)] = 1;
    }
    solveHermitian(gram, right, nt, columns);
    for (let a = 0; a < nt; a++) {
      for (let r = 0; r < nr; r++) {
        channel[2 * (r * nt + a)] = right[2 * (a * columns + r)];
        channel[2 * (r * nt + a) + 1] = right[2 * (a * columns + r) + 1];
      }
      for (let i = 0; uncertain && i < 2 * nt; i++) {
        covariance[2 * a * nt + i] = (noiseVariances[prompt] + added) * right[2 * (a * columns + nr) + i];
      }
    }
    return { channel, covariance };
  };
}

/** sum[element] += conj(a[i]) b[j], where i and j are positions of real parts. */
function addConjugateProduct(
  sum: Float64Array,
  element: number,
  a: Float64Array,
  i: number,
  b: Float64Array,
  j: number,
): void {
  sum[2 * element] += a[i] * b[j] + a[i + 1] * b[j + 1];
  sum[2 * element + 1] += a[i] * b[j + 1] - a[i + 1] * b[j];
}
