/**
 * Tapped delay lines (3GPP TR 38.901, 7.7.2) and i.i.d. Rayleigh links, which have one tap.
 *
 * A Rayleigh tap is a sum of sinusoids with Gaussian weights, arriving from M equally spaced angles after a random rotation u:
 *
 *   g(t) = sum over m of w_m e^(j 2 pi fD t cos(2 pi (m + u) / M)),   w_m ~ CN(0, 1 / M)
 *
 * Given u, this is an exactly Gaussian process, with autocorrelation J0(2 pi fD t) up to 2 |J_M(2 pi fD t)|; over u it is exactly J0
 * (Clarke and Jakes). M is chosen so that the difference stays below 1e-12 over all times asked for.
 *
 * The line of sight of D and E has a random phase and a Doppler shift of 0.7 fD (ibid.). It is a plane wave from broadside: equal at
 * all antennas, and not touched by their correlation, which shapes the Rayleigh taps (`correlation.ts`).
 */
import type { TappedChannelSpec } from "../experiment/channel.ts";
import { besselJ0OfTurns, cosineOfTurns, unitVector } from "../numeric/circle.ts";
import type { Stream } from "../numeric/stream.ts";
import { type CorrelationFactors, correlationFactors } from "./correlation.ts";
import { profileOf } from "./profiles.ts";
import { type ChannelModel, dopplerShift, type Tap } from "./taps.ts";

/** Doppler shift of the line of sight over the largest shift. */
const LINE_OF_SIGHT_SHIFT = 0.7;
/** Bound on the difference of a tap's autocorrelation from J0. */
const SHORTFALL = 1e-12;

export function tappedChannel(spec: TappedChannelSpec, nt: number, nr: number): ChannelModel {
  const factors = correlationFactors(spec.correlation, nt, nr);
  const { taps, lineOfSight } = tapsOf(spec);
  const shift = dopplerShift(spec);
  return {
    transmitAntennas: nt,
    receiveAntennas: nr,
    taps,
    gains(times, random) {
      const size = 2 * nr * nt * times.length;
      const gains = new Float64Array(taps.length * size);
      taps.forEach(({ power }, tap) => {
        const own = random.fork(tap);
        const out = gains.subarray(tap * size, (tap + 1) * size);
        if (lineOfSight && tap === 0) planeWave(out, times, Math.sqrt(power), LINE_OF_SIGHT_SHIFT * shift, own);
        else rayleighTap(out, times, Math.sqrt(power), shift, factors, own);
      });
      return gains;
    },
    autocorrelation(tap, lag) {
      if (!(lineOfSight && tap === 0)) return [besselJ0OfTurns(shift * lag), 0];
      const turn = new Float64Array(2);
      unitVector(LINE_OF_SIGHT_SHIFT * shift * lag, turn, 0);
      return [turn[0], turn[1]];
    },
  };
}

function tapsOf(spec: TappedChannelSpec): { readonly taps: readonly Tap[]; readonly lineOfSight: boolean } {
  switch (spec.kind) {
    case "iid":
      return { taps: [{ delay: 0, power: 1 }], lineOfSight: false };
    case "tdl": {
      const { paths, lineOfSight } = profileOf("tdl", spec.profile);
      const unit = spec.delaySpreadNanoseconds * 1e-9;
      return { taps: paths.map(({ delay, power }) => ({ delay: delay * unit, power })), lineOfSight };
    }
  }
}

/** One wave for all antennas, `[times, Nr, Nt]`. */
function planeWave(
  out: Float64Array,
  times: ArrayLike<number>,
  amplitude: number,
  shift: number,
  random: Stream,
): void {
  const phase = random.uniform();
  const pairs = out.length / (2 * times.length);
  const turn = new Float64Array(2);
  for (let i = 0; i < times.length; i++) {
    unitVector(phase + shift * times[i], turn, 0);
    for (let pair = i * pairs; pair < (i + 1) * pairs; pair++) {
      out[2 * pair] = amplitude * turn[0];
      out[2 * pair + 1] = amplitude * turn[1];
    }
  }
}

/** A Rayleigh tap of correlated antennas, `[times, Nr, Nt]`. */
function rayleighTap(
  out: Float64Array,
  times: ArrayLike<number>,
  amplitude: number,
  shift: number,
  factors: CorrelationFactors,
  random: Stream,
): void {
  const pairs = out.length / (2 * times.length);
  const waves = wavesFor(2 * Math.PI * shift * (times[times.length - 1] - times[0]));
  const rotation = random.uniform();
  const scale = amplitude * Math.sqrt(1 / (2 * waves));
  const weights = new Float64Array(2 * pairs);
  const turn = new Float64Array(2);
  for (let wave = 0; wave < waves; wave++) {
    for (let i = 0; i < 2 * pairs; i++) weights[i] = scale * random.normal();
    correlate(weights, factors);
    const wavesShift = shift * cosineOfTurns((wave + rotation) / waves);
    for (let i = 0; i < times.length; i++) {
      unitVector(wavesShift * times[i], turn, 0);
      for (let pair = 0; pair < pairs; pair++) {
        const [re, im] = [weights[2 * pair], weights[2 * pair + 1]];
        out[2 * (i * pairs + pair)] += re * turn[0] - im * turn[1];
        out[2 * (i * pairs + pair) + 1] += re * turn[1] + im * turn[0];
      }
    }
  }
}

/** The smallest M with 2 |J_M(x)| <= 2 (x / 2)^M / M! below the bound. */
export function wavesFor(x: number): number {
  let waves = 1;
  for (let bound = x; bound >= SHORTFALL; bound *= x / (2 * waves)) waves++;
  return waves;
}

/** W becomes L_r W L_t^T, in place; from the last row and column, because the factors are lower triangular. */
function correlate(weights: Float64Array, { transmit, receive }: CorrelationFactors): void {
  const nt = Math.sqrt(transmit.length / 2);
  const nr = Math.sqrt(receive.length / 2);
  for (let r = nr - 1; r >= 0; r--) {
    for (let a = nt - 1; a >= 0; a--) {
      let [re, im] = [0, 0];
      for (let s = 0; s <= r; s++) {
        for (let b = 0; b <= a; b++) {
          const [p, q, w] = [2 * (r * nr + s), 2 * (a * nt + b), 2 * (s * nt + b)];
          const factorRe = receive[p] * transmit[q] - receive[p + 1] * transmit[q + 1];
          const factorIm = receive[p] * transmit[q + 1] + receive[p + 1] * transmit[q];
          re += factorRe * weights[w] - factorIm * weights[w + 1];
          im += factorRe * weights[w + 1] + factorIm * weights[w];
        }
      }
      weights[2 * (r * nt + a)] = re;
      weights[2 * (r * nt + a) + 1] = im;
    }
  }
}
