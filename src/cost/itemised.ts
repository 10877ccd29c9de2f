/**
 * The energy of simulated chips as receipts: actions, their count and price, and the published prices behind each.
 *
 *   total = sum over parts of the sum over items of count * price
 *
 * A price comes from formulas over several parameters. The weight of a parameter is the relative change of the item's energy over the
 * relative change of the parameter, at the prices in force, so that a price which is one parameter times a constant has weight 1.
 */
import type { Experiment } from "../experiment/experiment.ts";
import { findSource } from "./catalogue.ts";
import type { EnergyItem } from "./machine-energy.ts";
import type { EnergyPart } from "./machine-price.ts";
import { type Measurement, perInference } from "./measured.ts";
import { PARAMETER_IDS, PARAMETERS, type ParameterId, type Technology } from "./parameters.ts";
import { priceUnitsOf } from "./planned.ts";
import type { Price, Unit } from "./receipt.ts";
import type { ResolvedTechnology } from "./resolve.ts";
import { planChips, pool, simulatedPrices } from "./simulated.ts";

export interface ItemisedEnergy {
  /** Joules per inference. */
  readonly total: number;
  readonly parts: readonly ItemisedPart[];
  /** Of every parameter that an item depends on. */
  readonly receipts: Readonly<Partial<Record<ParameterId, Receipt>>>;
}

export interface ItemisedPart {
  readonly part: EnergyPart;
  /** Joules per inference. */
  readonly energy: number;
  readonly items: readonly ReceiptItem[];
}

/** Its price is `energy / count`. */
export interface ReceiptItem extends Pick<EnergyItem, "what" | "count" | "unit" | "energy"> {
  /** The largest first. */
  readonly weights: readonly { readonly parameter: ParameterId; readonly weight: number }[];
}

/** A parameter of the cost model, and where its value comes from. */
export interface Receipt {
  readonly label: string;
  readonly unit: Unit;
  /** At the node in force. */
  readonly value: number;
  readonly price: Price;
  readonly reference: string;
  /** Null for our own assumptions, and for a value without a source. */
  readonly url: string | null;
}

/** Relative change of a parameter. */
const STEP = 1e-4;
/** Smaller weights are rounding. */
const LEAST_WEIGHT = 1e-3;

/**
 * The items behind the energy of `chipsCost`. Parts without energy are left out, and so are items.
 *
 * @param chips as `chipsCost`
 * Throws  as `chipsCost`
 */
export function itemiseChips(experiment: Experiment, chips: readonly Measurement[]): ItemisedEnergy {
  const measurement = pool(chips);
  const operations = perInference(measurement);
  const resolved = simulatedPrices(experiment);
  const planned = planChips(experiment, resolved.technology);
  const itemsAt = (technology: Technology) => priceUnitsOf(planned, technology).items(operations);
  const items = itemsAt(resolved.technology);
  const weights = weightsOf(items, itemsAt, resolved);
  const parts = new Map<EnergyPart, ReceiptItem[]>();
  items.forEach(({ part, what, count, unit, energy }, i) => {
    if (energy === 0) return;
    parts.set(part, [...(parts.get(part) ?? []), { what, count, unit, energy, weights: weights[i] }]);
  });
  const used = new Set([...parts.values()].flat().flatMap(({ weights }) => weights.map(({ parameter }) => parameter)));
  const energies = [...parts].map(([part, items]) => ({ part, items, energy: sumOf(items) }));
  return {
    total: sumOf(energies),
    parts: energies,
    receipts: Object.fromEntries([...used].map((id) => [id, receiptOf(id, resolved)])),
  };
}

const sumOf = (priced: readonly { readonly energy: number }[]): number =>
  priced.reduce((sum, { energy }) => sum + energy, 0);

/** The weights of each item, in the order of `items`. */
function weightsOf(
  items: readonly EnergyItem[],
  itemsAt: (technology: Technology) => readonly EnergyItem[],
  { technology }: ResolvedTechnology,
): { parameter: ParameterId; weight: number }[][] {
  const weights: { parameter: ParameterId; weight: number }[][] = items.map(() => []);
  for (const parameter of PARAMETER_IDS.filter((id) => isPrice(id, technology[id]))) {
    const changed = itemsAt({ ...technology, [parameter]: technology[parameter] * (1 + STEP) });
    for (const [i, { energy }] of items.entries()) {
      const weight = energy === 0 ? 0 : (changed[i].energy / energy - 1) / STEP;
      if (Math.abs(weight) > LEAST_WEIGHT) weights[i].push({ parameter, weight });
    }
  }
  return weights.map((ofItem) => ofItem.sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight)));
}

/** Sizes and switches are whole numbers without a unit, which a machine has or has not. */
function isPrice(id: ParameterId, value: number): boolean {
  const { unit } = PARAMETERS[id];
  if (value === 0 || unit === "bit" || unit === "B") return false;
  return unit !== "1" || !Number.isInteger(value);
}

function receiptOf(id: ParameterId, { technology, prices }: ResolvedTechnology): Receipt {
  const { label, unit } = PARAMETERS[id];
  const price = prices[id];
  const source = price.source === "chosen" ? null : findSource(price.source);
  return {
    ...{ label, unit, value: technology[id], price },
    reference: source?.reference ?? "set for this machine",
    url: source?.url ?? null,
  };
}
