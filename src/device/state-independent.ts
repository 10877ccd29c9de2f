/**
 * A memory with spreads that do not depend on conductance, to find out what state dependence costs.
 *
 * The constants are not measurements but the defaults of `StateIndependentNoiseModel` in IBM's aihwkit (file
 * src/aihwkit/inference/noise/custom.py at commit 4545f11, 2026-06-23). The equations are those of `drifting.ts`, with
 *
 *   sigma = 0.2 uS,  mu = 0.1,  spread = 0.05,  Q = 1 uS / g_max,  t0 = 20 s,  t_read = 250 ns
 *
 * In aihwkit, Q is a pure number, and its spread, g_d / g_max, is added to conductances in microsiemens; the unit is our
 * choice. The spread sigma does not grow with g_max.
 */
import type { DeviceSpec } from "../experiment/device.ts";
import { scalarMath } from "../numeric/array-math.ts";
import type { DeviceModel } from "./device.ts";
import { type DriftingStatistics, driftingMemory } from "./drifting.ts";

export const stateIndependent = (
  spec: Extract<DeviceSpec, { kind: "state-independent" }>,
  math = scalarMath,
): DeviceModel => driftingMemory(stateIndependentStatistics(spec.maxConductance), spec, math);

export const stateIndependentStatistics = (maxConductance: number): DriftingStatistics => ({
  name: "state-independent memory",
  source: "Defaults of IBM's aihwkit (StateIndependentNoiseModel, commit 4545f11); not measured",
  maxConductance,
  referenceTime: 20,
  readDuration: 250e-9,
  programmingDeviation: () => 0.2,
  driftExponent: () => ({ mean: 0.1, deviation: 0.05 }),
  readNoiseScale: () => 1 / maxConductance,
  readNoiseScales: (conductances) => new Float64Array(conductances.length).fill(1 / maxConductance),
});
