/**
 * How far the receipts of the prices leave an estimate open: its energies, energy ratios, times and areas over seeded draws of all
 * prices, each log-uniform around the user's own as in `monte-carlo.ts`. Time steps, spikes and sizes are those of the estimate.
 *
 * All machines of a draw have the same prices, so a ratio is narrower than its two energies.
 */
import type { Stream } from "../numeric/stream.ts";
import { ARCHITECTURE_IDS, ARCHITECTURES, type ArchitectureId } from "./architectures/catalogue.ts";
import { ownPrices, workloadActions, xpikeformer } from "./architectures/xpikeformer.ts";
import { type NamedOperation, ownCost, rivalCost } from "./cost.ts";
import { drawPrices, percentile } from "./monte-carlo.ts";
import type { Technology } from "./parameters.ts";
import type { Planner } from "./planned.ts";
import { keptPlans } from "./plans.ts";
import { pricePriors } from "./priors.ts";
import type { ResolvedTechnology } from "./resolve.ts";
import { totalOf } from "./unit-energies.ts";
import type { Workload } from "./workload.ts";

/** At 5 and 95 % of the draws. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

export type RangedFigure = "energy" | "alone" | "ratio" | "latency" | "interval" | "area" | "energyDelay";

export interface PriceRanges {
  readonly draws: number;
  /** A figure is left out where no price of it is open. */
  readonly of: Readonly<Record<ArchitectureId, Readonly<Partial<Record<RangedFigure, Range>>>>>;
}

/** Draws of a report: enough for two digits of a 5 to 95 % range. */
export const RANGE_DRAWS = 200;

interface RangeOptions {
  readonly draws: number;
  readonly random: Stream;
  /** Counted operations of one inference, such as a trace's; default from the workload's densities. */
  readonly operations?: readonly NamedOperation[] | undefined;
  /** Plans the machines of the draws. */
  readonly plan?: Planner;
}

/** Random: draw i from `random.fork("price", i)` */
export function priceRanges(workload: Workload, resolved: ResolvedTechnology, options: RangeOptions): PriceRanges {
  const { operations, plan = keptPlans() } = options;
  return rangesOf(resolved, options, (technology) => {
    const prices = ownPrices(workload, technology, plan);
    const own = ownCost(
      plan(workload, technology),
      technology,
      operations ?? workloadActions(workload, technology),
      prices,
    );
    const costs = ARCHITECTURE_IDS.map((id) => ({
      id,
      ...(id === "xpikeformer" ? own : rivalCost(id, workload, technology)),
    }));
    return costs.map(({ id, total, alone, performance: { latency, interval, area } }) => ({
      id,
      figures: {
        energy: total,
        alone,
        ratio: total / own.total,
        latency,
        interval,
        energyDelay: alone * latency,
        ...(area !== null && { area }),
      },
    }));
  });
}

/** The same for energies and ratios of some architectures only. Random: as `priceRanges` */
export function energyRanges(
  workload: Workload,
  resolved: ResolvedTechnology,
  { ids, ...options }: RangeOptions & { readonly ids: readonly ArchitectureId[] },
): PriceRanges {
  const { operations, plan = keptPlans() } = options;
  return rangesOf(resolved, options, (technology) => {
    const own = totalOf(xpikeformer(workload, technology, operations, plan));
    return ids.map((id) => {
      const energy = id === "xpikeformer" ? own : totalOf(ARCHITECTURES[id].energy(workload, technology));
      return { id, figures: { energy, ratio: energy / own } };
    });
  });
}

/** @param priced figures of one draw, Xpikeformer first */
function rangesOf(
  resolved: ResolvedTechnology,
  { draws, random }: Pick<RangeOptions, "draws" | "random">,
  priced: (
    technology: Technology,
  ) => readonly { readonly id: ArchitectureId; readonly figures: Partial<Record<RangedFigure, number>> }[],
): PriceRanges {
  const priors = pricePriors(resolved);
  const values = new Map<string, number[]>();
  for (let i = 0; i < draws; i++) {
    for (const { id, figures } of priced(drawPrices(resolved.technology, priors, random.fork("price", i)))) {
      for (const [figure, value] of Object.entries(figures)) {
        const key = `${id}.${figure}`;
        const all = values.get(key);
        if (all) all.push(value);
        else values.set(key, [value]);
      }
    }
  }
  const ranges = {} as Record<ArchitectureId, Partial<Record<RangedFigure, Range>>>;
  for (const id of ARCHITECTURE_IDS) ranges[id] = {};
  for (const [key, drawn] of values) {
    const [id, figure] = key.split(".") as [ArchitectureId, RangedFigure];
    const range = rangeOf(drawn);
    if (range.low < range.high) ranges[id][figure] = range;
  }
  return { draws, of: ranges };
}

function rangeOf(values: readonly number[]): Range {
  const sorted = [...values].sort((a, b) => a - b);
  return { low: percentile(sorted, 0.05), high: percentile(sorted, 0.95) };
}
