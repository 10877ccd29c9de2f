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
  if (!(Number.isInteger(query) && query >= 0 && query <= spec.pilots)) {
    throw new ValueError(
      "query",
      `Prompts with ${spec.pilots} pilots have queries 0 .. ${spec.pilots}, but no query ${query}.`,
    );
  }
  const length = 2 * spec.receiveAntennas * spec.transmitAntennas;
  const estimate = channel === "pilots" ? channelEstimator(batch, constellation(spec)) : undefined;
  const decide = kind === "ml" ? maximumLikelihood(batch) : linearMmse(batch);
  const decisions = new Int32Array(batch.prompts);
  for (let k = 0; k < batch.prompts; k++) {
    const h = estimate ? estimate(k, query) : batch.channels.subarray(k * length, (k + 1) * length);
    decisions[k] = decide(h, k, query);
  }
  return decisions;
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
  // For multi-level symbols, the right-hand side holds H^H y and, next to it, the identity.
  const columns = bits === 1 ? 1 : 1 + nt;
  const gram = new Float64Array(2 * nt * nt);
  const x = new Float64Array(2 * nt * columns);
  return (channel, prompt, query) => {
    const y = (prompt * (spec.pilots + 1) + query) * 2 * nr;
    gram.fill(0);
    x.fill(0);
    for (let r = 0; r < nr; r++) {
      const row = 2 * r * nt;
      for (let a = 0; a < nt; a++) {
        for (let b = 0; b < nt; b++) addConjugateProduct(gram, a * nt + b, channel, row + 2 * a, channel, row + 2 * b);
        addConjugateProduct(x, a * columns, channel, row + 2 * a, quantised, y + 2 * r);
      }
    }
    for (let a = 0; a < nt; a++) {
      gram[2 * (a * nt + a)] += noiseVariances[prompt];
      if (columns > 1) x[2 * (a * columns + 1 + a)] = 1;
    }
    solveHermitian(gram, x, nt, columns);
    let decision = 0;
    for (let a = 0; a < nt; a++) {
      const share = columns > 1 ? 1 - noiseVariances[prompt] * x[2 * (a * columns + 1 + a)] : 1;
      const [re, im] = [x[2 * a * columns], x[2 * a * columns + 1]];
      const symbol = share > 0 ? nearestSymbol(re / share, im / share, modulation) : 0;
      decision = decision * 2 ** (parts * bits) + symbol;
    }
    return decision;
  };
}

/** Estimates H of a prompt from its first `query` pairs; the returned array is overwritten by the next call. */
function channelEstimator(batch: PromptBatch, points: Float64Array): (prompt: number, query: number) => Float64Array {
  const { spec, quantised, labels, noiseVariances } = batch;
  const { transmitAntennas: nt, receiveAntennas: nr } = spec;
  const gram = new Float64Array(2 * nt * nt);
  const right = new Float64Array(2 * nt * nr);
  const estimate = new Float64Array(2 * nr * nt);
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
          addConjugateProduct(right, a * nr + r, points, x + 2 * a, quantised, 2 * (pair * nr + r));
        }
      }
    }
    for (let a = 0; a < nt; a++) gram[2 * (a * nt + a)] += noiseVariances[prompt];
    solveHermitian(gram, right, nt, nr);
    for (let r = 0; r < nr; r++) {
      for (let a = 0; a < nt; a++) {
        estimate[2 * (r * nt + a)] = right[2 * (a * nr + r)];
        estimate[2 * (r * nt + a) + 1] = right[2 * (a * nr + r) + 1];
      }
    }
    return estimate;
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
