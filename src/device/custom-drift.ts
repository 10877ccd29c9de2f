/**
 * Phase-change memory with user-supplied drift data: programming and read noise as in `nandakumar-icecs-2019.ts`, drift
 * exponents interpolated from a table.
 *
 *   mu(g), spread(g)   linear between the table's conductances, constant beyond its ends;  nu = |mu + spread N|
 *
 * The form is that of `CustomDriftPCMLikeNoiseModel` in IBM's aihwkit (file src/aihwkit/inference/noise/pcm.py at commit
 * 4545f11, 2026-06-23), made for projected phase-change memory: N. Li et al., "Optimization of Projected Phase Change Memory
 * for Analog In-Memory Computing Inference", Advanced Electronic Materials 2023, DOI 10.1002/aelm.202201190. The table is the
 * user's; as there, it covers 0 .. `maxConductance` (the spec checks it).
 */
import type { DeviceSpec } from "../experiment/device.ts";
import { scalarMath } from "../numeric/array-math.ts";
import { interpolate } from "./curve.ts";
import type { DeviceModel } from "./device.ts";
import { type DriftingStatistics, driftingMemory } from "./drifting.ts";
import { nandakumar } from "./nandakumar-icecs-2019.ts";

export type CustomDriftSpec = Extract<DeviceSpec, { kind: "custom-drift" }>;

export const customDrift = (spec: CustomDriftSpec, math = scalarMath): DeviceModel =>
  driftingMemory(customDriftStatistics(spec), spec, math);

export function customDriftStatistics({
  maxConductance,
  table,
}: Pick<CustomDriftSpec, "maxConductance" | "table">): DriftingStatistics {
  const statistics = nandakumar(maxConductance);
  return {
    ...statistics,
    name: "phase-change memory with drift from a table",
    source: `${statistics.source}; drift exponents of the experiment`,
    driftExponent: (x) => {
      const conductance = x * maxConductance;
      return {
        mean: interpolate(table.conductances, table.means, conductance),
        deviation: interpolate(table.conductances, table.deviations, conductance),
      };
    },
  };
}
