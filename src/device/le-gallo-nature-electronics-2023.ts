/**
 * Phase-change memory of the 14 nm IBM HERMES project chip.
 *
 * M. Le Gallo, R. Khaddam-Aljameh, M. Stanisavljevic et al., "A 64-core mixed-signal in-memory compute chip based on
 * phase-change memory for deep neural network inference", Nature Electronics 6, 680-693 (2023),
 * DOI 10.1038/s41928-023-01010-1. The fits are those shipped with IBM's aihwkit (`HermesNoiseModel`, file
 * src/aihwkit/inference/noise/hermes.py at commit 4545f11, 2026-06-23). A conductance is one device (up to 10.35 uS) or two in
 * parallel (up to 20.7 uS) that are programmed most-significant first (Vasilopoulos et al., IEEE TED 2023,
 * https://ieeexplore.ieee.org/document/10281389), which is more accurate and has less spread in drift. The two are drawn as
 * one.
 *
 * The equations are those of `drifting.ts`, with x = g / g_max:
 *
 *                 one device                                       two devices
 *   sigma         0.15781817 + 2.32443916 x                        0.16603222 + 4.71806468 x
 *                 - 2.16310839 x^2 + 0.68841818 x^3                - 8.48101252 x^2 + 4.68961419 x^3     (times g_max / largest)
 *   mu            clip(-0.0387 ln x - 0.0182, 0.072, 0.13) for x < 0.0945, else -0.0436 x^2 - 0.0126 x + 0.0736
 *   spread        clip(-0.0120 ln x - 0.0023, 0.0124, 0.04)        clip(-0.0117 ln x - 0.0057, 0.0091, 0.04)
 *                 for x < 0.3039, else                             for x < 0.3055, else
 *                 -0.0165 x^2 + 0.0116 x + 0.0104                  -0.0118 x^2 + 0.0093 x + 0.0073
 *   Q             clip(-0.0078 ln x + 0.0038, 0.0179, 0.04)        clip(-0.0117 ln x - 0.0069, 0.015, 0.04)
 *                 for x < 0.1591, else                             for x < 0.16, else
 *                 0.0664 x^3 - 0.1352 x^2 + 0.0768 x + 0.0088      0.0069 x^3 - 0.0280 x^2 + 0.0211 x + 0.0123
 *   t0, t_read    200 s, 512 ns                                    300 s, 512 ns
 *
 * Validity: targets up to the largest conductance above; Q is also used for programmed conductances slightly above it.
 */
import type { DeviceSpec } from "../experiment/device.ts";
import { type ArrayMath, scalarMath } from "../numeric/array-math.ts";
import type { DeviceModel } from "./device.ts";
import {
  clippedLogarithm,
  clippedLogarithms,
  type DriftingStatistics,
  driftingMemory,
  polynomial,
} from "./drifting.ts";

export type HermesSpec = Extract<DeviceSpec, { kind: "hermes" }>;

interface Fits {
  /** Largest characterised conductance, microsiemens. */
  readonly largest: number;
  readonly referenceTime: number;
  readonly programming: readonly number[];
  readonly spread: Branch;
  readonly readNoise: Branch;
}

/** A clipped logarithm `[a, b, low, high]` below `limit`, a polynomial above. */
interface Branch {
  readonly limit: number;
  readonly below: readonly [a: number, b: number, low: number, high: number];
  readonly above: readonly number[];
}

const ONE_DEVICE: Fits = {
  largest: 10.35,
  referenceTime: 200,
  programming: [0.15781817, 2.32443916, -2.16310839, 0.68841818],
  spread: { limit: 0.3039, below: [-0.012, -0.0023, 0.0124, 0.04], above: [0.0104, 0.0116, -0.0165] },
  readNoise: { limit: 0.1591, below: [-0.0078, 0.0038, 0.0179, 0.04], above: [0.0088, 0.0768, -0.1352, 0.0664] },
};

const TWO_DEVICES: Fits = {
  largest: 20.7,
  referenceTime: 300,
  programming: [0.16603222, 4.71806468, -8.48101252, 4.68961419],
  spread: { limit: 0.3055, below: [-0.0117, -0.0057, 0.0091, 0.04], above: [0.0073, 0.0093, -0.0118] },
  readNoise: { limit: 0.16, below: [-0.0117, -0.0069, 0.015, 0.04], above: [0.0123, 0.0211, -0.028, 0.0069] },
};

/** The mean exponent is the same for one and two devices. */
const MEAN: Branch = { limit: 0.0945, below: [-0.0387, -0.0182, 0.072, 0.13], above: [0.0736, -0.0126, -0.0436] };

export const hermes = (spec: HermesSpec, math = scalarMath): DeviceModel => ({
  ...driftingMemory(hermesStatistics(spec), spec, math),
  devices: spec.devices,
});

export function hermesStatistics({
  devices,
  maxConductance,
}: Pick<HermesSpec, "devices" | "maxConductance">): DriftingStatistics {
  const fits = devices === 1 ? ONE_DEVICE : TWO_DEVICES;
  const largest = maxConductance ?? fits.largest;
  return {
    name: `phase-change memory of the HERMES chip, ${devices === 1 ? "one device" : "two devices"} per conductance`,
    source:
      "Le Gallo, Khaddam-Aljameh, Stanisavljevic et al.: A 64-core mixed-signal in-memory compute chip based on phase-change memory for deep neural network inference. Nature Electronics 6, 2023",
    maxConductance: largest,
    referenceTime: fits.referenceTime,
    readDuration: 512e-9,
    programmingDeviation: (x) => (polynomial(fits.programming, x) * largest) / fits.largest,
    driftExponent: (x) => ({ mean: branch(MEAN, x), deviation: branch(fits.spread, x) }),
    readNoiseScale: (x) => branch(fits.readNoise, x),
    readNoiseScales: (conductances, math) =>
      branches(
        fits.readNoise,
        conductances.map((g) => g / largest),
        math,
      ),
  };
}

const branch = ({ limit, below, above }: Branch, x: number): number =>
  x < limit ? clippedLogarithm(...below, x) : polynomial(above, x);

/** The same for many values: replaces every x by its fit. */
function branches({ limit, below, above }: Branch, x: Float64Array, math: ArrayMath): Float64Array {
  const given = x.slice();
  clippedLogarithms(below, x, math);
  for (let i = 0; i < x.length; i++) if (!(given[i] < limit)) x[i] = polynomial(above, given[i]);
  return x;
}
