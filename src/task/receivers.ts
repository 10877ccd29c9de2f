/**
 * Classical receivers for the symbol-detection task, to judge a network by: maximum likelihood and linear MMSE, each with the
 * true channel or with a channel estimated from the pilots.
 *
 *   ml     the class that minimises |y - H x|^2
 *   mmse   x = (H^H H + v I)^-1 H^H y, then the nearest symbol of each antenna
 *   pilots H = Y X^H (X X^H + v I)^-1, the MMSE estimate for H_ra ~ CN(0, 1), in the place of the true one
 *
 * All of them see what the network sees: quantised pilots and a quantised query. They are told the noise variance v, which
 * the network is not, and treat the quantiser's error as absent: with 4 bits that costs them most at high SNR. So they are
 * strong and usual references, not bounds. (A bound would integrate the noise over each cell of the quantiser.)
 */
import { ValueError } from "../errors.ts";
import { solveHermitian } from "../numeric/complex.ts";
import { bitsPerClass, constellation, receivedPoints, squaredDistance } from "./link.ts";
import type { PromptBatch } from "./symbol-detection.ts";

export type ReceiverKind = "ml" | "mmse";
export type ChannelKnowledge = "perfect" | "pilots";

/**
 * Decides the class of one query of every prompt.
 *
 * Shapes   returns [prompts] classes
 * Pilots   query i has the i pairs before it as pilots; by default the last query, which has all of them
 * Ties     ml: the smallest class; mmse: bit 0. Quantised pilots and query can tie exactly; then rounding may decide
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
      `Prompts of ${spec.pilots} pilots have queries 0 .. ${spec.pilots}, but not ${query}.`,
    );
  }
  const points = constellation(spec);
  const length = 2 * spec.receiveAntennas * spec.transmitAntennas;
  const estimate = channel === "pilots" ? channelEstimator(batch, points) : undefined;
  const decide = kind === "ml" ? maximumLikelihood(batch, points) : linearMmse(batch);
  const decisions = new Int32Array(batch.prompts);
  for (let k = 0; k < batch.prompts; k++) {
    const h = estimate ? estimate(k, query) : batch.channels.subarray(k * length, (k + 1) * length);
    decisions[k] = decide(h, k, query);
  }
  return decisions;
}

type Decide = (channel: Float64Array, prompt: number, query: number) => number;

function maximumLikelihood({ spec, quantised }: PromptBatch, points: Float64Array): Decide {
  const length = 2 * spec.receiveAntennas;
  const classes = points.length / (2 * spec.transmitAntennas);
  const noiseless = new Float64Array(classes * length);
  return (channel, prompt, query) => {
    receivedPoints(channel, 0, points, spec, noiseless);
    const y = (prompt * (spec.pilots + 1) + query) * length;
    let best = 0;
    let nearest = Number.POSITIVE_INFINITY;
    for (let c = 0; c < classes; c++) {
      const distance = squaredDistance(quantised, y, noiseless, c * length, length);
      if (distance < nearest) [best, nearest] = [c, distance];
    }
    return best;
  };
}

function linearMmse({ spec, quantised, noiseVariances }: PromptBatch): Decide {
  const { transmitAntennas: nt, receiveAntennas: nr } = spec;
  const bits = bitsPerClass(spec);
  const gram = new Float64Array(2 * nt * nt);
  const x = new Float64Array(2 * nt);
  return (channel, prompt, query) => {
    const y = (prompt * (spec.pilots + 1) + query) * 2 * nr;
    gram.fill(0);
    x.fill(0);
    for (let r = 0; r < nr; r++) {
      const row = 2 * r * nt;
      for (let a = 0; a < nt; a++) {
        for (let b = 0; b < nt; b++) addConjugateProduct(gram, a * nt + b, channel, row + 2 * a, channel, row + 2 * b);
        addConjugateProduct(x, a, channel, row + 2 * a, quantised, y + 2 * r);
      }
    }
    for (let a = 0; a < nt; a++) gram[2 * (a * nt + a)] += noiseVariances[prompt];
    solveHermitian(gram, x, nt, 1);
    let decision = 0;
    for (let i = 0; i < bits; i++) {
      const part = spec.modulation === "qpsk" ? i : 2 * i;
      decision = 2 * decision + (x[part] < 0 ? 1 : 0);
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
