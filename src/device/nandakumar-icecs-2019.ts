/**
 * Phase-change memory with published statistics.
 *
 * S. R. Nandakumar, I. Boybat, V. Joshi, C. Piveteau, M. Le Gallo, B. Rajendran, A. Sebastian, E. Eleftheriou,
 * "Phase-change memory models for deep learning training and inference", ICECS 2019, pp. 727-730,
 * https://ieeexplore.ieee.org/document/8964852. The constants below are those shipped with IBM's aihwkit (`PCMLikeNoiseModel`,
 * file src/aihwkit/inference/noise/pcm.py at commit 4545f11, 2026-06-23), which the Xpikeformer authors use for simulation. The
 * equations are those of `drifting.ts`, with x = g_target / g_max and
 *
 *   sigma  = (0.26348 + 1.9650 x - 1.1731 x^2) g_max / 25 uS
 *   mu     = clip(-0.0155 ln x + 0.0244, 0.049, 0.1),    spread = clip(-0.0125 ln x - 0.0059, 0.008, 0.045)
 *   Q      = min(0.2, 0.0088 / max((g_prog / g_max)^0.65, 1e-3))
 *   t0     = 20 s,  t_read = 250 ns
 *
 * Where aihwkit's code and documentation differ, three choices follow the code: Q depends on the programmed conductance, not
 * the target; nu takes the absolute value; sigma is not prevented from going below zero (within 0 .. g_max it never does).
 * Independent check: CrossSim's PCMJoshi polynomial gives the same sigma within 1.4 % for x >= 0.25 and 9 % at 0.
 *
 * Validity: fitted to doped Ge2Sb2Te5 mushroom cells of a 90 nm chip with targets of 0 .. 25 uS; another `maxConductance`
 * scales the programming error in proportion, which is an extrapolation.
 */
import type { DeviceSpec } from "../experiment/device.ts";
import { scalarMath } from "../numeric/array-math.ts";
import { exponential } from "../numeric/exponential.ts";
import { naturalLog } from "../numeric/stream.ts";
import type { DeviceModel } from "./device.ts";
import { clippedLogarithm, type DriftingStatistics, driftingMemory, type ExponentStatistics } from "./drifting.ts";

/** Conductance in microsiemens that the programming polynomial refers to. */
const POLYNOMIAL_REFERENCE = 25;

export const phaseChangeMemory = (spec: Extract<DeviceSpec, { kind: "pcm" }>, math = scalarMath): DeviceModel =>
  driftingMemory(nandakumar(spec.maxConductance), spec, math);

export const nandakumar = (maxConductance: number): DriftingStatistics => ({
  name: "phase-change memory",
  source:
    "Nandakumar, Boybat, Joshi, Piveteau, Le Gallo, Rajendran, Sebastian, Eleftheriou: Phase-change memory models for deep learning training and inference. ICECS 2019",
  maxConductance,
  referenceTime: 20,
  readDuration: 250e-9,
  programmingDeviation: (x) => ((0.26348 + 1.965 * x - 1.1731 * x * x) * maxConductance) / POLYNOMIAL_REFERENCE,
  driftExponent,
  readNoiseScale,
  // Where the power is below 1e-3, or x up to 0.008, the result is 0.2 as above.
  readNoiseScales: { unit: maxConductance, power: 0.65, factor: 0.0088, most: 0.2 },
});

function driftExponent(x: number): ExponentStatistics {
  return {
    mean: clippedLogarithm(-0.0155, 0.0244, 0.049, 0.1, x),
    deviation: clippedLogarithm(-0.0125, -0.0059, 0.008, 0.045, x),
  };
}

function readNoiseScale(x: number): number {
  // The minimum applies up to x = 0.00819, which spares the power for the many devices with target zero.
  if (x <= 0.008) return 0.2;
  return Math.min(0.2, 0.0088 / Math.max(power(x, 0.65), 1e-3));
}

/** x^y for x > 0, the same on every platform. */
const power = (x: number, y: number): number => exponential(y * naturalLog(x));
