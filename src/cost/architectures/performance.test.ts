import { describe, expect, test } from "vitest";
import { estimateCost } from "../cost.ts";
import { COST_PRESETS, findCostPreset } from "../presets.ts";
import { resolveTechnology } from "../resolve.ts";
import { scaleDensities, type Workload, withSteps } from "../workload.ts";
import { findWorkload, WORKLOADS } from "../workloads.ts";
import { ARCHITECTURE_IDS, ARCHITECTURES, type ArchitectureId } from "./catalogue.ts";
import { meritOf } from "./performance.ts";

const resolved = resolveTechnology(findCostPreset("bottom-up"));
const { technology } = resolved;
const large = findWorkload("vit-8-768-imagenet");
const of = (id: ArchitectureId, workload: Workload = large) => ARCHITECTURES[id].performance(workload, technology);

test("images per second of ViT-8-768 at T = 4: 1,161 one at a time and 6,510 pipelined, 1,089 on the digital ANN", () => {
  const { architectures } = estimateCost(large, resolved);
  const [own, ann] = (["xpikeformer", "annDigital"] as const).map((id) =>
    meritOf(architectures[id], architectures[id].performance, 1),
  );
  expect(own.oneAtATime).toBeCloseTo(1161, 0);
  expect(own.inFlight).toBeCloseTo(6510, -1);
  expect(ann.inFlight).toBeCloseTo(1089, 0);
  expect(own.perArea).toBeCloseTo(4.4, 1);
  expect(ann.perArea).toBeCloseTo(3.1, 1);
  expect(own.perWatt / ann.perWatt).toBeCloseTo(12.1, 1);
});

test("the figures of merit of one inference with two answers, by hand", () => {
  // 3 J, or 5 J where an inference is alone for its 4 s; another one every 2 s, on 5 mm2.
  const energy = { total: 3, alone: 5 };
  expect(meritOf(energy, { latency: 4, interval: 2, area: 5e-6 }, 2)).toEqual({
    ...{ energyDelay: 20, oneAtATime: 0.5, inFlight: 1, perArea: 0.2, perWatt: 2 / 3 },
  });
  expect(meritOf(energy, { latency: 4, interval: 2, area: null }, 2).perArea).toBeNull();
});

test("no machine answers less often with more inferences in flight, on any workload at any prices", () => {
  for (const preset of COST_PRESETS) {
    const prices = resolveTechnology(preset).technology;
    for (const workload of WORKLOADS) {
      for (const id of ARCHITECTURE_IDS) {
        const { latency, interval, area } = ARCHITECTURES[id].performance(workload, prices);
        expect(interval, `${id}, ${workload.name}, ${preset.name}`).toBeGreaterThan(0);
        expect(interval).toBeLessThanOrEqual(latency);
        if (area !== null) expect(area).toBeGreaterThan(0);
      }
    }
  }
});

describe("time", () => {
  test("of the digital SNN follows spikes and steps, and is the time of its additions", () => {
    const time = of("snnDigital").latency;
    // Additions of 4 steps: 18.4 % of 11.15 G a step, the patches' 116 M once, and what q, k and v add.
    expect(time * technology.annUnits * technology.annUtilisation * technology.annClock).toBeCloseTo(
      ARCHITECTURES.snnDigital.energy(large, technology).accumulate / 0.0425e-12 +
        197 * 768 * 768 +
        8 * 4 * 197 ** 2 * 768 * (0.082 * 0.032 + 0.059),
      -2,
    );
    expect(of("snnDigital", scaleDensities(large, 0.5)).latency).toBeLessThan(0.55 * time);
    expect(of("snnDigital", withSteps(large, 4, 8)).latency).toBeGreaterThan(1.9 * time);
  });

  test("of the hybrid ANN: 8 blocks of 200 vectors of 8 reads of 90 ns, and attention", () => {
    const attention = (2 * 197 ** 2 * 768 * 8) / (65_536 * 0.9 * 217e6);
    expect(of("annAimc").latency).toBeCloseTo(8 * 200 * 8 * 90e-9 + attention, 12);
    expect(of("annAimc").interval).toBeCloseTo(197 * 8 * 90e-9, 12);
    expect(of("annAimcOwn").latency).toBe(of("annAimc").latency);
  });
});

describe("area", () => {
  test("of the hybrid ANN is as many crossbars as it has cells per weight, plus the digital engine", () => {
    const engine = technology.annUnits * technology.macArea;
    const [four, one] = (["annAimc", "annAimcOwn"] as const).map((id) => of(id).area! - engine);
    expect(four / one).toBeCloseTo(4, 12);
    // 3,456 crossbars for the blocks of ViT-8-768, as Xpikeformer's.
    expect(one / technology.crossbarArea).toBeCloseTo(3456, 9);
  });

  test("falls with the bits of the digital engine", () => {
    const areas = (["annFloat16", "annDigital", "annInt5", "annInt4"] as const).map((id) => of(id).area!);
    expect(areas).toEqual(areas.toSorted((a, b) => b - a));
  });
});

test("a machine's time and area are those of the network that it runs", () => {
  const ann = findWorkload("vit-4-384-imagenet");
  const beside: Workload = { ...large, compared: { ann } };
  for (const id of ARCHITECTURE_IDS) {
    const network = ARCHITECTURES[id].runs === "ann" ? ann : large;
    expect(of(id, beside), id).toEqual(of(id, network));
    expect(ARCHITECTURES[id].energy(beside, technology), id).toEqual(ARCHITECTURES[id].energy(network, technology));
  }
});
