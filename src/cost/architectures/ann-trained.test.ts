/** ANNs trained for few bits: each product at its own width, and engines sized for their networks. */
import { describe, expect, test } from "vitest";
import type { BitWidth } from "../../experiment/model.ts";
import { findCostPreset } from "../presets.ts";
import { resolveTechnology } from "../resolve.ts";
import { totalOf } from "../unit-energies.ts";
import type { Workload } from "../workload.ts";
import { findWorkload, WORKLOADS } from "../workloads.ts";
import { annDigitalWork } from "./always-on.ts";
import { trained } from "./ann-trained.ts";
import { ARCHITECTURES } from "./catalogue.ts";
import { sizedEngine } from "./engine-size.ts";

const { technology } = resolveTechnology(findCostPreset("simulated"));
const large = findWorkload("vit-8-768-imagenet");
const withBits = (workload: Workload, weights: BitWidth, activations = weights): Workload => ({
  ...workload,
  quantization: { weights, activations },
});
const energyOf = (workload: Workload) => ARCHITECTURES.annTrained.energy(workload, technology);

describe("a network with", () => {
  test("8 bits, or in floating point, costs what it costs on the int8 engine, to the last digit", () => {
    for (const workload of WORKLOADS) {
      const int8 = ARCHITECTURES.annDigital.energy(workload, technology);
      expect(energyOf(workload)).toEqual(int8);
      const eight = energyOf(withBits(workload, 8));
      for (const [part, joules] of Object.entries(int8))
        expect(eight[part] / (joules || 1), part).toBeCloseTo(joules && 1, 12);
    }
  });

  test("fewer bits never costs more", () => {
    for (const workload of WORKLOADS) {
      const energies = ([8, 4, 2, "ternary", "binary"] as const).map((width) =>
        totalOf(energyOf(withBits(workload, width))),
      );
      expect(energies).toEqual(energies.toSorted((a, b) => b - a));
    }
  });

  // 197 x 8 x 12 x 768^2 products of the blocks, 2 x 8 x 197^2 x 768 of attention, 197 x 768^2 and 768,000 outside.
  const [blocks, attention, outer] = [197 * 56_623_104, 16 * 197 ** 2 * 768, 197 * 768 ** 2 + 768_000];
  // Femtojoules: an 8-bit product with its 32-bit sum takes 200 + 100.
  test.each([
    // 50 + an addition of 20 bits; of 24 bits for 8 x 4 bits.
    [4, 50 + 62.5, 50 + 62.5, 100 + 75],
    // A gate and an adder per product, a 16-bit sum per 64; q, k and v have 4 bits.
    ["binary", 6.25 + 50 / 64, 50 + 62.5, 100 + 75],
    ["ternary", 12.5 + 50 / 64, 50 + 62.5, 100 + 75],
  ] as const)("%s bits pays for each product at its own width, by hand", (width, inner, scores, values) => {
    const expected = blocks * inner + (attention / 2) * (scores + values) + outer * 300;
    expect(energyOf(withBits(large, width)).mac / (1e-15 * expected)).toBeCloseTo(1, 9);
  });

  test("binary products writes a sum per 64 of them, reads weights of one bit, and has smaller units, by hand", () => {
    const binary = withBits(large, "binary");
    const work = annDigitalWork(binary, technology, trained(binary, technology));
    // q k^T of 4 x 4 bits writes 4 + 20 bits, a product of 8 x 4 bits 8 + 24, one of 8 x 8 bits 8 + 32.
    const written = (blocks * 17) / 64 + (attention / 2) * (24 + 32) + outer * 40;
    // Softmax, two LayerNorms and GELU write 32 bits per element.
    const elements = 32 * 8 * 197 * (12 * 197 + 2 * 768 + 4 * 768);
    expect(work.flipFlops / (written + 56_623_104 + elements)).toBeCloseTo(1, 9);
    expect(work.moves[0].bits).toBe(56_623_104);
    const { weights } = energyOf(binary);
    // From banks of 1 MB, as in the int8 engine.
    expect(weights / ARCHITECTURES.annDigital.energy(large, technology).weights).toBeCloseTo(1 / 8, 9);
    const { area } = ARCHITECTURES.annTrained.performance(binary, technology);
    expect(area!).toBeLessThan(ARCHITECTURES.annDigital.performance(large, technology).area! / 4);
  });

  test("weights and activations of different widths uses each where it belongs", () => {
    const [mixed, other] = [withBits(large, 4, 8), withBits(large, 8, 4)];
    expect(energyOf(mixed).weights).toBeCloseTo(energyOf(withBits(large, 4)).weights, 15);
    expect(energyOf(other).weights).toBeCloseTo(energyOf(withBits(large, 8)).weights, 15);
    expect(energyOf(mixed).activations).toBeCloseTo(energyOf(withBits(large, 8)).activations, 15);
    expect(energyOf(other).activations).toBeCloseTo(energyOf(withBits(large, 4)).activations, 15);
  });
});

describe("an engine sized for its network", () => {
  const narrow: Workload = { ...findWorkload("icl-4-256-2x2"), depth: 2, width: 32, blocks: large.blocks.slice(0, 2) };

  test("is the cheapest of five, and never dearer than the engine that it replaces", () => {
    for (const workload of [...WORKLOADS, narrow]) {
      for (const id of ["annDigital", "annInt4", "annTrained"] as const) {
        const of = (side: number) => ({ ...technology, arrayRows: side, arrayColumns: side, annUnits: side ** 2 });
        const all = [technology, of(16), of(32), of(64), of(128)].map((t) =>
          totalOf(ARCHITECTURES[id].energy(workload, t)),
        );
        const { energy, technology: chosen, performance } = sizedEngine(id, workload, technology);
        expect(energy).toBe(Math.min(...all));
        expect(performance).toEqual(ARCHITECTURES[id].performance(workload, chosen));
      }
    }
  });

  test("is small for a narrow network, which it makes cheaper and slower", () => {
    const { energy, technology: chosen, performance } = sizedEngine("annDigital", narrow, technology);
    expect(chosen.annUnits).toBeLessThanOrEqual(1024);
    expect(energy / totalOf(ARCHITECTURES.annDigital.energy(narrow, technology))).toBeLessThan(0.95);
    expect(performance.interval).toBeGreaterThan(
      10 * ARCHITECTURES.annDigital.performance(narrow, technology).interval,
    );
  });
});
