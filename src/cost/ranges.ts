/**
 * How far the receipts of the prices leave an estimate open: its energies, energy ratios, times and areas over seeded draws of all
 * prices, each log-uniform around the user's own as in `monte-carlo.ts`. Time steps, spikes and sizes are those of the estimate.
 *
 * All machines of a draw have the same prices, so a ratio is narrower than its two energies.
 */
import type { Stream } from "../numeric/stream.ts";
import { ARCHITECTURE_IDS, ARCHITECTURES, type ArchitectureId } from "./architectures/catalogue.ts";
import { xpikeformer } from "./architectures/xpikeformer.ts";
import { aloneOf, type NamedOperation } from "./cost.ts";
import { drawPrices, percentile } from "./monte-carlo.ts";
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

/**
 * @param operations counted operations of one inference, such as a trace's; default from the workload's densities
 *
 * Random   draw i from `random.fork("price", i)`
 */
export function priceRanges(
  workload: Workload,
  resolved: ResolvedTechnology,
  {
    draws,
    random,
    operations,
  }: { readonly draws: number; readonly random: Stream; readonly operations?: readonly NamedOperation[] | undefined },
): PriceRanges {
  const priors = pricePriors(resolved);
  const values = new Map<string, number[]>();
  const keep = (id: ArchitectureId, figure: RangedFigure, value: number) => {
    const key = `${id}.${figure}`;
    const all = values.get(key);
    if (all) all.push(value);
    else values.set(key, [value]);
  };
  for (let i = 0; i < draws; i++) {
    const technology = drawPrices(resolved.technology, priors, random.fork("price", i));
    let own = 0;
    // Xpikeformer comes first.
    for (const id of ARCHITECTURE_IDS) {
      const { energy, performance } = ARCHITECTURES[id];
      const partsAt = (prices: typeof technology) =>
        id === "xpikeformer" ? xpikeformer(workload, prices, operations) : energy(workload, prices);
      const total = totalOf(partsAt(technology));
      if (id === "xpikeformer") own = total;
      const times = performance(workload, technology);
      const alone = aloneOf(total, partsAt, times, technology);
      keep(id, "energy", total);
      keep(id, "alone", alone);
      keep(id, "ratio", total / own);
      keep(id, "latency", times.latency);
      keep(id, "interval", times.interval);
      keep(id, "energyDelay", alone * times.latency);
      if (times.area !== null) keep(id, "area", times.area);
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
