/**
 * The chain that models of phase-change memory share; each publication supplies its statistics.
 *
 * With x = g_target / g_max, N a standard normal per device and per draw, conductances in microsiemens:
 *
 *   program   g_prog = max(0, g_target + sigma(x) N)
 *   exponent  nu     = |mu(x) + spread(x) N|
 *   drift     g_d    = g_prog (t / t0)^-nu,  t = time since programming + t0
 *   read      g      = max(0, g_d (1 + Q(g_prog / g_max) R(t) N)),  R(t) = sqrt(ln((t + t_read) / (2 t_read)))
 *
 * R integrates 1/f noise from the duration of a read to the age of the device; it is not zero at time 0, because t0 has
 * passed by then. Methodology: Nandakumar et al., ICECS 2019 (see `nandakumar-icecs-2019.ts`). Left out: dependence on
 * temperature, correlation of read noise in time.
 *
 * Chips have millions of devices, so random numbers, logarithms and exponentials are those of an `ArrayMath`.
 */
import { type ArrayMath, scalarMath } from "../numeric/array-math.ts";
import { exponential } from "../numeric/exponential.ts";
import { naturalLog } from "../numeric/stream.ts";
import { byValue } from "./by-value.ts";
import type { DeviceModel } from "./device.ts";

/** Mean and standard deviation of a drift exponent, before the absolute value is taken. */
export interface ExponentStatistics {
  readonly mean: number;
  readonly deviation: number;
}

/** What a publication says of a device. `x` is a conductance relative to `maxConductance`. */
export interface DriftingStatistics {
  readonly name: string;
  readonly source: string;
  /** Microsiemens. */
  readonly maxConductance: number;
  /** t0, seconds after the programming pulse at which the programmed conductance is defined. */
  readonly referenceTime: number;
  /** t_read, seconds. */
  readonly readDuration: number;
  /** Standard deviation of the programming error at the relative target x, microsiemens. */
  programmingDeviation(x: number): number;
  /** Drift exponent at the relative target x. */
  driftExponent(x: number): ExponentStatistics;
  /** Amplitude Q of the read noise, relative to the conductance, at the relative programmed conductance x. */
  readNoiseScale(x: number): number;
  /** The same of many devices, bit for bit. Absent where a number is as quick. */
  readonly readNoiseScales?: (x: Float64Array, math: ArrayMath) => Float64Array;
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
  return {
    name,
    source,
    maxConductance,
    program: (targets, random) => {
      const noise = math.normals(random.fork("programming noise"), targets.length);
      const spread = math.normals(random.fork("drift exponent"), targets.length);
      const sigma = byValue((target) => programmingNoise * statistics.programmingDeviation(target / maxConductance));
      const exponent = byValue((target) => statistics.driftExponent(target / maxConductance));
      // What is drawn becomes what is returned, in place.
      for (let i = 0; i < targets.length; i++) {
        const { mean, deviation } = exponent(targets[i]);
        noise[i] = Math.max(0, targets[i] + sigma(targets[i]) * noise[i]);
        spread[i] = drift * Math.abs(mean + deviation * spread[i]);
      }
      return { conductances: noise, driftExponents: spread };
    },
    read: ({ conductances, driftExponents }, time, random) => {
      const integration = readNoiseIntegral(time, referenceTime, readDuration);
      const read = math.normals(random, conductances.length);
      const drifts = driftFactors(driftExponents, time, referenceTime, math);
      const relative = conductances.map((conductance) => conductance / maxConductance);
      const scales = statistics.readNoiseScales?.(relative, math) ?? relative.map(statistics.readNoiseScale);
      for (let i = 0; i < read.length; i++) {
        const drifted = conductances[i] * (drifts === null ? 1 : drifts[i]);
        const relative = readNoise * scales[i] * integration;
        read[i] = conductances[i] === 0 ? 0 : Math.max(0, drifted * (1 + relative * read[i]));
      }
      return read;
    },
  };
}

/** What drift leaves of a conductance `time` seconds after programming: ((time + t0) / t0)^-exponent. */
export function driftFactor(exponent: number, time: number, referenceTime: number): number {
  if (!(time > 0)) return 1;
  return exponential(-exponent * naturalLog((time + referenceTime) / referenceTime));
}

/** The same for many devices; null where nothing has drifted. */
function driftFactors(
  exponents: Float64Array | undefined,
  time: number,
  referenceTime: number,
  math: ArrayMath,
): Float64Array | null {
  if (exponents === undefined || !(time > 0)) return null;
  const logarithm = naturalLog((time + referenceTime) / referenceTime);
  const factors = exponents.map((exponent) => -exponent * logarithm);
  math.exponentials(factors);
  return factors;
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

/** a ln x + b, kept within low .. high; x is taken as 1e-7 at least, where every published fit has long reached its limit. */
export function clippedLogarithm(a: number, b: number, low: number, high: number, x: number): number {
  return Math.min(high, Math.max(low, a * naturalLog(Math.max(x, 1e-7)) + b));
}

/** The same of many values. */
export function clippedLogarithms(
  a: number,
  b: number,
  low: number,
  high: number,
  x: Float64Array,
  math: ArrayMath,
): Float64Array {
  const fits = x.map((value) => Math.max(value, 1e-7));
  math.naturalLogs(fits);
  for (let i = 0; i < x.length; i++) fits[i] = Math.min(high, Math.max(low, a * fits[i] + b));
  return fits;
}
