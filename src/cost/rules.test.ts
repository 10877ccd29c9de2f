/** The rules of the comparison: the same for every machine with bottom-up prices, and those of the claims where `claim` says so. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { machineByName } from "../experiment/parse.ts";
import { ARCHITECTURE_IDS, ARCHITECTURES, type ArchitectureId } from "./architectures/catalogue.ts";
import { workloadActions, xpikeformer } from "./architectures/xpikeformer.ts";
import { hardwarePrices } from "./hardware.ts";
import { findCostPreset } from "./presets.ts";
import { resolveTechnology } from "./resolve.ts";
import { bufferByte, sramByte, totalOf } from "./unit-energies.ts";
import { scaleDensities, type Workload, withSteps } from "./workload.ts";
import { findWorkload, WORKLOADS } from "./workloads.ts";

const { technology } = resolveTechnology(findCostPreset("bottom-up"));
const claim = resolveTechnology(findCostPreset("claim")).technology;
const large = findWorkload("vit-8-768-imagenet");
/** The sizes of our network for the 2x2 link: 2 blocks of width 128, so 393,216 weights. */
const small: Workload = { ...findWorkload("icl-4-256-2x2"), depth: 2, width: 128, blocks: large.blocks.slice(0, 2) };
const total = (id: ArchitectureId, workload: Workload, prices = technology) =>
  totalOf(ARCHITECTURES[id].energy(workload, prices));

test("simulated prices are of the recommended machine, which is that of the defaults", () => {
  const simulated = findCostPreset("simulated");
  const set = hardwarePrices(machineByName("recommended"), large);
  expect(resolveTechnology(simulated).technology).toEqual(resolveTechnology(simulated, { set }).technology);
});

describe("inputs from DRAM", () => {
  // A graphics processor's energy has its memory in it.
  const machines = ARCHITECTURE_IDS.filter((id) => !id.startsWith("gpu"));

  test("are paid by every machine, or by none", () => {
    for (const workload of WORKLOADS) {
      const paid = workload.tokens * workload.annInputs * 8 * technology.dramBit;
      for (const id of machines) {
        const [none, all] = [0, 1].map((inputDram) => total(id, workload, { ...technology, inputDram }));
        expect((all - none) / paid, `${id}, ${workload.name}`).toBeCloseTo(1, 5);
        expect(total(id, workload), id).toBe(none);
      }
    }
  });

  test("are the digital ANNs' alone under the rules of the claims", () => {
    const charged = machines.filter((id) => total(id, large, claim) !== total(id, large, { ...claim, inputDram: 0 }));
    expect(charged).toEqual(["annDigital", "annTrees", "annInt5", "annInt4", "annTrained", "annFloat16"]);
  });
});

describe("the hybrid ANN with our cells", () => {
  test("converts as often as Xpikeformer at T equal to its input bits, at the same price", () => {
    // Inputs of both kinds as lines at every step, so that embedding and head are layers of both.
    const lines = { ...small, embedding: "lines" as const, annInputs: small.inputs };
    for (const workload of [lines, { ...lines, scaled: true }]) {
      const hybrid = ARCHITECTURES.annAimcOwn.energy(workload, technology);
      const inSteps = withSteps(workload, technology.hybridInputBits);
      const ours = xpikeformer(inSteps, technology);
      const offsets = workloadActions(inSteps, technology).reduce(
        (sum, { actions, repeat }) => sum + repeat * actions.offsetAdditions * technology.add16,
        0,
      );
      for (const part of ["adc", "periphery"]) expect(hybrid[part] / ours[part], part).toBeCloseTo(1, 12);
      // Bits are added up before a sum is scaled; the hybrid ANN's offsets are left out.
      expect((hybrid.scaling ?? 0) * technology.hybridInputBits).toBeCloseTo(ours.scaling - offsets, 20);
    }
  });

  test("needs 2.6 times the energy for ViT-8-768 at T = 4, and 7.5 times when modelled after X-Former", () => {
    const own = total("xpikeformer", large);
    expect(total("annAimcOwn", large) / own).toBeCloseTo(2.6, 1);
    expect(total("annAimc", large) / own).toBeCloseTo(7.5, 1);
  });
});

describe("the digital SNN", () => {
  const partsOf = (workload: Workload, prices = technology) => ARCHITECTURES.snnDigital.energy(workload, prices);

  test("pays for q k where spikes coincide, so nothing without spikes, and never more than for all pairs", () => {
    expect(partsOf(scaleDensities(large, 0)).scores).toBe(0);
    expect(partsOf(scaleDensities(large, 0), claim).scores).toBe(partsOf(large, claim).scores);
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (coincidences) => {
        const blocks = large.blocks.map((block) => ({ ...block, coincidences }));
        const { scores } = partsOf({ ...large, blocks });
        // T N^2 D additions of 8 bits a block, as many as spikes meet.
        expect(scores).toBeCloseTo(8 * 4 * 197 ** 2 * 768 * coincidences * technology.add8, 12);
        expect(scores).toBeLessThanOrEqual(partsOf({ ...large, blocks }, claim).scores * (1 + 1e-12));
      }),
      { seed: 1, numRuns: 50 },
    );
  });

  test("with LIF attention updates a neuron for every score and every output of attention", () => {
    const attention = { kind: "lif", scoreGain: 4, valueGain: 8 } as const;
    const [plain, firing] = [large, { ...large, attention }].map((workload) => partsOf(workload).lif);
    expect(firing - plain).toBeCloseTo(4 * 8 * (12 * 197 ** 2 + 197 * 768) * technology.lifUpdate, 12);
  });

  test("fetches weights of as many bits as a pair of our cells holds", () => {
    const eight = { ...technology, snnWeightBits: 8 };
    // Both are larger than a bank, so a byte costs the same.
    expect(partsOf(large).weights / partsOf(large, eight).weights).toBeCloseTo(5 / 8, 12);
    expect(partsOf(large, { ...technology, snnWeightsOnChip: 0 }).dram).toBeCloseTo(56_623_104 * 5 * 8e-12, 12);
  });
});

describe("buffers", () => {
  test("are priced by their contents from 8 kB up to a bank, and less never costs more", () => {
    const bank = technology.weightBuffer;
    expect(bufferByte(technology, bank, 1)).toBe(sramByte(technology, 8192));
    expect(bufferByte(technology, bank, 2 ** 40)).toBe(sramByte(technology, bank));
    expect(bufferByte(claim, bank, 1)).toBe(sramByte(technology, bank));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 24 }), fc.integer({ min: 1, max: 2 ** 24 }), (a, b) => {
        const [less, more] = [Math.min(a, b), Math.max(a, b)].map((held) => bufferByte(technology, bank, held));
        expect(less).toBeLessThanOrEqual(more);
      }),
      { seed: 1 },
    );
  });

  test("of a small network are small ones: 384 kB of int8 weights, 240 kB of 5-bit ones, by hand", () => {
    const read = (bytes: number) => 0.336e-12 * (bytes / 32768) ** 0.565;
    expect(ARCHITECTURES.annDigital.energy(small, technology).weights / 393_216 / read(393_216)).toBeCloseTo(1, 12);
    const dense = scaleDensities(small, 100);
    const bytes = (393_216 * 5) / 8;
    expect(ARCHITECTURES.snnDigital.energy(dense, technology).weights / bytes / read(bytes)).toBeCloseTo(1, 12);
    for (const id of ["annDigital", "annInt4", "annAimc", "snnDigital"] as const) {
      expect(total(id, small), id).toBeLessThan(total(id, small, { ...technology, ownBuffers: 0 }));
    }
  });
});

test("fewer bits never cost more, on the digital engine", () => {
  for (const workload of WORKLOADS) {
    const energies = (["annFloat16", "annDigital", "annInt5", "annInt4"] as const).map((id) => total(id, workload));
    expect(energies).toEqual(energies.toSorted((a, b) => b - a));
  }
});
