/**
 * Totals and breakdowns of the preset `claim`, from a program of a few hundred lines that shares no code with this one
 * and in which every formula is written for one architecture at a time. In microjoules per inference.
 */
import { describe, expect, test } from "vitest";
import { ARCHITECTURES, type ArchitectureId } from "./architectures/catalogue.ts";
import { workloadActions } from "./architectures/xpikeformer.ts";
import { estimateArea } from "./area.ts";
import { estimateCost } from "./cost.ts";
import { findCostPreset } from "./presets.ts";
import { resolveTechnology } from "./resolve.ts";
import { totalOf } from "./unit-energies.ts";
import { findWorkload } from "./workloads.ts";

const resolved = resolveTechnology(findCostPreset("claim"));
const { technology } = resolved;
const COMPARED: readonly ArchitectureId[] = ["annDigital", "annAimc", "snnDigital", "xpikeformer"];

/** ANN digital, ANN on crossbars, digital SNN, Xpikeformer, as the other program has them to nine digits. */
const TOTALS: Readonly<Record<string, readonly [number, number, number, number]>> = {
  "vit-4-384-imagenet": [573.778421, 357.069306, 98.9431341, 55.2844652],
  "vit-6-512-imagenet": [1453.06039, 906.383317, 234.472394, 130.525307],
  "vit-8-768-imagenet": [4192.27279, 2581.74546, 642.014218, 345.57477],
  "vit-4-384-cifar10": [181.214846, 106.734914, 67.4259407, 35.6807186],
  "vit-6-512-cifar10": [477.372186, 276.900822, 174.159831, 89.0287164],
  "vit-8-768-cifar10": [1415.83453, 807.525621, 506.102577, 248.984936],
  "icl-4-256-2x2": [48.6903576, 27.1853067, 12.2066507, 3.67345109],
};

/** Nine digits: half a unit of the last one. */
const close = (value: number, expected: number, what: string) =>
  expect(Math.abs(value - expected), `${what}: ${value} instead of ${expected}`).toBeLessThanOrEqual(5.1e-9 * expected);

test.each(Object.entries(TOTALS))("totals of %s", (name, totals) => {
  const workload = findWorkload(name);
  COMPARED.forEach((id, i) => {
    close(1e6 * totalOf(ARCHITECTURES[id].energy(workload, technology)), totals[i], id);
  });
});

describe("breakdown of vit-8-768-imagenet", () => {
  const workload = findWorkload("vit-8-768-imagenet");
  const expected: Partial<Record<ArchitectureId, Readonly<Record<string, number>>>> = {
    annDigital: {
      ...{ mac: 3524.57994, partialSums: 303.227925, weights: 134.816388, activations: 129.452754, registers: 0 },
      ...{ normAndGelu: 53.256192, softmax: 37.25664, dram: 9.682944 },
    },
    annAimc: {
      ...{ adc: 1152.97742, array: 571.123276, shiftAndAdd: 211.940278, periphery: 192.419463 },
      ...{ interconnect: 178.476024, attention: 143.065498, normAndGelu: 53.256192, activations: 41.2306609 },
      softmax: 37.25664,
    },
    snnDigital: {
      ...{ accumulate: 411.126957, weights: 134.806257, scores: 28.6130995, embedding: 26.7249254, lif: 18.3007642 },
      ...{ scoreBuffer: 14.8154517, spikes: 4.81314167, values: 2.81362145, registers: 0, membranes: 0, dram: 0 },
    },
    xpikeformer: {
      ...{ adc: 98.214101, interconnect: 91.0971372, ssaCells: 57.226199, array: 26.3121253, periphery: 24.5535252 },
      ...{ lif: 18.3007642, accumulation: 9.25205299, buffers: 7.11696384, drivers: 6.42385871 },
      ...{ spikeBuffer: 4.81314167, ssaRandom: 1.9744128, residual: 0.29048832, scaling: 0 },
    },
  };
  test.each(Object.entries(expected))("of %s", (id, parts) => {
    const energy = ARCHITECTURES[id as ArchitectureId].energy(workload, technology);
    expect(Object.keys(energy).sort()).toEqual(Object.keys(parts).sort());
    for (const [name, value] of Object.entries(parts)) close(1e6 * energy[name], value, name);
  });

  test("conversions: 8 blocks of 55,296 per token-step, and 8 bits of the embedding once", () => {
    const conversions = workloadActions(workload, technology).reduce(
      (sum, { actions, repeat }) => sum + repeat * actions.conversions,
      0,
    );
    expect(conversions).toBe(355_848_192);
    expect(conversions).toBe(55_296 * 8 * 788 + 197 * 8 * 6 * 768);
  });
});

/** The ANN's array; microseconds. */
const TIMES: Readonly<Record<string, number>> = {
  "vit-4-384-imagenet": 186.337777,
  "vit-8-768-imagenet": 1392.83362,
  "vit-6-512-cifar10": 148.721591,
  "icl-4-256-2x2": 13.9881993,
};

test.each(Object.entries(TIMES))("time of the ANN on the array for %s", (name, time) => {
  close(1e6 * ARCHITECTURES.annDigital.performance(findWorkload(name), technology).latency, time, "ann");
});

test("an image on ViT-8-768 at T = 4 takes 172,310 clocks alone, worked out by hand, with an interval of 30,720", () => {
  // A vector takes 2 + 8 x 2 = 18 clocks, and its results 3 more; a token of 8-bit pixels 8 x 18 = 144 at the embedding. The last token
  // leaves it at 197 x 144 + 3 = 28,371 and its step 0 leaves qkv 21 later: the engine begins at 28,392. One tile serves 12 heads in turn,
  // each for (4 + 1) 64 = 320 clocks; A of step 0 is there when the last head has counted and emitted, 11 x 320 + 2 x 64 + 1 = 3,649 after
  // the begin, of step 3 192 later. From then on a vector enters the next layers every 18 clocks. The last token's step 0 is the 781st
  // after that of (token 0, step 3), and goes through four layers of 21: a block takes 3,649 + 192 + 781 x 18 + 84 = 17,983 clocks. Behind
  // the eighth, the head waits for the last token's step 3, three vectors later.
  const { schedule, times } = estimateCost(findWorkload("vit-8-768-imagenet"), resolved);
  expect(schedule.alone.clocks).toBe(28_392 + 8 * 17_983 + 3 * 18);
  expect(schedule.alone.clocks).toBe(172_310);
  // In flight all wait for the one tile, which serves 8 blocks of 12 heads; with a tile for each head it would be the embedding.
  expect(schedule.interval).toBe(8 * 12 * 320);
  const perHead = estimateCost(findWorkload("vit-8-768-imagenet"), {
    ...resolved,
    technology: { ...technology, ssaTiles: 12 },
  });
  expect(perHead.schedule.interval).toBe(197 * 144);
  close(1e6 * times.interval, 153.6, "interval");
  close(1e6 * times.alone, 861.55, "alone");
});

/** Crossbars, their area, attention, LIF units; square millimetres. */
const AREAS: Readonly<Record<string, readonly [number, number, number, number]>> = {
  "vit-4-384-imagenet": [432, 183.6, 3.997327, 0.419904],
  "vit-6-512-imagenet": [1152, 489.6, 3.997327, 0.839808],
  "vit-8-768-imagenet": [3456, 1468.8, 3.997327, 1.679616],
  "icl-4-256-2x2": [192, 81.6, 0.141007, 0.279936],
};

test.each(Object.entries(AREAS))("areas of %s", (name, [crossbars, analog, attention, lif]) => {
  const area = estimateArea(findWorkload(name), technology);
  expect(area.crossbars).toBe(crossbars);
  close(1e6 * area.xpikeformer.crossbars, analog, "crossbars");
  close(1e6 * area.xpikeformer.attention, attention, "attention");
  close(1e6 * area.xpikeformer.lif, lif, "lif");
  close(1e6 * area.annDigital.arithmetic, 85.131264, "multipliers");
});

test("56.6 MB of weights take 267 square millimetres of SRAM at 4.95 per megabyte", () => {
  const { annDigital } = estimateArea(findWorkload("vit-8-768-imagenet"), technology);
  expect(1e6 * annDigital.weights).toBeCloseTo((56_623_104 / 2 ** 20) * 4.95, 9);
});
