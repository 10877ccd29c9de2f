// @module-tag slow

import fc from "fast-check";
import { expect, test } from "vitest";
import { mostHeads } from "../experiment/model.ts";
import { machineByName, parseExperiment } from "../experiment/parse.ts";
import { parseSweep } from "../experiment/sweep.ts";
import { hardwareFor, hardwarePrices } from "./hardware.ts";
import { leversOf } from "./levers.ts";
import { machineCost } from "./machine-cost.ts";
import { experimentWorkload } from "./measured.ts";
import { findCostPreset } from "./presets.ts";
import { resolveTechnology } from "./resolve.ts";
import { withSteps } from "./workload.ts";
import { findWorkload } from "./workloads.ts";

const simulated = findCostPreset("simulated");
const priced = (document: object) => {
  const experiment = parseExperiment(document);
  const set = hardwarePrices(experiment.hardware, { heads: mostHeads(experiment.model) });
  const resolved = resolveTechnology(simulated, { set });
  return { experiment, workload: experimentWorkload(experiment), resolved, technology: resolved.technology };
};
const machine = (hardware: object, steps = 4) =>
  priced({ name: "levers", model: { kind: "spiking", width: 64, depth: 2, heads: 4, steps }, hardware });

test("a lever says what the experiment costs that has it in its file", () => {
  const { experiment, workload, resolved, technology } = machine({ adc: { mode: "pair" }, ssa: { fifo: "cell" } });
  const base = machineCost(workload, technology);
  const fields = leversOf(workload, resolved).filter(({ setting }) => !setting.startsWith("--"));
  expect(fields.map(({ id }) => id).sort()).toEqual(
    [
      ...[
        "attention-charge",
        "feed-forward-charge",
        "differential",
        "fewer-bits",
        "fewer-converters",
        "fewer-rows",
        "fewer-steps",
        "fewer-tiles",
        "more-columns",
      ],
      ...["more-converters", "more-rows", "other-order", "power-of-two", "row-fifos", "shared-registers"],
      ...["coded-spikes", "gated-clocks", "threshold-scaling"],
    ].sort(),
  );
  for (const { id, setting, change } of fields) {
    const [{ experiment: changed }] = parseSweep(setting, experiment).points;
    const { technology: prices } = resolveTechnology(simulated, {
      set: hardwarePrices(changed.hardware, { heads: mostHeads(changed.model) }),
    });
    const cost = machineCost(experimentWorkload(changed), prices);
    for (const figure of ["energy", "latency", "interval", "area"] as const) {
      expect(change[figure], `${id}: ${figure}`).toBeCloseTo(cost[figure] / base[figure] - 1, 12);
    }
  }
});

test.each([45, 22])("a lever of the prices is what --set makes of them, at %d nm too", (node) => {
  const workload = findWorkload("vit-4-384-cifar10");
  const resolved = resolveTechnology(simulated, { node });
  const base = machineCost(workload, resolved.technology).energy;
  const prices = leversOf(workload, resolved).filter(({ setting }) => setting.startsWith("--set "));
  expect(prices.map(({ id }) => id).sort()).toEqual(["gated-cells", "smaller-floorplan", "zero-detection"]);
  for (const { setting, change } of prices) {
    const [name, value] = setting.slice("--set ".length).split("=");
    const other = resolveTechnology(simulated, { node, set: { [name]: value } }).technology;
    expect(change.energy).toBeCloseTo(machineCost(workload, other).energy / base - 1, 12);
    expect(change.energy).toBeLessThan(0);
  }
});

test("what saves most comes first, and nothing is on the list that changes nothing", () => {
  fc.assert(
    fc.property(
      fc.record({
        mode: fc.constantFrom("pair", "differential"),
        bits: fc.integer({ min: 2, max: 8 }),
        sharing: fc.constantFrom(1, 8, 128),
        fifo: fc.constantFrom("cell", "row"),
        tiles: fc.constantFrom(1, 3, 4),
        order: fc.constantFrom("token-major", "step-major"),
        steps: fc.integer({ min: 1, max: 5 }),
      }),
      ({ mode, bits, sharing, fifo, tiles, order, steps }) => {
        const { workload, resolved } = machine({ adc: { mode, bits, sharing }, ssa: { fifo, tiles }, order }, steps);
        const levers = leversOf(workload, resolved);
        const gains = levers.map(({ change }) => change.energy);
        expect(gains).toEqual(gains.toSorted((a, b) => a - b));
        for (const { change } of levers) expect(Object.values(change).some((share) => share !== 0)).toBe(true);
        const ids = levers.map(({ id }) => id);
        expect(ids.includes("differential")).toBe(mode === "pair");
        expect(ids.includes("row-fifos")).toBe(fifo === "cell");
        expect(ids.includes("fewer-steps")).toBe(steps > 1);
        expect(ids.includes("more-converters")).toBe(sharing > 1);
        expect(ids.includes("fewer-bits")).toBe(mode === "pair" || bits > 2);
      },
    ),
    { seed: 1, numRuns: 20 },
  );
});

test("columns that feed neurons are read by charge, or by comparison where one row block and one step are all", () => {
  const levers = (hardware: object, steps: number) => {
    const { workload, resolved } = machine(hardware, steps);
    return leversOf(workload, resolved).filter(({ id }) => /-(charge|comparison)$/.test(id));
  };
  const idsOf = (hardware: object, steps: number) =>
    levers(hardware, steps)
      .map(({ id }) => id)
      .sort();
  const [charge, comparison] = ["charge", "comparison"].map((how) => [`attention-${how}`, `feed-forward-${how}`]);
  expect(idsOf({}, 1)).toEqual([...charge, ...comparison].sort());
  expect(idsOf({}, 2)).toEqual(charge);
  expect(idsOf({ crossbar: { rows: 32 } }, 1)).toEqual(charge);
  expect(idsOf({ readOut: { attentionInput: "charge", feedForwardUp: "charge" } }, 2)).toEqual([]);
  expect(idsOf({ order: "step-major" }, 2)).toEqual([]);
  for (const { setting, sameAnswers, change } of levers({}, 4)) {
    expect(setting).toMatch(/^readOut\.(attentionInput|feedForwardUp)=charge$/);
    expect(sameAnswers).toBe(false);
    expect(change.energy).toBeLessThan(-0.05);
  }
});

test("labels of levers hold for any kind of attention", () => {
  const { workload, resolved } = priced({
    model: { kind: "spiking", width: 64, depth: 2, heads: 4, steps: 2, attention: { kind: "binary-map" } },
  });
  const labels = leversOf(workload, resolved).map(({ label }) => label);
  expect(labels).toContain("2 units of attention");
  expect(labels.join()).not.toContain("SSA");
});

test("the machine at hand is left as it was", () => {
  const { workload, resolved, technology } = machine({});
  const before = structuredClone({ workload, technology, hardware: hardwareFor(workload, technology) });
  leversOf(workload, resolved);
  expect({ workload, technology, hardware: hardwareFor(workload, technology) }).toEqual(before);
});

test("a machine that the change would make impossible is no lever", () => {
  const { workload, resolved } = machine({ sram: 27_000 });
  const ids = leversOf(workload, resolved).map(({ id }) => id);
  // Membranes of all tokens do not fit.
  expect(ids).not.toContain("other-order");
  expect(ids).toContain("fewer-steps");
});

test("registers that run on from step to step leave no other order", () => {
  const idsOf = (draws: string, ssa: object) => {
    const { workload, resolved } = priced({
      task: { pilots: 3, coding: "thermometer" },
      model: { kind: "spiking", attention: { draws } },
      hardware: { ssa },
    });
    return leversOf(workload, resolved).map(({ id }) => id);
  };
  expect(idsOf("stratified", {})).toContain("other-order");
  expect(idsOf("independent", {})).not.toContain("other-order");
  expect(idsOf("independent", { random: "ideal" })).toContain("other-order");
});

test("of ViT-8-768 on the paper's machine, FIFOs by the row save half, and a time step less a fifth", () => {
  const hardware = machineByName("paper");
  const workload = { ...withSteps(findWorkload("vit-8-768-imagenet"), 4), hardware };
  const set = hardwarePrices(hardware, workload);
  const levers = leversOf(workload, resolveTechnology(simulated, { set }));
  const gain = (id: string) => levers.find((lever) => lever.id === id)!.change.energy;
  // 8 blocks of 12 heads move 197 x 196 x 64 bits less for 320 clocks: 0.865 of 1.944 mJ, and their flip-flops leak.
  expect(gain("row-fifos")).toBeCloseTo(-0.487, 3);
  expect(gain("fewer-steps")).toBeCloseTo(-0.213, 3);
  expect(levers[0].id).toBe("row-fifos");
});
