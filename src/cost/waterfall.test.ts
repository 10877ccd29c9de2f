// @module-tag slow
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { machineByName, parseExperiment } from "../experiment/parse.ts";
import { ARCHITECTURES } from "./architectures/catalogue.ts";
import { estimateCost, ratioTo } from "./cost.ts";
import { hardwarePrices } from "./hardware.ts";
import { machineCost } from "./machine-cost.ts";
import { comparedWith, experimentWorkload } from "./measured.ts";
import { findCostPreset } from "./presets.ts";
import { resolveTechnology } from "./resolve.ts";
import { totalOf } from "./unit-energies.ts";
import { waterfall } from "./waterfall.ts";
import { type Workload, withSteps } from "./workload.ts";
import { atPublishedSteps, findWorkload, WORKLOADS } from "./workloads.ts";

const simulated = findCostPreset("simulated");
const paper = machineByName("paper");
/** On the paper's machine. */
const large = { ...findWorkload("vit-8-768-imagenet"), hardware: paper };
const set = hardwarePrices(paper, large);
const own = resolveTechnology(simulated, { set });

/** The ratio by the two estimates themselves, of whole machines. */
function endOf(workload: Workload, { technology }: typeof own): number {
  const whole = { ...technology, wholeMachine: 1 };
  return totalOf(ARCHITECTURES.annDigital.energy(workload, whole)) / machineCost(workload, whole).energy;
}

describe("the waterfall", () => {
  test("begins at the paper's ratio and ends at that of the machine", () => {
    const { start, end } = waterfall(large, own);
    const calibrated = estimateCost(atPublishedSteps(large), resolveTechnology(findCostPreset("paper")));
    expect(start).toBe(ratioTo(calibrated, "annDigital"));
    // Section VII-A prints 13.
    expect(start).toBeCloseTo(12.9, 1);
    expect(end / endOf(large, own)).toBeCloseTo(1, 12);
  });

  test("equals the product of its bars, each of which begins where the last one ended", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...WORKLOADS.filter(({ depth }) => depth < 8)),
        fc.integer({ min: 1, max: 12 }),
        fc.constantFrom(45, 32, 22),
        fc.constantFrom("simulated", "claim", "paper", "survey-adc"),
        fc.constantFrom(1, 2),
        (workload, steps, node, preset, conversionsPerSum) => {
          const at = withSteps(workload, steps);
          const resolved = resolveTechnology(findCostPreset(preset), { node, set: { conversionsPerSum, ssaTiles: 2 } });
          const { start, bars, end } = waterfall(at, resolved);
          let ratio = start;
          for (const { from, to } of bars) {
            expect(from).toBe(ratio);
            ratio = to;
          }
          expect(ratio / end).toBeCloseTo(1, 10);
          const product = bars.reduce((factor, { from, to }) => factor * (to / from), 1);
          expect(product / (end / start)).toBeCloseTo(1, 10);
          expect(end / endOf(at, resolved)).toBeCloseTo(1, 12);
          for (const { from, to } of bars) expect(from).not.toBe(to);
        },
      ),
      { seed: 1, numRuns: 12 },
    );
  });

  test("ends at the ratio of the report, with inputs from DRAM and a static share too", () => {
    const settings = resolveTechnology(simulated, { set: { inputDram: 1, analogStaticShare: 0.2 } });
    expect(waterfall(large, settings).end).toBe(ratioTo(estimateCost(large, settings), "annDigital"));
  });

  test("names only parts that the machine has", () => {
    const ids = (workload: Workload, resolved = own) => waterfall(workload, resolved).bars.map(({ id }) => id);
    const all = ids(large);
    expect(all).toEqual([
      ...["steps", "conversions", "ann", "units", "rules", "both-lines", "scaled", "widths"],
      ...["stream", "clock", "fifos", "wires", "leakage", "control"],
    ]);
    const differential = resolveTechnology(simulated, { set: { ...set, conversionsPerSum: 1 } });
    expect(ids(large, differential)).toEqual(all.filter((id) => id !== "both-lines"));
    expect(ids(atPublishedSteps(large))).toEqual(all.filter((id) => id !== "steps"));
    expect(ids(large, resolveTechnology(simulated, { node: 22, set }))).toEqual([...all, "settings"]);
    const rows = resolveTechnology(simulated, { set: { ...set, rows: 256 } });
    expect(ids(large, rows)).toContain("sizes");
  });

  test("of ViT-8-768 at T = 4: the contribution of each assumption", () => {
    const { bars } = waterfall(large, own);
    const worth = Object.fromEntries(bars.map(({ id, from, to }) => [id, Number((to / from).toFixed(2))]));
    expect(worth).toEqual({
      ...{ steps: 1.74, conversions: 0.54, ann: 1.44, units: 0.69, rules: 1, "both-lines": 0.6, scaled: 0.89 },
      ...{ widths: 1.2, stream: 0.95, clock: 1.62, fifos: 0.48, wires: 0.96, leakage: 0.99, control: 1 },
    });
  });

  test("of our own network: an evaluated ANN of another size has its own bar", () => {
    const experiment = parseExperiment({ name: "own", model: { kind: "spiking", width: 64, depth: 2, heads: 4 } });
    const resolved = resolveTechnology(simulated, { set: hardwarePrices(experiment.hardware, experiment.model) });
    const workload = experimentWorkload(experiment);
    const { model } = parseExperiment({ model: { kind: "ann", width: 32, depth: 1, heads: 4 } });
    const compared = comparedWith(workload, experiment, { ann: model });
    const [alone, beside] = [waterfall(workload, resolved), waterfall(compared, resolved)];
    expect(alone.bars.map(({ id }) => id)).not.toContain("evaluated");
    const bar = beside.bars.find(({ id }) => id === "evaluated")!;
    expect(bar.label).toBe("the ANN that was evaluated, 1-32");
    expect(bar.to).toBeLessThan(0.5 * bar.from);
    expect(beside.start).toBe(alone.start);
    expect(beside.end / endOf(compared, resolved)).toBeCloseTo(1, 12);
  });
});
