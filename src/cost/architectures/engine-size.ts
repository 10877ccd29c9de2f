/**
 * A digital engine sized for its network: the cheapest of several arrays. An engine of 65,536 multipliers is far larger than a narrow
 * network needs, and its wires, leakage and control cost energy. A smaller engine answers less often.
 */
import type { Technology } from "../parameters.ts";
import { totalOf } from "../unit-energies.ts";
import type { Workload } from "../workload.ts";
import { ARCHITECTURES, type ArchitectureId } from "./catalogue.ts";
import type { Performance } from "./performance.ts";

/** Sides of a square array; the technology's own engine is one more choice. */
const SIDES = [16, 32, 64, 128] as const;

export interface SizedEngine {
  readonly technology: Technology;
  /** Joules of one inference. */
  readonly energy: number;
  readonly performance: Performance;
}

/** The engine with the least energy per inference, for an ANN on a digital engine. */
export function sizedEngine(id: ArchitectureId, workload: Workload, technology: Technology): SizedEngine {
  const { energy, performance } = ARCHITECTURES[id];
  const arrays = SIDES.map((side) => ({ ...technology, arrayRows: side, arrayColumns: side, annUnits: side ** 2 }));
  const all = [technology, ...arrays].map((sized) => ({ technology: sized, energy: totalOf(energy(workload, sized)) }));
  const cheapest = all.reduce((best, one) => (one.energy < best.energy ? one : best));
  return { ...cheapest, performance: performance(workload, cheapest.technology) };
}
