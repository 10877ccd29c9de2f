/**
 * A workload priced once: its estimate with everything that a report shows of it, as values. Whatever prints them asks no further price.
 *
 * One planner serves all questions, so every machine is planned once (`keptPlans`).
 */
import type { TaskSpec } from "../experiment/task.ts";
import type { Stream } from "../numeric/stream.ts";
import { kitOf } from "../task/catalogue.ts";
import { receiverEnergy } from "./architectures/receiver.ts";
import type { CostEstimate, NamedOperation } from "./cost.ts";
import { type Lever, leversOf } from "./levers.ts";
import { machineCost } from "./machine-cost.ts";
import type { MachinePrice } from "./machine-price.ts";
import { type BreakEven, breakEvens, converterMap, stepsByDensity } from "./maps.ts";
import { type MonteCarlo, monteCarlo } from "./monte-carlo.ts";
import type { Technology } from "./parameters.ts";
import type { Planner } from "./planned.ts";
import { keptPlans } from "./plans.ts";
import { type PriceRanges, priceRanges } from "./ranges.ts";
import { type TornadoBar, tornado } from "./tornado.ts";
import { totalOf } from "./unit-energies.ts";
import type { Ratios } from "./variation.ts";
import { type Waterfall, waterfall } from "./waterfall.ts";
import { meanDensity } from "./workload.ts";

/** Which rivals get an energy ratio; by default all. */
export interface Rivals {
  readonly ann: boolean;
  readonly snn: boolean;
}

export const ALL_RIVALS: Rivals = { ann: true, snn: true };

/** Ratios by row and column. */
export interface RatioMap {
  readonly rows: readonly number[];
  readonly columns: readonly number[];
  readonly ratios: readonly (readonly Ratios[])[];
}

export interface Priced {
  readonly estimate: CostEstimate;
  readonly rivals: Rivals;
  /** Every unit of the machine, with the actions of the workload's densities. */
  readonly machine: MachinePrice;
  readonly levers: readonly Lever[];
  /** Of the ratio to the ANN; null without that. */
  readonly waterfall: Waterfall | null;
  readonly tornado: readonly TornadoBar[] | null;
  /** Time steps by spike density; null without ratios, or if no layer fires, since scaling zero density has no effect. */
  readonly stepMap: RatioMap | null;
  /** Intervals of the estimate's figures, if they were drawn. */
  readonly ranges: PriceRanges | undefined;
}

export interface PriceOptions {
  readonly rivals?: Rivals;
  /** Draws over the ranges of all prices. Left out: none. */
  readonly ranges?: { readonly draws: number; readonly random: Stream } | undefined;
  /** Counted operations of the estimate, if they are not those of its densities. */
  readonly operations?: readonly NamedOperation[] | undefined;
  readonly plan?: Planner;
}

const MAP_STEPS = [1, 2, 4, 6, 8, 10, 16];
const MAP_DENSITIES = [0.05, 0.1, 0.18, 0.3, 0.5];

/** Random: as `priceRanges`. Throws MappingError when the machine cannot be built */
export function priceInFull(
  estimate: CostEstimate,
  { rivals = ALL_RIVALS, ranges, operations, plan = keptPlans() }: PriceOptions = {},
): Priced {
  const { workload, resolved } = estimate;
  const { technology } = resolved;
  const isMapped = (rivals.ann || rivals.snn) && meanDensity(workload) > 0;
  return {
    estimate,
    rivals,
    machine: machineCost(workload, technology, undefined, plan).price,
    levers: leversOf(workload, resolved, plan),
    waterfall: rivals.ann ? waterfall(workload, resolved, plan) : null,
    tornado: rivals.ann ? tornado(workload, resolved, plan) : null,
    stepMap: isMapped
      ? {
          rows: MAP_STEPS,
          columns: MAP_DENSITIES,
          ratios: stepsByDensity({ workload, technology }, MAP_STEPS, MAP_DENSITIES, plan),
        }
      : null,
    ranges: ranges && priceRanges(workload, resolved, { ...ranges, operations, plan }),
  };
}

/** What `xpike cost` shows besides. */
export interface PricedWorkload extends Priced {
  readonly breakEvens: readonly BreakEven[];
  /** Rows: bits of a conversion. Columns: SAR, flash. */
  readonly converters: Pick<RatioMap, "rows" | "ratios">;
  readonly monteCarlo: MonteCarlo | null;
  readonly receivers: readonly PricedReceiver[];
}

const CONVERTER_BITS = [4, 5, 6, 7, 8, 9];

/**
 * Random   `ranges` as `priceRanges`, `monteCarlo` as that
 * Throws   MappingError when the machine cannot be built
 *
 * @param task whose classical receivers are priced, too
 */
export function priceWorkload(
  estimate: CostEstimate,
  {
    task,
    draws,
    ...options
  }: PriceOptions & {
    readonly task?: TaskSpec | undefined;
    readonly draws?: { readonly draws: number; readonly random: Stream } | undefined;
  } = {},
): PricedWorkload {
  const { plan = keptPlans() } = options;
  const { workload, resolved } = estimate;
  const base = { workload, technology: resolved.technology };
  return {
    ...priceInFull(estimate, { ...options, plan }),
    breakEvens: breakEvens(base, plan),
    converters: { rows: CONVERTER_BITS, ratios: converterMap(base, CONVERTER_BITS, plan) },
    monteCarlo: draws ? monteCarlo(workload, resolved, { ...draws, plan }) : null,
    receivers: task ? priceReceivers(task, resolved.technology) : [],
  };
}

/** A classical receiver with the channel from the prompt's pilots. */
export interface PricedReceiver {
  readonly kind: "ml" | "mmse";
  /** Joules per inference. */
  readonly energy: number;
}

/** Both receivers of a link; none for another task. */
export function priceReceivers(task: TaskSpec, technology: Technology): PricedReceiver[] {
  const link = kitOf(task).link(task);
  if (!link) return [];
  return (["ml", "mmse"] as const).map((kind) => ({
    kind,
    energy: totalOf(receiverEnergy(link, { kind, channel: "pilots" }, technology)),
  }));
}
