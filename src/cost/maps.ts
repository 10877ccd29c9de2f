/** Ratios over two axes, and the points at which a ratio falls below a level. */
import type { Planner } from "./planned.ts";
import { keptPlans } from "./plans.ts";
import { neurosim } from "./sources/peng-iedm-2019.ts";
import { type Ratios, ratioOf, ratiosOf, type Variation, type Varied, vary } from "./variation.ts";
import { meanDensity } from "./workload.ts";

const { flash5, flashPeriphery } = neurosim.prices;

/** `[row][column]` of ratios over all pairs of variations. */
export function ratioMap(
  base: Varied,
  rows: readonly Variation[],
  columns: readonly Variation[],
  plan: Planner = keptPlans(),
): Ratios[][] {
  return rows.map((row) => columns.map((column) => ratiosOf(vary(vary(base, row), column), plan)));
}

export interface BreakEven {
  /** Words of a figure's id. */
  readonly id: string;
  readonly label: string;
  readonly unit: "steps" | "1" | "J";
  /** Null if the ratio does not cross its level within the searched range. */
  readonly value: number | null;
}

/** Limits of the claims: time steps, density and energy per conversion at which ratios cross round levels. */
export function breakEvens(base: Varied, plan: Planner = keptPlans()): BreakEven[] {
  const steps = (level: number) => breakEven(base, "ann", level, (value) => ({ steps: value }), [1, 256], plan);
  const density = breakEven(base, "snn", 1, (value) => ({ density: value }), [0.01, 1], plan);
  const conversion = (which: keyof Ratios) =>
    breakEven(base, which, 1, (conversion5) => ({ set: { conversion5 } }), [1e-15, 100e-12], plan);
  return [
    ...[10, 5, 1].map((level) => ({
      id: `steps.ann${level}`,
      label: `Time steps at which the digital ANN needs ${level === 1 ? "the same energy" : `only ${level} times the energy`}`,
      unit: "steps" as const,
      value: steps(level),
    })),
    {
      id: "density.snn1",
      label: "Mean spike density below which the digital SNN needs less energy",
      unit: "1",
      value: density === null ? null : density * meanDensity(base.workload),
    },
    {
      id: "conversion.snn1",
      label: "Energy of a 5-bit conversion above which the digital SNN needs less energy",
      unit: "J",
      value: conversion("snn"),
    },
    {
      id: "conversion.ann1",
      label: "Energy of a 5-bit conversion above which the digital ANN needs less energy",
      unit: "J",
      value: conversion("ann"),
    },
  ];
}

/** Time steps as rows, mean density as columns: densities of all layers are scaled together, to at most 1. */
export const stepsByDensity = (
  base: Varied,
  steps: readonly number[],
  densities: readonly number[],
  plan?: Planner,
): Ratios[][] =>
  ratioMap(
    base,
    steps.map((t) => ({ steps: t })),
    densities.map((density) => ({ density: density / meanDensity(base.workload) })),
    plan,
  );

/** Converter bits as rows; SAR and flash as columns. Flash has its own 5-bit conversion and periphery in NeuroSim. */
export const converterMap = (base: Varied, bits: readonly number[], plan?: Planner): Ratios[][] =>
  ratioMap(
    base,
    bits.map((adcBits) => ({ set: { adcBits } })),
    [{}, { set: { flashConverter: 1, conversion5: flash5.value, periphery: flashPeriphery.value } }],
    plan,
  );

/**
 * The value between `low` and `high` at which a ratio crosses `level`, or null. `low` is doubled until the crossing is passed,
 * then bisected, so machines with many more time steps than the answer are never built.
 *
 * @param low    above 0
 * @param change the variation for a value, such as `(steps) => ({ steps })`; the ratio must be monotone in it
 */
export function breakEven(
  base: Varied,
  which: keyof Ratios,
  level: number,
  change: (value: number) => Variation,
  [low, high]: readonly [number, number],
  plan: Planner = keptPlans(),
): number | null {
  const above = (value: number) => ratioOf(vary(base, change(value)), which, plan) > level;
  const first = above(low);
  let [left, right] = [low, Math.min(2 * low, high)];
  while (above(right) === first) {
    if (right === high) return null;
    [left, right] = [right, Math.min(2 * right, high)];
  }
  // Until nothing lies between them; 60 halvings are far more precise than the printed digits.
  for (let i = 0; i < 60; i++) {
    const middle = (left + right) / 2;
    if (middle === left || middle === right) break;
    if (above(middle) === first) left = middle;
    else right = middle;
  }
  return (left + right) / 2;
}
