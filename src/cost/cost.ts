/** The cost of a workload on every architecture: counted actions times prices, with the sources of all prices used. */
import { CostError } from "../errors.ts";
import type { Engine } from "../machine/machine.ts";
import { type Schedule, scheduleOf } from "../machine/schedule.ts";
import { ARCHITECTURE_IDS, ARCHITECTURES, type ArchitectureId } from "./architectures/catalogue.ts";
import { type Performance, paced } from "./architectures/performance.ts";
import {
  type OwnPrices,
  ownPrices,
  type PricedOperation,
  standingEnergy,
  workloadActions,
} from "./architectures/xpikeformer.ts";
import { type Area, estimateArea } from "./area.ts";
import { SOURCES } from "./catalogue.ts";
import { PARAMETER_IDS, type ParameterId, type Technology } from "./parameters.ts";
import type { PlannedMachine, Planner } from "./planned.ts";
import { keptPlans } from "./plans.ts";
import type { Price, Source } from "./receipt.ts";
import type { ResolvedTechnology } from "./resolve.ts";
import { periodOf, type Times, timesOf } from "./times.ts";
import { type Breakdown, totalOf } from "./unit-energies.ts";
import { type Workload, withSteps } from "./workload.ts";

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

/** What is known of any network: the cost of its machine, and of rivals where it has the sizes that their formulas take. */
export interface MachineEstimate {
  readonly workload: Pick<Workload, "steps" | "snnSteps" | "result">;
  readonly resolved: ResolvedTechnology;
  readonly architectures: Readonly<Partial<Record<ArchitectureId, ArchitectureCost>>> & {
    readonly xpikeformer: ArchitectureCost;
  };
  readonly schedule: Schedule;
  /** Units of attention with the operations that they serve. */
  readonly engines: readonly Pick<Engine, "unit" | "serves">[];
  readonly times: Times;
  readonly area: Omit<Area, "annDigital"> & Partial<Area>;
  /** Xpikeformer's energy by operation of the network, if operations have names; equal operations are combined. */
  readonly operations: readonly { readonly name: string; readonly energy: number }[];
}

/** The cost of a transformer on every architecture. */
export interface CostEstimate extends MachineEstimate {
  readonly workload: Workload;
  readonly architectures: Readonly<Record<ArchitectureId, ArchitectureCost>>;
  readonly area: Area;
}

/** Energy per inference of one architecture. */
export const energyOf = (id: ArchitectureId, workload: Workload, { technology }: ResolvedTechnology): number =>
  totalOf(ARCHITECTURES[id].energy(workload, technology));

function requireFinite(cost: ArchitectureCost): ArchitectureCost {
  if (Number.isFinite(cost.total)) return cost;
  throw new CostError(
    "set",
    `With these prices, the energy of ${cost.label} is ${cost.total} J, which cannot be compared. A value that was set is far from any real ` +
      "one; `xpike cost --list` shows published values.",
  );
}

/**
 * @param operations counted operations of one inference, such as a trace's; default from the workload's densities
 * @param plan       of estimates of the same machines; default for this one only
 */
export function estimateCost(
  workload: Workload,
  resolved: ResolvedTechnology,
  operations?: readonly NamedOperation[],
  plan: Planner = keptPlans(),
): CostEstimate {
  const { technology } = resolved;
  const counted: readonly NamedOperation[] = operations ?? workloadActions(workload, technology);
  const own = ownPrices(workload, technology, plan);
  const machine = estimateMachine(workload, plan(workload, technology), own, counted, resolved);
  const architectures = {} as Record<ArchitectureId, ArchitectureCost>;
  for (const id of ARCHITECTURE_IDS) {
    const { label } = ARCHITECTURES[id];
    architectures[id] =
      id === "xpikeformer"
        ? machine.architectures.xpikeformer
        : requireFinite({ label, ...rivalCost(id, workload, technology) });
  }
  return { ...machine, workload, architectures, area: estimateArea(workload, technology, own) };
}

/**
 * A planned machine alone.
 *
 * @param own        its prices
 * @param operations counted operations of one inference
 */
export function estimateMachine(
  workload: MachineEstimate["workload"],
  planned: PlannedMachine,
  own: OwnPrices,
  operations: readonly NamedOperation[],
  resolved: ResolvedTechnology,
): MachineEstimate {
  const { technology } = resolved;
  const { machine } = planned;
  const schedule = scheduleOf(machine);
  const { label } = ARCHITECTURES.xpikeformer;
  const xpikeformer = requireFinite({ label, ...ownCost(planned, technology, operations, own) });
  const energies = own.byOperation(operations);
  return {
    workload,
    resolved,
    architectures: { xpikeformer },
    schedule,
    engines: machine.engines,
    times: timesOf(schedule, technology),
    area: { crossbars: own.crossbars, xpikeformer: own.area },
    operations: [
      ...operations.map(({ name, kind, repeat = 1 }, i) => ({
        name: `${name}${kind === "neurons" ? ", neurons" : ""}${repeat === 1 ? "" : ` (x ${repeat})`}`,
        energy: energies[i],
      })),
      ...(technology.wholeMachine === 1
        ? [{ name: "leakage, control, links, upkeep", energy: standingEnergy(xpikeformer.parts) }]
        : []),
    ],
  };
}

/** Energy, time and area on Xpikeformer: `operations` on the machine that `own` prices. */
export const ownCost = (
  planned: PlannedMachine,
  technology: Technology,
  operations: readonly PricedOperation[],
  own: OwnPrices,
): Omit<ArchitectureCost, "label"> =>
  costOf(paced(planned, own.area, technology), technology, (prices) => own.energy(operations, prices));

/** The same on another architecture. */
export function rivalCost(
  id: Exclude<ArchitectureId, "xpikeformer">,
  workload: Workload,
  technology: Technology,
): Omit<ArchitectureCost, "label"> {
  const { energy, performance } = ARCHITECTURES[id];
  return costOf(performance(workload, technology), technology, (prices) => energy(workload, prices));
}

/** An inference that is alone on a machine is charged at the rate of its latency. */
function costOf(
  performance: Performance,
  technology: Technology,
  partsAt: (prices: Technology) => Breakdown,
): Omit<ArchitectureCost, "label"> {
  const { latency, interval } = performance;
  const parts = partsAt(technology);
  const total = totalOf(parts);
  const waits = technology.wholeMachine === 1 && latency > periodOf(interval, technology);
  const alone = waits ? totalOf(partsAt({ ...technology, inferenceRate: 1 / latency })) : total;
  return { parts, total, alone, performance };
}

/** The same estimate with spiking rivals at another number of time steps. */
export function withRivalSteps({ workload, resolved, ...estimate }: CostEstimate, snnSteps: number): CostEstimate {
  const timed = withSteps(workload, workload.steps, snnSteps);
  const architectures = { ...estimate.architectures };
  for (const id of ["snnDigital", "gpuSnn"] as const) {
    architectures[id] = { ...architectures[id], ...rivalCost(id, timed, resolved.technology) };
  }
  return { ...estimate, workload: timed, resolved, architectures };
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
