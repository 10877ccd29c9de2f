/** Costs of digital engines besides operations: in proportion to their work, and zero where projections leave them out. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ParameterId, Technology } from "../parameters.ts";
import { COST_PRESETS, findCostPreset } from "../presets.ts";
import { resolveTechnology } from "../resolve.ts";
import { UNCHARGED } from "../uncharged.ts";
import { conversionEnergy, totalOf } from "../unit-energies.ts";
import { blockLayers, countMacs, outerLayers, scaleDensities, type Workload, withSteps } from "../workload.ts";
import { findWorkload, WORKLOADS } from "../workloads.ts";
import {
  type AlwaysOnPart,
  alwaysOn,
  annAimcWork,
  annDigitalWork,
  type EngineWork,
  snnDigitalWork,
} from "./always-on.ts";
import { annAimc, ownCells, xformerCells } from "./ann-aimc.ts";
import { narrow } from "./ann-digital.ts";
import { ARCHITECTURES, type ArchitectureId } from "./catalogue.ts";
import { snnDigital, weightFetches } from "./snn-digital.ts";

const ENGINES = [
  "annDigital",
  "annTrees",
  "annInt5",
  "annInt4",
  "annFloat16",
  "annAimc",
  "annAimcOwn",
  "snnDigital",
] as const;
const PARTS: readonly AlwaysOnPart[] = ["clock", "control", "wires", "links", "leakage"];
const operations = resolveTechnology(findCostPreset("bottom-up")).technology;
const technology: Technology = { ...operations, wholeMachine: 1 };
const large = findWorkload("vit-8-768-imagenet");
/** With layers for its embedding and its head. */
const lines: Workload = { ...large, embedding: "lines" };
const energyOf = (id: ArchitectureId, workload: Workload = large, prices = technology) =>
  ARCHITECTURES[id].energy(workload, prices);
const alwaysOnOf = (id: ArchitectureId, workload: Workload = large, prices = technology) => {
  const parts = energyOf(id, workload, prices);
  return PARTS.map((part) => parts[part]);
};

/** An engine of round sizes. */
const work: EngineWork = {
  sizes: { logic: 3e-6, crossbars: 2e-6, memory: 2 ** 20 },
  kinds: 2,
  flipFlops: 1e6,
  moves: [
    { bits: 1e6, metres: 1e-3 },
    { bits: 2e6, metres: 3e-3 },
  ],
  crossing: 1e6,
  time: 1e-3,
  on: 5e-4,
};

describe("the price of", () => {
  const parts = alwaysOn(work, technology);

  test.each([
    // 1 M flip-flops of 7.8 fJ with 3.6 fJ of the clock tree.
    ["clock", 1e6 * 11.4e-15],
    // 2 kinds of 64 flip-flops, 7.8 + 3.6 fJ each, at 217 MHz for 1 ms.
    ["control", 128 * 11.4e-15 * 217e3],
    // 121 fJ per bit and mm: 1 Mbit mm and 6 Mbit mm.
    ["wires", 7e6 * 121e-15],
    ["links", 0],
  ] as const)("%s, by hand", (part, joules) => expect(parts[part] / (joules || 1)).toBeCloseTo(joules && 1, 9));

  test("leakage, by hand: logic while it is powered, everything else for the whole time", () => {
    // 3 mm2 at 2,200 W/m2 for 0.5 ms; 2 mm2 at 10 W/m2, 9.1 mW of SRAM, and 256 flip-flops' worth of control for 1 ms.
    const control = 2 * 128 * technology.registerArea * 2200;
    expect(parts.leakage / (3.3e-6 + (20e-6 + 9.1e-3 + control) * 1e-3)).toBeCloseTo(1, 9);
  });

  test("links, by hand: between three dies 2 Mbit of 0.54 pJ", () => {
    const sizes = { ...work.sizes, crossbars: 2.5 * 858e-6 };
    expect(alwaysOn({ ...work, sizes }, technology).links / (2e6 * 0.54e-12)).toBeCloseTo(1, 9);
  });
});

describe("the digital int8 ANN pays", () => {
  const parts = energyOf("annDigital");
  const { latency, area } = ARCHITECTURES.annDigital.performance(large, technology);

  test("40 flip-flops per product, each weight once, and 32 per element of softmax, LayerNorm and GELU: 5.37 mJ for ViT-8-768, by hand", () => {
    const macs = 197 * 56_623_104 + 8 * 2 * 197 ** 2 * 768 + 197 * 768 ** 2 + 768 * 1000;
    const elements = 8 * (12 * 197 ** 2 + 197 * 768 * (2 + 4));
    expect(parts.clock / ((40 * macs + 8 * 56_623_104 + 32 * elements) * 11.4e-15)).toBeCloseTo(1, 9);
    expect(1e3 * parts.clock).toBeCloseTo(5.37, 2);
  });

  test("for weights over half the side of a quarter of the engine, for results over half the engine, by hand", () => {
    // 65,536 units are four arrays of 128 x 128. A block has 3 + 1 + 4 + 1 widths of results, and attention's.
    const side = Math.sqrt(area!);
    const results = 8 * 197 * 768 * (3 + 1 + 4 + 1 + 1);
    expect(parts.wires / ((56_623_104 * (side / 4) + results * (side / 2)) * 8 * 121e-12)).toBeCloseTo(1, 9);
    expect(1e3 * side).toBeCloseTo(18.9, 1);
  });

  test("leakage of multipliers, weights and buffers for as long as an image takes, by hand", () => {
    const activations = 197 * 768 * (2 + 4);
    const bytes = 56_623_104 + activations + 4 * 197 * 128;
    const watts = 65_536 * 1299e-12 * 2200 + (bytes * 9.1e-3) / 2 ** 20 + 4 * 128 * technology.registerArea * 2200;
    expect(parts.leakage / (watts * latency)).toBeCloseTo(1, 9);
    expect(area! / (65_536 * technology.macArea + bytes * technology.sramArea)).toBeCloseTo(1, 9);
  });
});

test.each([
  ["annDigital", 4183, 5367, 370, 631, 10550],
  ["annTrees", 3657, 344, 370, 631, 5002],
  ["annInt4", 1848, 3221, 131, 316, 5516],
  ["annAimcOwn", 907, 365, 240, 10, 1524],
  ["snnDigital", 487, 1251, 156, 227, 2122],
] as const)("%s needs for ViT-8-768 what docs/cost.md says, uJ", (id, ...expected) => {
  const parts = energyOf(id);
  const { clock, wires, leakage, control, links } = parts;
  const total = totalOf(parts);
  const paid = [total - (clock + wires + leakage + control + links), clock, wires, leakage, total];
  expect(paid.map((joules) => Math.round(1e6 * joules))).toEqual(expected);
  expect(1e6 * (control + links)).toBeLessThan(2);
});

test("flip-flops match the operations that are charged, on the digital SNN", () => {
  const bundled = { ...technology, snnSparseScores: 0, sacOperation: technology.add8 };
  for (const workload of [
    ...WORKLOADS,
    lines,
    { ...large, attention: { kind: "lif", scoreGain: 4, valueGain: 8 } } as const,
  ]) {
    for (const prices of [technology, bundled]) {
      const { accumulate, scores, values, lif, embedding } = snnDigital(workload, prices);
      const layers = [...blockLayers(workload), ...outerLayers(workload)];
      const read = layers.reduce((sum, { vectors, inputs, repeat }) => sum + vectors * inputs * repeat, 0);
      const fetched = layers.reduce((sum, layer) => sum + weightFetches(layer, workload.snnSteps, prices), 0);
      // 13-bit sums of weights; pixels once, in 8 bits.
      const written =
        workload.snnSteps * read +
        5 * fetched +
        (13 * accumulate) / (prices.add8 + ((prices.add16 - prices.add8) * 5) / 8) +
        (8 * scores) / prices.add8 +
        (16 * values) / prices.add16 +
        (16 * lif) / prices.lifLogic +
        (8 * embedding) / (prices.multiply8 + prices.add8);
      expect(snnDigitalWork(workload, prices).flipFlops / written, workload.name).toBeCloseTo(1, 9);
    }
  }
});

test("flip-flops match the operations that are charged, on crossbars", () => {
  for (const cells of [xformerCells(technology), ownCells(technology, large)]) {
    for (const conversionsPerSum of [1, 2]) {
      const prices = { ...technology, conversionsPerSum };
      const { adc, scaling = 0 } = annAimc(large, prices, cells);
      const sums = adc / conversionEnergy(prices, cells.adcBits) / conversionsPerSum;
      // 8 bits of 768 inputs of three layers and of 3,072 of the fourth are held; an element has 32 bits.
      const held = 8 * 197 * 8 * (3 * 768 + 3072);
      const elements = 8 * (12 * 197 ** 2 + 197 * 768 * (2 + 4));
      const written = 16 * (sums + scaling / prices.multiply8) + 40 * countMacs(large).attention + held + 32 * elements;
      expect(annAimcWork(large, prices, cells).flipFlops / written).toBeCloseTo(1, 9);
    }
  }
});

test("a digital SNN moves the weights that it pays for, and a spike of every neuron and of every output of attention", () => {
  // One price for all buffers.
  const prices = { ...technology, ownBuffers: 0 };
  for (const workload of [...WORKLOADS, lines]) {
    const [near, far] = snnDigitalWork(workload, prices).moves;
    const { weights, lif } = snnDigital(workload, prices);
    // From banks of 1 MB.
    const byte = 0.336e-12 * 32 ** 0.565;
    expect(near.bits / ((8 * weights) / byte), workload.name).toBeCloseTo(1, 9);
    const { snnSteps, depth, tokens, width } = workload;
    expect(far.bits / (lif / prices.lifLogic + snnSteps * depth * tokens * width), workload.name).toBeCloseTo(1, 9);
  }
});

test("a hybrid ANN moves results to the next layer, and q, k, v and attention to its engine and back, by hand", () => {
  const { area } = ARCHITECTURES.annAimcOwn.performance(large, technology);
  const results = 8 * 197 * 768 * (3 + 1 + 4 + 1);
  const attention = 8 * 197 * 768 * (3 + 1);
  const metres = results * Math.sqrt(area! / 8) + (attention * Math.sqrt(area!)) / 2;
  expect(energyOf("annAimcOwn").wires / (metres * 8 * 121e-12)).toBeCloseTo(1, 9);
});

test("a hybrid ANN pays for wires in a layer by its size: 0.256 pJ per conversion at 768 x 768, 0.084 up to 256 x 256, by hand", () => {
  const small = { ...large, width: 128, heads: 2, depth: 1, blocks: large.blocks.slice(0, 1) };
  for (const [workload, pj] of [
    [large, 0.256],
    [small, 0.084],
  ] as const) {
    const { width, depth, tokens } = workload;
    // 8 bits of each value; sums of a block: 3 W, W and 4 W outputs of W inputs, W of 4 W, in row blocks of 128.
    const sums = (width / 128) * (3 + 1 + 4 + 4) * width;
    const joules = energyOf("annAimcOwn", workload).interconnect;
    expect((1e12 * joules) / (8 * depth * tokens * sums), String(width)).toBeCloseTo(pj, 9);
  }
});

test("the hybrid ANN on several dies pays for links, and the digital engines on one do not", () => {
  const pay = ENGINES.filter((id) => energyOf(id).links > 0);
  expect(pay).toEqual(["annAimc", "annAimcOwn"]);
  // 5,965 mm2 are seven dies of 858 mm2: six times 197 x 768 values of 8 bits.
  expect(energyOf("annAimc").links / (6 * 197 * 768 * 8 * technology.dieLink)).toBeCloseTo(1, 9);
});

describe("for every engine and workload", () => {
  const cases = ENGINES.flatMap((id) => WORKLOADS.map((workload) => [id, workload.name, workload] as const));

  test.each(cases)("%s, %s: these parts and the operations add up to the total", (id, _, workload) => {
    const all = energyOf(id, workload);
    const rest = Object.entries(all).filter(([part]) => !PARTS.some((name) => name === part));
    // A hybrid ANN with our cells has local sums to scale, as the whole of Xpikeformer has.
    const plain = energyOf(id, { ...workload, scaled: true }, operations);
    // Where flip-flops are charged, an update has none of its own.
    const bare = { ...operations, lifUpdate: operations.lifLogic };
    const [operating, alone] = [Object.fromEntries(rest), id === "annAimcOwn" ? plain : energyOf(id, workload, bare)];
    // Wires of a layer follow its size, as ours do; alone, all layers pay as a large one does.
    if (id.startsWith("annAimc")) {
      expect(operating.interconnect).toBeLessThanOrEqual(alone.interconnect * (1 + 1e-12));
      alone.interconnect = operating.interconnect;
    }
    expect(operating).toEqual(alone);
    expect(totalOf(all) / (totalOf(alone) + alwaysOnOf(id, workload).reduce((a, b) => a + b))).toBeCloseTo(1, 12);
    for (const energy of alwaysOnOf(id, workload)) expect(energy).toBeGreaterThanOrEqual(0);
  });

  test("nothing is charged with the prices of a projection, nor where only operations count", () => {
    const projected = { ...technology };
    for (const [name, price] of Object.entries(UNCHARGED)) projected[name as ParameterId] = price.value;
    for (const [id, name, workload] of cases) {
      expect(alwaysOnOf(id, workload, projected), `${id}, ${name}`).toEqual([0, 0, 0, 0, 0]);
    }
    for (const preset of COST_PRESETS) {
      const prices = { ...resolveTechnology(preset).technology, wholeMachine: 0 };
      for (const id of ENGINES) {
        const parts = Object.keys(energyOf(id, large, prices));
        expect(
          parts.filter((part) => PARTS.some((name) => name === part)),
          `${id}, ${preset.name}`,
        ).toEqual([]);
      }
    }
  });

  test("a price that doubles doubles its own part and no other", () => {
    const paid: readonly (readonly [ParameterId, readonly AlwaysOnPart[]])[] = [
      ["clockTree", ["clock", "control"]],
      ["flipFlopClock", ["clock", "control"]],
      ["controllerFlipFlops", ["control", "leakage"]],
      ["wireBit", ["wires"]],
      ["dieLink", ["links"]],
      ["logicLeakage", ["leakage"]],
      ["sramLeakage", ["leakage"]],
      ["analogLeakage", ["leakage"]],
    ];
    for (const [id, name, workload] of cases) {
      const before = energyOf(id, workload);
      for (const [price, parts] of paid) {
        const after = energyOf(id, workload, { ...technology, [price]: 2 * technology[price] });
        for (const part of PARTS) {
          const factor = before[part] === 0 ? 1 : after[part] / before[part];
          const what = `${id}, ${name}: ${price}, ${part}`;
          if (!parts.includes(part)) expect(factor, what).toBe(1);
          else expect(factor, what).toBeGreaterThanOrEqual(1);
          expect(factor, what).toBeLessThanOrEqual(2 + 1e-12);
        }
      }
      for (const [part, prices] of Object.entries({
        clock: ["clockTree", "flipFlopClock"],
        wires: ["wireBit"],
        control: ["clockTree", "flipFlopClock"],
        leakage: ["logicLeakage", "sramLeakage", "analogLeakage"],
      })) {
        const twice = Object.fromEntries(prices.map((price) => [price, 2 * technology[price as ParameterId]]));
        expect(energyOf(id, workload, { ...technology, ...twice })[part] / before[part]).toBeCloseTo(2, 12);
      }
    }
  });

  test("more tokens, width, depth, steps or spikes never cost less, in any part", () => {
    const sizes = fc.record({
      id: fc.constantFrom(...ENGINES),
      depth: fc.integer({ min: 1, max: 8 }),
      width: fc.integer({ min: 1, max: 8 }).map((heads) => 64 * heads),
      tokens: fc.integer({ min: 2, max: 256 }),
      steps: fc.integer({ min: 1, max: 8 }),
      density: fc.double({ min: 0.1, max: 1, noNaN: true }),
      more: fc.constantFrom("depth", "width", "tokens", "steps", "density"),
    });
    fc.assert(
      fc.property(sizes, ({ id, more, ...size }) => {
        const of = ({ depth, width, tokens, steps, density }: typeof size) => {
          const shape = { depth, width, heads: width / 64, tokens, scores: tokens ** 2, annScores: tokens ** 2 };
          const blocks = Array.from({ length: depth }, () => large.blocks[0]);
          return alwaysOnOf(id, scaleDensities(withSteps({ ...large, ...shape, blocks }, steps), density));
        };
        const [less, grown] = [size, { ...size, [more]: 2 * size[more] }].map(of);
        for (const [i, joules] of less.entries()) expect(grown[i]).toBeGreaterThanOrEqual(joules * (1 - 1e-9));
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});

test("fewer bits need less clock and wire energy and leak less, on the digital engine", () => {
  const works = [annDigitalWork(large, technology), annDigitalWork(large, technology, narrow(4, technology))];
  const [wide, thin] = works.map((each) => alwaysOn(each, technology));
  for (const part of ["clock", "wires", "leakage"] as const) expect(thin[part]).toBeLessThan(wide[part]);
});
