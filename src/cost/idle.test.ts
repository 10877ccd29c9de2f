/** Idle time: leakage, control and upkeep go on between inferences, on every machine, and nothing else does. */
import { describe, expect, test } from "vitest";
import { hardwareSpec } from "../experiment/hardware.ts";
import { ARCHITECTURE_IDS, ARCHITECTURES } from "./architectures/catalogue.ts";
import { standingEnergy } from "./architectures/xpikeformer.ts";
import { estimateCost } from "./cost.ts";
import { hardwarePrices } from "./hardware.ts";
import { findCostPreset } from "./presets.ts";
import { resolveTechnology } from "./resolve.ts";
import { findWorkload } from "./workloads.ts";

const preset = findCostPreset("simulated");
const resolved = resolveTechnology(preset);
const workload = findWorkload("icl-4-256-2x2");
const at = (inferenceRate: number) =>
  estimateCost(workload, resolveTechnology(preset, { set: { inferenceRate } })).architectures;
const busy = estimateCost(workload, resolved).architectures;
const MACHINES = ARCHITECTURE_IDS.filter((id) => !id.startsWith("gpu"));
const STANDING = ["leakage", "control", "upkeep"];

describe("at 100 inferences per second", () => {
  const idle = at(100);

  test.each(MACHINES)("%s pays for a hundredth of a second of leakage and control, and for the same work", (id) => {
    const { interval } = busy[id].performance;
    expect(interval).toBeLessThan(0.01);
    for (const [part, joules] of Object.entries(idle[id].parts)) {
      if (part === "control" || part === "upkeep")
        expect(joules / (busy[id].parts[part] || 1)).toBeCloseTo(busy[id].parts[part] && 0.01 / interval, 6);
      else if (!STANDING.includes(part)) expect(joules, part).toBe(busy[id].parts[part]);
    }
    expect(idle[id].parts.leakage).toBeGreaterThan(busy[id].parts.leakage);
    expect(idle[id].performance).toEqual(busy[id].performance);
  });

  test("ours leaks as long as it waits", () => {
    const { parts, performance } = busy.xpikeformer;
    expect(idle.xpikeformer.parts.leakage / parts.leakage).toBeCloseTo(0.01 / performance.interval, 6);
  });
});

test("a machine that is asked for more than it can do never waits", () => {
  const asked = at(1e12);
  for (const id of MACHINES) expect(asked[id].total, id).toBe(busy[id].total);
});

test("the field of the hardware is the rate of the prices", () => {
  const set = hardwarePrices(hardwareSpec.parse({ rate: 100 }), workload);
  const { inferenceRate } = resolveTechnology(preset, { set }).technology;
  expect(inferenceRate).toBe(100);
  expect(hardwarePrices(hardwareSpec.parse({}), workload).inferenceRate).toBeUndefined();
});

describe("one inference at a time", () => {
  test("leaks and is controlled for its latency instead of the interval", () => {
    const { parts, total, alone, performance } = busy.xpikeformer;
    const stretched = performance.latency / performance.interval;
    expect(stretched).toBeGreaterThan(2);
    const standing = standingEnergy(parts) - parts.links;
    expect(alone / (total + (stretched - 1) * standing)).toBeCloseTo(1, 9);
  });

  test("costs digital engines nothing: they have one at a time anyway", () => {
    for (const id of ["annDigital", "annTrees", "snnDigital"] as const) expect(busy[id].alone, id).toBe(busy[id].total);
    expect(busy.annAimcOwn.alone).toBeGreaterThan(busy.annAimcOwn.total);
  });

  test("is charged only where leakage is", () => {
    const { architectures } = estimateCost(workload, resolveTechnology(findCostPreset("claim")));
    for (const id of ARCHITECTURE_IDS) expect(architectures[id].alone, id).toBe(architectures[id].total);
  });

  test("is the rate of its latency", () => {
    const { alone, performance } = busy.xpikeformer;
    const prices = { ...resolved.technology, inferenceRate: 1 / performance.latency };
    const parts = ARCHITECTURES.xpikeformer.energy(workload, prices);
    expect(alone / Object.values(parts).reduce((a, b) => a + b)).toBeCloseTo(1, 12);
  });
});
