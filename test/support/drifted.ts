import { type DriftingStatistics, driftingMemory } from "../../src/device/drifting.ts";
import { stream } from "../../src/numeric/stream.ts";

/** What remains of a conductance of 1 with this drift exponent in a noise-free read, `time` seconds after programming. */
export function drifted(statistics: DriftingStatistics, exponent: number, time: number): number {
  const memory = driftingMemory(statistics, { programmingNoise: 1, drift: 1, readNoise: 0 });
  const device = { conductances: Float64Array.of(1), driftExponents: Float64Array.of(exponent) };
  return memory.read(device, time, stream(1))[0];
}
