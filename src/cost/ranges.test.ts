// @module-tag slow
/** Ranges over the receipts: exact where one price is open, repeatable, and none where nothing is. */
import { describe, expect, test } from "vitest";
import { naturalLog, stream } from "../numeric/stream.ts";
import { ARCHITECTURE_IDS } from "./architectures/catalogue.ts";
import { workloadActions } from "./architectures/xpikeformer.ts";
import { estimateCost } from "./cost.ts";
import { drawPrices } from "./monte-carlo.ts";
import { PARAMETER_IDS, type ParameterId } from "./parameters.ts";
import { findCostPreset } from "./presets.ts";
import { pricePriors } from "./priors.ts";
import { priceRanges } from "./ranges.ts";
import { type ResolvedTechnology, resolveTechnology } from "./resolve.ts";
import { findWorkload } from "./workloads.ts";

const workload = findWorkload("icl-4-256-2x2");
const resolved = resolveTechnology(findCostPreset("simulated"));
const random = stream(1);

/** The same prices, of which only one has a range. */
function onlyOpen(open: ParameterId): ResolvedTechnology {
  const prices = { ...resolved.prices };
  for (const id of PARAMETER_IDS) {
    const { value } = prices[id];
    if (id !== open) prices[id] = { ...prices[id], low: value, high: value };
  }
  return { ...resolved, prices };
}

describe("where one price is open", () => {
  const open = onlyOpen("multiply8");
  const draws = 40;
  const { of } = priceRanges(workload, open, { draws, random });
  const [{ factor }] = pricePriors(open);

  test("the ANN's energy has the third smallest and third largest of forty draws, by hand", () => {
    const { total } = estimateCost(workload, open).architectures.annDigital;
    const totals = Array.from({ length: draws }, (_, i) => {
      const technology = drawPrices(open.technology, pricePriors(open), random.fork("price", i));
      return estimateCost(workload, { ...open, technology }).architectures.annDigital.total;
    }).sort((a, b) => a - b);
    expect(of.annDigital.energy).toEqual({ low: totals[2], high: totals[38] });
    // Half of the draws are below the price, and none is further off than its factor.
    expect(of.annDigital.energy!.low).toBeLessThan(total);
    expect(of.annDigital.energy!.high).toBeGreaterThan(total);
    expect(naturalLog(of.annDigital.energy!.high / of.annDigital.energy!.low)).toBeLessThan(2 * naturalLog(factor));
  });

  test("what does not depend on it has no range", () => {
    for (const figure of ["latency", "interval", "area"] as const) {
      expect(of.annDigital[figure], figure).toBeUndefined();
      expect(of.xpikeformer[figure], figure).toBeUndefined();
    }
    // A spiking engine multiplies pixels only.
    const decoder = { ...workload, embedding: "lines" as const };
    expect(priceRanges(decoder, open, { draws, random }).of.snnDigital.energy).toBeUndefined();
  });
});

test("all machines of a draw have the same prices: a ratio to itself is 1, and a price of all of them cancels", () => {
  const { of } = priceRanges(workload, resolved, { draws: 20, random });
  expect(of.xpikeformer.ratio).toBeUndefined();
  const own = priceRanges(workload, onlyOpen("flipFlopClock"), { draws: 40, random }).of;
  const width = ({ low, high }: { low: number; high: number }) => naturalLog(high / low);
  expect(width(own.annDigital.ratio!)).toBeLessThan(width(own.annDigital.energy!));
});

test("more draws keep the first, and counted actions count", () => {
  const some = { draws: 10, random };
  expect(priceRanges(workload, resolved, some)).toEqual(priceRanges(workload, resolved, some));
  const counted = workloadActions(workload, resolved.technology);
  const doubled = counted.map((one) => ({ ...one, repeat: 2 * one.repeat }));
  const [once, twice] = [counted, doubled].map(
    (operations) => priceRanges(workload, resolved, { ...some, operations }).of.xpikeformer.energy!,
  );
  expect(once).toEqual(priceRanges(workload, resolved, some).of.xpikeformer.energy);
  expect(twice.low).toBeGreaterThan(1.8 * once.low);
});

test("every machine but a graphics processor has a range of energy, of latency and of its ratio", () => {
  const { of } = priceRanges(workload, resolved, { draws: 20, random });
  for (const id of ARCHITECTURE_IDS.filter((one) => !one.startsWith("gpu"))) {
    expect(of[id].energy!.high, id).toBeGreaterThan(of[id].energy!.low);
    if (id !== "xpikeformer") expect(of[id].ratio!.high, id).toBeGreaterThan(of[id].ratio!.low);
  }
  expect(of.xpikeformer.latency!.high).toBeGreaterThan(of.xpikeformer.latency!.low);
  expect(of.xpikeformer.area!.high).toBeGreaterThan(of.xpikeformer.area!.low);
});
