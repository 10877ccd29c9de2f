/** The paper preset reproduces what it is calibrated to, and this is where it is written which printed ratios it cannot. */
import { describe, expect, test } from "vitest";
import { xpikeformer } from "./architectures/xpikeformer.ts";
import { CLAIMED_RATIOS, isWithinRounding } from "./claims.ts";
import { energyOf } from "./cost.ts";
import { PRINTED_SPLIT } from "./paper-preset.ts";
import { findCostPreset } from "./presets.ts";
import { resolveTechnology } from "./resolve.ts";
import { neurosim } from "./sources/peng-iedm-2019.ts";
import { totalOf } from "./unit-energies.ts";
import { atPublishedSteps, findWorkload } from "./workloads.ts";

const resolved = resolveTechnology(findCostPreset("paper"));

describe("ViT-8-768 at T = 7", () => {
  const parts = xpikeformer(atPublishedSteps(findWorkload("vit-8-768-imagenet")), resolved.technology);
  const { technology } = resolved;
  const bufferBit = technology.sramRead / 8;
  // The residual part holds additions and traffic: 2 additions x 8 blocks x T N D features, of b bits read and written.
  const residualTraffic = 2 * 8 * 7 * 197 * 768 * technology.residualTrafficBits * 2 * bufferBit;
  const other = parts.residual - residualTraffic;
  const aimc = parts.adc + parts.periphery + parts.accumulation + parts.lif;
  const compute = aimc + parts.ssaCells + other;

  test("takes 0.30 mJ, compute and SRAM traffic together", () => {
    expect(totalOf(parts) / PRINTED_SPLIT.total).toBeCloseTo(1, 12);
    expect((compute + parts.spikeBuffer + residualTraffic) / PRINTED_SPLIT.total).toBeCloseTo(1, 12);
  });

  test("splits its compute 78.4, 18.9 and 2.7 %, and the AIMC part 85.9, 12.1 and 2.0 %", () => {
    expect(aimc / compute).toBeCloseTo(0.784, 12);
    expect(parts.ssaCells / compute).toBeCloseTo(0.189, 12);
    expect(other / compute).toBeCloseTo(0.027, 12);
    expect(parts.periphery / aimc).toBeCloseTo(0.859, 12);
    expect((parts.accumulation + parts.lif) / aimc).toBeCloseTo(0.121, 12);
    expect(parts.adc / aimc).toBeCloseTo(0.02, 12);
  });

  test("implies a 5-bit conversion of 2.4 fJ, a hundredth of NeuroSim's", () => {
    expect(1e15 * technology.conversion5).toBeCloseTo(2.4, 1);
    expect(neurosim.prices.conversion5.value / technology.conversion5).toBeGreaterThan(100);
  });
});

test("the printed ratios within their rounding are these, and the others are not", () => {
  const outcome = CLAIMED_RATIOS.map(({ workload, architecture, printed }) => {
    const at = atPublishedSteps(findWorkload(workload));
    const ratio = energyOf(architecture, at, resolved) / energyOf("xpikeformer", at, resolved);
    return `${architecture} ${workload} ${printed.join(" or ")}: ${isWithinRounding(ratio, printed) ? "yes" : "no"}`;
  });
  expect(outcome).toEqual([
    "annDigital vit-6-512-imagenet 9.6: yes",
    "annDigital vit-8-768-imagenet 13: yes",
    "annAimc vit-6-512-imagenet 5.4 or 5.9: no",
    "annAimc vit-8-768-imagenet 5.4 or 5.9: yes",
    "snnDigital vit-6-512-imagenet 1.8 or 1.9: no",
    "snnDigital vit-8-768-imagenet 1.8 or 1.9: yes",
    "annDigital icl-4-256-4x4 7: no",
    "annDigital icl-8-512-4x4 14.5: no",
    "annAimc icl-4-256-4x4 2.6 or 4.0: yes",
    "annAimc icl-8-512-4x4 2.6 or 4.0: no",
    "snnDigital icl-4-256-4x4 1.6 or 1.8: yes",
    "snnDigital icl-8-512-4x4 1.6 or 1.8: no",
  ]);
});
