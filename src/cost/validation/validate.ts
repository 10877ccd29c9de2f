/**
 * The cost model against silicon: every design of `designs.ts` priced by the model, over what was measured.
 *
 * Two uncertainties are given apart: that of prices, by draws over the ranges of their receipts, and that of node scaling, by
 * pricing at 45 nm and scaling all energies by each published law.
 */
import { CostError } from "../../errors.ts";
import { exponential } from "../../numeric/exponential.ts";
import { naturalLog, type Stream } from "../../numeric/stream.ts";
import { drawPrices, percentile } from "../monte-carlo.ts";
import type { Technology } from "../parameters.ts";
import { findCostPreset } from "../presets.ts";
import { pricePriors } from "../priors.ts";
import { resolveTechnology } from "../resolve.ts";
import { ENERGY_POLYNOMIALS } from "../sources/stillmaker-integration-2017.ts";
import { totalOf } from "../unit-energies.ts";
import type { DesignMeasurement, PricedAction, SiliconDesign } from "./design.ts";
import { DESIGNS } from "./designs.ts";
import { scalingsAt } from "./scalings.ts";

export interface RatioRange {
  readonly low: number;
  readonly high: number;
}

export interface ValidatedDesign {
  readonly design: SiliconDesign;
  /** Joules by part, at the design's node and supply; `total` is their sum. */
  readonly parts: Readonly<Record<string, number>>;
  readonly total: number;
  /** The total at the supply of the node. */
  readonly atNodeSupply: number;
  /** Model over measurement. */
  readonly ratio: number;
  /** 5 to 95 % of the ratio over the ranges of receipts; null without draws. */
  readonly prices: RatioRange | null;
  /** The ratio's range over published node scalings, including the model's own; null if none but the model's covers the node. */
  readonly scaling: RatioRange | null;
  /** Whether the measurement lies inside: of the prices' range, of both ranges together, or of neither. */
  readonly inside: "prices" | "prices and scaling" | "no";
}

export interface SiliconValidation {
  readonly designs: readonly ValidatedDesign[];
  /** Designs whose model is within a factor of 2 of the measurement. */
  readonly withinTwo: number;
  /** Median of the larger of ratio and 1 / ratio. */
  readonly medianFactor: number;
  readonly draws: number;
}

const PRESET = "simulated";
/** Where the model's prices are published. */
const HOME = 45;

/**
 * @param draws  draws over the ranges of receipts; 0: none
 *
 * Random   draw i of a design from `random.fork(id, i)`
 * Throws   CostError for a node that the model cannot price
 */
export function validateModel({
  draws,
  random,
}: {
  readonly draws: number;
  readonly random: Stream;
}): SiliconValidation {
  const designs = DESIGNS.map((design) => validateDesign(design, draws, random.fork(design.id)));
  const factors = designs.map(({ ratio }) => Math.max(ratio, 1 / ratio));
  return {
    designs,
    withinTwo: factors.filter((factor) => factor <= 2).length,
    medianFactor: medianOf(factors),
    draws,
  };
}

function validateDesign(design: SiliconDesign, draws: number, random: Stream): ValidatedDesign {
  const { node, measured, actions } = design;
  const preset = findCostPreset(PRESET);
  const resolved = resolveTechnology(preset, { node, extrapolate: true });
  const home = resolveTechnology(preset, { node: HOME }).technology;
  const supply = supplyFactor(design);
  const price = (technology: Technology, factor = supply) => totalOf(partsOf(actions, technology, factor));
  const parts = partsOf(actions, resolved.technology, supply);
  const total = price(resolved.technology);
  const ratio = total / measured.value;
  const priors = pricePriors(resolved);
  const drawn = Float64Array.from(
    { length: draws },
    (_, i) => price(drawPrices(resolved.technology, priors, random.fork("draw", i))) / measured.value,
  ).sort();
  const prices = draws > 0 ? { low: percentile(drawn, 0.05), high: percentile(drawn, 0.95) } : null;
  const scaled = scalingsAt(node).map(({ factor }) => price(home, supply * factor) / measured.value);
  const scaling = scaled.length > 0 ? rangeOf([ratio, ...scaled]) : null;
  return {
    design,
    parts,
    total,
    atNodeSupply: price(resolved.technology, 1),
    ratio,
    prices,
    scaling,
    inside: insideOf(measured, ratio, prices, scaling),
  };
}

/** Joules by part; `factor` multiplies all that follow node and supply. */
function partsOf(actions: readonly PricedAction[], technology: Technology, factor: number): Record<string, number> {
  const parts: Record<string, number> = {};
  for (const { part, count, price, fixed } of actions) {
    // The line through two drawn prices of adders may fall below zero at the fewest bits.
    parts[part] = (parts[part] ?? 0) + count * Math.max(0, price(technology)) * (fixed ? 1 : factor);
  }
  return parts;
}

/** The square of the printed supply over the node's; 1 if none is printed. Throws CostError for a node without a supply. */
function supplyFactor({ id, node, supply }: SiliconDesign): number {
  if (supply === null) return 1;
  // Between two rows of equal supply, and at each row.
  const above = ENERGY_POLYNOMIALS.filter(([row]) => row >= node).at(-1)?.[1];
  const below = ENERGY_POLYNOMIALS.find(([row]) => row <= node)?.[1];
  if (above === undefined || above !== below) {
    throw new CostError(
      `design.${id}`,
      `The supply of ${node} nm is not in the table of supplies. Leave the design's out.`,
    );
  }
  return (supply / above) ** 2;
}

/** Whether a measurement lies inside the range of prices, or of prices and scaling together, of a model that is `ratio` times it. */
export function insideOf(
  measured: Pick<DesignMeasurement, "value" | "low" | "high">,
  ratio: number,
  prices: RatioRange | null,
  scaling: RatioRange | null,
): ValidatedDesign["inside"] {
  // Ratios to the printed value; the printed range around it is as wide relative to 1.
  const [least, most] = [
    (measured.low ?? measured.value) / measured.value,
    (measured.high ?? measured.value) / measured.value,
  ];
  const covers = ({ low, high }: RatioRange) => low <= most && high >= least;
  const own = prices ?? { low: ratio, high: ratio };
  if (covers(own)) return "prices";
  const { low, high } = scaling ?? { low: ratio, high: ratio };
  const both = { low: (own.low * low) / ratio, high: (own.high * high) / ratio };
  return covers(both) ? "prices and scaling" : "no";
}

const rangeOf = (values: readonly number[]): RatioRange => ({ low: Math.min(...values), high: Math.max(...values) });

/** The middle of the values, or the geometric mean of the middle two. */
function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle];
  return exponential((naturalLog(sorted[middle - 1]) + naturalLog(sorted[middle])) / 2);
}
