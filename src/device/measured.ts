/**
 * A device described by its measured curves: programming, drift and read noise by conductance, from the experiment.
 *
 *   mean(g), sigma(g)   of the programmed conductance, by target
 *   mu(g), spread(g)    of the drift exponent, by target
 *   Q(g)                of the read noise, by programmed conductance
 *
 * each linear between its points, constant beyond the ends. The equations are those of `drifting.ts` with bias = mean - target;
 * `measured-csv.ts` reads the curves from tables. Left out: what tables of means and deviations do not hold, such as skewed or
 * correlated errors.
 */
import type { DeviceSpec } from "../experiment/device.ts";
import { scalarMath } from "../numeric/array-math.ts";
import { interpolate } from "./curve.ts";
import type { DeviceModel } from "./device.ts";
import { type DriftingStatistics, driftingMemory } from "./drifting.ts";

export type MeasuredSpec = Extract<DeviceSpec, { kind: "measured" }>;

export const measured = (spec: MeasuredSpec, math = scalarMath): DeviceModel =>
  driftingMemory(measuredStatistics(spec), spec, math);

export function measuredStatistics(spec: MeasuredSpec): DriftingStatistics {
  const { maxConductance, programming, table, amplitudes = table.conductances.map(() => 0) } = spec;
  /** A curve as a function of the relative conductance. */
  const curve =
    ({ conductances }: { readonly conductances: readonly number[] }, values: readonly number[]) =>
    (x: number) =>
      interpolate(conductances, values, x * maxConductance);
  const mean = curve(programming, programming.means);
  const [exponent, spread] = [curve(table, table.means), curve(table, table.deviations)];
  const readNoiseScale = curve(table, amplitudes);
  return {
    name: "measured device",
    source: "Measured curves of the experiment",
    maxConductance,
    referenceTime: spec.referenceTime,
    readDuration: spec.readDuration,
    programmingBias: (x) => mean(x) - x * maxConductance,
    programmingDeviation: curve(programming, programming.deviations),
    driftExponent: (x) => ({ mean: exponent(x), deviation: spread(x) }),
    readNoiseScale,
    readNoiseScales: (conductances) => conductances.map((g) => readNoiseScale(g / maxConductance)),
  };
}
