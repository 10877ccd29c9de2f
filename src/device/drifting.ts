/**
 * The equations shared by the phase-change memory models; each publication supplies its statistics.
 *
 * With x = g_target / g_max, N a standard normal per device and per draw, conductances in microsiemens:
 *
 *   program   g_prog = max(0, g_target + bias(x) + sigma(x) N),  bias = 0 except for measured curves
 *   exponent  nu     = |mu(x) + spread(x) N|
 *   drift     g_d    = g_prog (t / t0)^-nu,  t = time since programming + t0
 *   read      g      = max(0, g_d (1 + Q(g_prog / g_max) R(t) N)),  R(t) = sqrt(ln((t + t_read) / (2 t_read)))
 *
 * R integrates 1/f noise from the duration of a read to the age of the device. It is not zero at time 0, because t0 has already
 * passed. Methodology: Nandakumar et al., ICECS 2019 (see `nandakumar-icecs-2019.ts`). Left out: temperature dependence,
 * correlation of read noise in time.
 *
 * Chips have millions of devices, so random numbers, logarithms and exponentials come from an `ArrayMath`.
 */
import { type ArrayMath, type InversePower, inPieces, scalarMath } from "../numeric/array-math.ts";
import { naturalLog } from "../numeric/stream.ts";
import { byValue } from "./by-value.ts";
import type { DeviceModel } from "./device.ts";

/** Mean and standard deviation of a drift exponent, before the absolute value is taken. */
export interface ExponentStatistics {
  readonly mean: number;
  readonly deviation: number;
}

/** The statistics that a publication gives for a device. `x` is a conductance relative to `maxConductance`. */
export interface DriftingStatistics {
  readonly name: string;
  readonly source: string;
  /** Microsiemens. */
  readonly maxConductance: number;
  /** t0, seconds after the programming pulse at which the programmed conductance is defined. */
  readonly referenceTime: number;
  /** t_read, seconds. */
  readonly readDuration: number;
  /** Mean of the programming error at the relative target x, microsiemens; left out: 0. */
  programmingBias?(x: number): number;
  /** Standard deviation of the programming error at the relative target x, microsiemens. */
  programmingDeviation(x: number): number;
  /** Drift exponent at the relative target x. */
  driftExponent(x: number): ExponentStatistics;
  /** Amplitude Q of the read noise, relative to the conductance, at the relative programmed conductance x. */
  readNoiseScale(x: number): number;
  /**
   * The same for many devices, from their programmed conductances in microsiemens: either a law per value or a function that
   * gives all amplitudes.
   */
  readonly readNoiseScales: InversePower | ((conductances: Float64Array, math: ArrayMath) => Float64Array);
}

/** Factors on the published spreads and exponents; 0 switches an effect off. */
export interface NoiseFactors {
  readonly programmingNoise: number;
  readonly drift: number;
  readonly readNoise: number;
}

export function driftingMemory(
  statistics: DriftingStatistics,
  factors: NoiseFactors,
  math: ArrayMath = scalarMath,
): DeviceModel {
  const { name, source, maxConductance, referenceTime, readDuration } = statistics;
  const { programmingNoise, drift, readNoise } = factors;
  const statisticsOf = byValue((target) => ({
    mean: target + programmingNoise * (statistics.programmingBias?.(target / maxConductance) ?? 0),
    sigma: programmingNoise * statistics.programmingDeviation(target / maxConductance),
    nu: statistics.driftExponent(target / maxConductance),
  }));
  return {
    name,
    source,
    maxConductance,
    program: (targets, random) => {
      const [noises, spreads] = [random.fork("programming noise"), random.fork("drift exponent")];
      const conductances = new Float64Array(targets.length);
      const driftExponents = new Float64Array(targets.length);
      inPieces(targets.length, (from, to) => {
        const target = targets.subarray(from, to);
        // Each array of normals is reused for the values computed from it.
        const [programmed, exponent] = [conductances.subarray(from, to), driftExponents.subarray(from, to)];
        math.normals(noises, programmed);
        math.normals(spreads, exponent);
        for (let i = 0; i < target.length; i++) {
          const { mean, sigma, nu } = statisticsOf(target[i]);
          programmed[i] = mean + sigma * programmed[i];
          exponent[i] = drift * Math.abs(nu.mean + nu.deviation * exponent[i]);
        }
        math.clamp(programmed, 0, Number.POSITIVE_INFINITY);
      });
      return { conductances, driftExponents };
    },
    read: ({ conductances, driftExponents }, time, random, out = new Float64Array(conductances.length)) => {
      const { readNoiseScales } = statistics;
      math.noisyDecays(
        random,
        {
          values: conductances,
          exponents: time > 0 && driftExponents ? driftExponents : null,
          rate: -naturalLog((time + referenceTime) / referenceTime),
          deviations: typeof readNoiseScales === "function" ? readNoiseScales(conductances, math) : readNoiseScales,
          factors: [readNoise, readNoiseIntegral(time, referenceTime, readDuration)],
        },
        out,
      );
      return out;
    },
  };
}

/** R(t), `time` seconds after programming. */
export function readNoiseIntegral(time: number, referenceTime: number, readDuration: number): number {
  return Math.sqrt(naturalLog((time + referenceTime + readDuration) / (2 * readDuration)));
}

/** c[0] + c[1] x + c[2] x^2 + ... */
export function polynomial(coefficients: readonly number[], x: number): number {
  let sum = 0;
  for (let i = coefficients.length - 1; i >= 0; i--) sum = sum * x + coefficients[i];
  return sum;
}

/** a ln x + b, clipped to low .. high. x is at least 1e-7, where every published fit has long reached its limit. */
export function clippedLogarithm(a: number, b: number, low: number, high: number, x: number): number {
  return Math.min(high, Math.max(low, a * naturalLog(Math.max(x, 1e-7)) + b));
}

/** The same for many values: replaces every x by its fit. */
export function clippedLogarithms(
  [a, b, low, high]: readonly [a: number, b: number, low: number, high: number],
  x: Float64Array,
  math: ArrayMath,
): void {
  math.clamp(x, 1e-7, Number.POSITIVE_INFINITY);
  math.naturalLogs(x);
  for (let i = 0; i < x.length; i++) x[i] = a * x[i] + b;
  math.clamp(x, low, high);
}
