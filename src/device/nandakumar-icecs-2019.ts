/**
 * Phase-change memory after published statistics.
 *
 * S. R. Nandakumar, I. Boybat, V. Joshi, C. Piveteau, M. Le Gallo, B. Rajendran, A. Sebastian, E. Eleftheriou,
 * "Phase-change memory models for deep learning training and inference", ICECS 2019, pp. 727-730,
 * https://ieeexplore.ieee.org/document/8964852. The constants below are those under which IBM's aihwkit ships this model
 * (`PCMLikeNoiseModel`, file src/aihwkit/inference/noise/pcm.py at commit 4545f11, 2026-06-23), which the Xpikeformer
 * authors simulate with. With x = g_target / g_max, N a standard normal per device and per draw, conductances in
 * microsiemens:
 *
 *   program   sigma = (0.26348 + 1.9650 x - 1.1731 x^2) g_max / 25        g_prog = max(0, g_target + sigma N)
 *   exponent  mu    = clip(-0.0155 ln x + 0.0244, 0.049, 0.1)             nu = |mu + spread N|
 *             spread = clip(-0.0125 ln x - 0.0059, 0.008, 0.045)
 *   drift     g_d   = g_prog (t / t0)^-nu,  t = time since programming + t0,  t0 = 20 s
 *   read      Q     = min(0.2, 0.0088 / max((g_prog / g_max)^0.65, 1e-3))
 *             g     = max(0, g_d (1 + Q sqrt(ln((t + t_read) / (2 t_read))) N),  t_read = 250 ns
 *
 * Two choices of aihwkit's code are kept where its documentation differs: Q follows the programmed, not the target
 * conductance, and nu takes the absolute value. Independent check: CrossSim's PCMJoshi polynomial gives the same sigma
 * within 1.4 % for x >= 0.25 and 9 % at 0.
 *
 * Validity: fitted to doped Ge2Sb2Te5 mushroom cells of a 90 nm chip with targets of 0 .. 25 uS; another `maxConductance`
 * scales the programming error in proportion, which is an extrapolation. Left out: dependence on temperature, correlation
 * of read noise in time, stuck devices.
 */
import { exponential } from "../numeric/exponential.ts";
import { naturalLog } from "../numeric/stream.ts";
import type { DeviceSpec } from "../spec/hardware.ts";
import type { DeviceModel } from "./device.ts";

/** Seconds after the programming pulse at which the programmed conductance is defined. */
export const REFERENCE_TIME = 20;
/** Duration of one read, seconds. */
export const READ_DURATION = 250e-9;
/** Conductance in microsiemens to which the programming polynomial refers. */
const POLYNOMIAL_REFERENCE = 25;

export type PhaseChangeSpec = Extract<DeviceSpec, { kind: "pcm" }>;

export function phaseChangeMemory(spec: PhaseChangeSpec): DeviceModel {
  const { maxConductance, programmingNoise, drift, readNoise } = spec;
  return {
    name: "phase-change memory",
    source: "Nandakumar et al., ICECS 2019, as in IBM aihwkit 4545f11 (PCMLikeNoiseModel)",
    maxConductance,
    program: (targets, random) => {
      const noise = random.fork("programming noise");
      const spread = random.fork("drift exponent");
      const conductances = new Float64Array(targets.length);
      const driftExponents = new Float64Array(targets.length);
      // One device of every pair is asked for zero.
      const ofZero = driftExponentStatistics(0);
      for (let i = 0; i < targets.length; i++) {
        const relative = targets[i] / maxConductance;
        const sigma = programmingNoise * programmingDeviation(relative, maxConductance);
        conductances[i] = Math.max(0, targets[i] + sigma * noise.normal());
        const { mean, deviation } = relative === 0 ? ofZero : driftExponentStatistics(relative);
        driftExponents[i] = drift * Math.abs(mean + deviation * spread.normal());
      }
      return { conductances, driftExponents };
    },
    read: ({ conductances, driftExponents }, time, random) => {
      const integration = readNoiseIntegral(time);
      const drifts = driftFactors(time);
      const read = new Float64Array(conductances.length);
      for (let i = 0; i < read.length; i++) {
        const programmed = conductances[i];
        const noise = random.normal();
        if (programmed === 0) continue;
        const drifted = programmed * drifts(driftExponents?.[i] ?? 0);
        const relative = readNoise * readNoiseScale(programmed / maxConductance) * integration;
        read[i] = Math.max(0, drifted * (1 + relative * noise));
      }
      return read;
    },
  };
}

/** Standard deviation of the programming error, microsiemens, at the relative target `x` = g / g_max. */
export function programmingDeviation(x: number, maxConductance: number): number {
  return ((0.26348 + 1.965 * x - 1.1731 * x * x) * maxConductance) / POLYNOMIAL_REFERENCE;
}

/** Mean and standard deviation of the drift exponent at the relative target `x`, before the absolute value is taken. */
export function driftExponentStatistics(x: number): { mean: number; deviation: number } {
  const logarithm = naturalLog(Math.max(Math.abs(x), 1e-7));
  return {
    mean: clip(-0.0155 * logarithm + 0.0244, 0.049, 0.1),
    deviation: clip(-0.0125 * logarithm - 0.0059, 0.008, 0.045),
  };
}

/** What drift leaves of a conductance `time` seconds after programming: ((time + t0) / t0)^-exponent. */
export const driftFactor = (exponent: number, time: number): number => driftFactors(time)(exponent);

/** The same as a function of the exponent, for many devices. */
function driftFactors(time: number): (exponent: number) => number {
  if (!(time > 0)) return () => 1;
  const logarithm = naturalLog((time + REFERENCE_TIME) / REFERENCE_TIME);
  return (exponent) => exponential(-exponent * logarithm);
}

/** Amplitude Q of the 1/f read noise, relative to the conductance, at the relative programmed conductance `x`. */
export function readNoiseScale(x: number): number {
  // The minimum holds up to x = 0.00819; many devices that were asked for zero need no power.
  if (x <= 0.008) return 0.2;
  const raised = power(x, 0.65);
  return Math.min(0.2, 0.0088 / Math.max(raised, 1e-3));
}

/** sqrt(ln((t + t_read) / (2 t_read))): 1/f noise integrated from the read duration to the device's age. */
export function readNoiseIntegral(time: number): number {
  return Math.sqrt(naturalLog((time + REFERENCE_TIME + READ_DURATION) / (2 * READ_DURATION)));
}

const clip = (x: number, low: number, high: number): number => Math.min(high, Math.max(low, x));

/** x^y for x > 0, the same on every platform. */
const power = (x: number, y: number): number => exponential(y * naturalLog(x));
