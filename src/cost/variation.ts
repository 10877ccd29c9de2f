/** A change to a workload and its prices, as data: the building block of tornado, maps and break-even points. */
import { ARCHITECTURES, type ArchitectureId } from "./architectures/catalogue.ts";
import type { ParameterId, Technology } from "./parameters.ts";
import type { Planner } from "./planned.ts";
import { totalOf } from "./unit-energies.ts";
import { scaleDensities, type Workload, withSteps } from "./workload.ts";

export interface Variation {
  /** Values in SI units that replace the technology's. */
  readonly set?: Readonly<Partial<Record<ParameterId, number>>>;
  /** Factors on the technology's values. */
  readonly times?: Readonly<Partial<Record<ParameterId, number>>>;
  /** Time steps of both spiking machines. */
  readonly steps?: number;
  /** Factor on the time steps of each spiking machine, which keeps at least one. */
  readonly timesSteps?: number;
  /** Factor on all densities. */
  readonly density?: number;
}

export interface Varied {
  readonly workload: Workload;
  readonly technology: Technology;
}

export function vary(
  { workload, technology }: Varied,
  { set, times, steps, timesSteps = 1, density }: Variation,
): Varied {
  const changed = { ...technology, ...set };
  for (const id in times) changed[id as ParameterId] *= times[id as ParameterId]!;
  const scaled = density === undefined ? workload : scaleDensities(workload, density);
  const timed = steps === undefined ? scaled : withSteps(scaled, steps);
  const stretch = (own: number) => Math.max(1, own * timesSteps);
  const stretched = timesSteps === 1 ? timed : withSteps(timed, stretch(timed.steps), stretch(timed.snnSteps));
  return { workload: stretched, technology: changed };
}

export interface Ratios {
  /** Energy of the digital int8 ANN, and of the ideal digital SNN, divided by Xpikeformer's. */
  readonly ann: number;
  readonly snn: number;
}

const RIVALS = { ann: "annDigital", snn: "snnDigital" } as const satisfies Record<keyof Ratios, ArchitectureId>;

/** @param plan of ratios of the same machines; default anew for this one */
export function ratiosOf(varied: Varied, plan?: Planner): Ratios {
  const own = totalFor("xpikeformer", varied, plan);
  return { ann: totalFor(RIVALS.ann, varied) / own, snn: totalFor(RIVALS.snn, varied) / own };
}

/** One of them, for searches. */
export const ratioOf = (varied: Varied, which: keyof Ratios, plan?: Planner): number =>
  totalFor(RIVALS[which], varied) / totalFor("xpikeformer", varied, plan);

const totalFor = (id: ArchitectureId, { workload, technology }: Varied, plan?: Planner): number =>
  totalOf(ARCHITECTURES[id].energy(workload, technology, plan));
