/** The cost of a workload on every architecture: counted actions times prices, with the sources of all prices used. */
import { CostError } from "../errors.ts";
import { type Schedule, scheduleOf } from "../machine/schedule.ts";
import { ARCHITECTURE_IDS, ARCHITECTURES, type ArchitectureId } from "./architectures/catalogue.ts";
import type { Performance } from "./architectures/performance.ts";
import {
  operationEnergies,
  type PricedOperation,
  standingEnergy,
  workloadActions,
  xpikeformer,
} from "./architectures/xpikeformer.ts";
import { type Area, estimateArea } from "./area.ts";
import { SOURCES } from "./catalogue.ts";
import { PARAMETER_IDS, type ParameterId, type Technology } from "./parameters.ts";
import { planMachine } from "./planned.ts";
import type { Price, Source } from "./receipt.ts";
import type { ResolvedTechnology } from "./resolve.ts";
import { periodOf, type Times, timesOf } from "./times.ts";
import { type Breakdown, totalOf } from "./unit-energies.ts";
import type { Workload } from "./workload.ts";

/** Counted actions of a named operation. */
export type NamedOperation = PricedOperation & { readonly name: string };

export interface ArchitectureCost {
  readonly label: string;
  /** Joules per inference by component; they sum to `total`. */
  readonly parts: Readonly<Breakdown>;
  readonly total: number;
  /** Joules of an inference that is alone on the machine: leakage and control last as long as its latency. */
  readonly alone: number;
  readonly performance: Performance;
}

export interface CostEstimate {
  readonly workload: Workload;
  readonly resolved: ResolvedTechnology;
  readonly architectures: Readonly<Record<ArchitectureId, ArchitectureCost>>;
  readonly schedule: Schedule;
  readonly times: Times;
  readonly area: Area;
  /** Xpikeformer's energy by operation of the network, if operations have names; equal operations are combined. */
  readonly operations: readonly { readonly name: string; readonly energy: number }[];
}

/** Energy per inference of one architecture. */
export const energyOf = (id: ArchitectureId, workload: Workload, { technology }: ResolvedTechnology): number =>
  totalOf(ARCHITECTURES[id].energy(workload, technology));

const noNumber = (label: string, total: number): CostError =>
  new CostError(
    "set",
    `With these prices, the energy of ${label} is ${total} J, which cannot be compared. A value that was set is far from any real ` +
      "one; `xpike cost --list` shows published values.",
  );

/** @param operations counted operations of one inference, such as a trace's; default from the workload's densities */
export function estimateCost(
  workload: Workload,
  resolved: ResolvedTechnology,
  operations?: readonly NamedOperation[],
): CostEstimate {
  const { technology } = resolved;
  const schedule = scheduleOf(planMachine(workload, technology).machine);
  const counted: readonly NamedOperation[] = operations ?? workloadActions(workload, technology);
  const energies = operationEnergies(workload, technology, counted);
  const architectures = {} as Record<ArchitectureId, ArchitectureCost>;
  for (const id of ARCHITECTURE_IDS) {
    const { label, energy, performance } = ARCHITECTURES[id];
    const partsAt = (prices: Technology) =>
      id === "xpikeformer" ? xpikeformer(workload, prices, operations) : energy(workload, prices);
    const parts = partsAt(technology);
    const total = totalOf(parts);
    if (!Number.isFinite(total)) throw noNumber(label, total);
    const own = performance(workload, technology);
    const alone = aloneOf(total, partsAt, own, technology);
    architectures[id] = { label, parts, total, alone, performance: own };
  }
  return {
    workload,
    resolved,
    architectures,
    schedule,
    times: timesOf(schedule, technology),
    area: estimateArea(workload, technology),
    operations: [
      ...counted.map(({ name, kind, repeat = 1 }, i) => ({
        name: `${name}${kind === "neurons" ? ", neurons" : ""}${repeat === 1 ? "" : ` (x ${repeat})`}`,
        energy: energies[i],
      })),
      ...(technology.wholeMachine === 1
        ? [{ name: "leakage, control, links, upkeep", energy: standingEnergy(architectures.xpikeformer.parts) }]
        : []),
    ],
  };
}

/**
 * Joules of an inference that is alone on a machine: at the rate of its latency.
 *
 * @param total  joules at the rate of the prices
 */
export function aloneOf(
  total: number,
  partsAt: (technology: Technology) => Breakdown,
  { latency, interval }: Performance,
  technology: Technology,
): number {
  const waits = technology.wholeMachine === 1 && latency > periodOf(interval, technology);
  return waits ? totalOf(partsAt({ ...technology, inferenceRate: 1 / latency })) : total;
}

/** Energy of another architecture over Xpikeformer's. */
export const ratioTo = ({ architectures }: CostEstimate, id: ArchitectureId): number =>
  architectures[id].total / architectures.xpikeformer.total;

/** The sources behind a technology with the parameters from each, in the catalogue's order. */
export function sourcesOf({ prices }: Pick<ResolvedTechnology, "prices">): { source: Source; used: ParameterId[] }[] {
  return SOURCES.flatMap((source) => {
    const used = PARAMETER_IDS.filter((id) => prices[id].source === source.id);
    return used.length > 0 ? [{ source, used }] : [];
  });
}

/** Prices set by hand, without a source. */
export const chosenPrices = ({ prices }: Pick<ResolvedTechnology, "prices">): Price[] =>
  PARAMETER_IDS.map((id) => prices[id]).filter(({ source }) => source === "chosen");
