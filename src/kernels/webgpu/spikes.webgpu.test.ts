import { describe, expect } from "vitest";
import { gpu, testOnGpu } from "../../../test/support/gpu.ts";
import { expectWithin, largest, normals, onBoth, unset } from "../../../test/support/gpu-ops.ts";
import { packedSpikes } from "../../../test/support/packed-spikes.ts";
import { spikeRatePenalty } from "../../model/spike-rate.ts";
import { unpackSpikes } from "../../spike/train.ts";
import { inputGradientScratch, SPIKE_SCRATCH, spikeGradientScratch } from "../wasm/spike-ops.ts";
import { gpuKernels } from "./ops.ts";

const bitsAt = (at: number, features: number) => ({ at, words: Math.ceil(features / 32), features });

/** Less than a tile, several tiles with edges, and rows for several parts of a gradient. */
const LAYERS = [
  { rows: 1, features: 4, outputs: 4, density: 1 },
  { rows: 70, features: 100, outputs: 68, density: 0.2 },
  { rows: 300, features: 64, outputs: 128, density: 0.5 },
  { rows: 1100, features: 36, outputs: 12, density: 0.1 },
];

describe.each(LAYERS)("spikes", ({ rows, features, outputs, density }) => {
  const sizes = `${rows} x ${features} x ${outputs}`;
  const arrays = { bits: packedSpikes(rows, features, density, 1), weight: normals(features * outputs, 2) };

  testOnGpu(`${sizes} times weights, within rounding`, async () => {
    const { wasm, gpu } = await onBoth(
      { ...arrays, out: unset(rows * outputs) },
      ["out"],
      (ops, { bits, weight, out }, scratch) =>
        ops.spikeProduct({ bits: bitsAt(bits, features), rows, weight, outputs, out, scratch }),
      SPIKE_SCRATCH,
    );
    // Both add at most all features one after another; each addition rounds by at most half of 2^-23 of the largest sum.
    const bound = features * largest(wasm.numbers.out) * 2 ** -24;
    expectWithin(gpu.numbers.out, wasm.numbers.out, bound);
  });

  testOnGpu(`${sizes} give the gradient of weights, within rounding`, async () => {
    const { wasm, gpu } = await onBoth(
      { ...arrays, dOut: normals(rows * outputs, 3) },
      ["weight"],
      (ops, { bits, weight, dOut }, scratch) =>
        ops.spikeWeightGradient({ bits: bitsAt(bits, features), rows, dOut, outputs, dWeight: weight, scratch }),
      spikeGradientScratch(features, rows),
    );
    // Errors of `rows` roundings are independent: sums of fewer than 1,100 random terms end within 10 sqrt(rows) half units.
    const bound = 10 * Math.sqrt(rows) * largest(wasm.numbers.weight) * 2 ** -24;
    expectWithin(gpu.numbers.weight, wasm.numbers.weight, bound);
  });

  testOnGpu(`${sizes} give the gradient of inputs, within rounding`, async () => {
    const { wasm, gpu } = await onBoth(
      { weight: arrays.weight, dOut: normals(rows * outputs, 3), dInput: unset(rows * features) },
      ["dInput"],
      (ops, { weight, dOut, dInput }, scratch) =>
        ops.spikeInputGradient({ dOut, rows, weight, inputs: features, outputs, dInput, gate: null, scratch }),
      inputGradientScratch(rows, features, outputs),
    );
    expectWithin(gpu.numbers.dInput, wasm.numbers.dInput, outputs * largest(wasm.numbers.dInput) * 2 ** -23);
  });

  testOnGpu(`${sizes} are added to numbers with the bits of WebAssembly`, async () => {
    const { wasm, gpu } = await onBoth(
      { bits: arrays.bits, target: normals(rows * features, 4) },
      ["target"],
      (ops, { bits, target }) => ops.addBits({ bits: bitsAt(bits, features), rows, target }),
    );
    expect(gpu.words.target).toEqual(wasm.words.target);
  });
});

describe.each([
  { steps: 1, prompts: 1, tokens: 1, chosen: [0], features: 4 },
  { steps: 4, prompts: 3, tokens: 9, chosen: [0, 3, 8], features: 40 },
  { steps: 3, prompts: 2, tokens: 70, chosen: Array.from({ length: 70 }, (_, i) => i), features: 32 },
])("rates", ({ steps, prompts, tokens, chosen, features }) => {
  testOnGpu(`of ${features} neurons at ${chosen.length} of ${tokens} tokens, and their gradient`, async () => {
    const answers = prompts * chosen.length * features;
    const { wasm, gpu } = await onBoth(
      {
        bits: packedSpikes(steps * prompts * tokens, features, 0.3, 1),
        chosen: Int32Array.from(chosen),
        rates: unset(answers),
        dRates: normals(answers, 2),
        dSpikes: unset(steps * prompts * tokens * features),
      },
      ["rates", "dSpikes"],
      (ops, { bits, chosen: at, rates, dRates, dSpikes }) => {
        const of = { steps, prompts, tokens, chosen: { at, count: chosen.length } };
        ops.spikeRates({ ...of, bits: bitsAt(bits, features), rates });
        ops.spikeRatesBackward({ ...of, dRates, features, dSpikes });
      },
    );
    // A division on a GPU may be off by 2.5 units in the last place.
    for (const name of ["rates", "dSpikes"] as const) {
      expectWithin(gpu.numbers[name], wasm.numbers[name], 3 * largest(wasm.numbers[name]) * 2 ** -23);
    }
  });
});

describe.each([
  { rows: 9, features: 40, density: 0.3, rate: 0.1 },
  { rows: 5000, features: 64, density: 0.3, rate: 0.1 },
  { rows: 9, features: 40, density: 0.1, rate: 0.5 },
])("a penalty on rates", ({ rows, features, density, rate }) => {
  testOnGpu(`of ${rows} x ${features} spikes above ${rate}, and its gradient`, async () => {
    const [weight, scale] = [20, 0.25];
    const packed = packedSpikes(rows, features, density, 1);
    const ops = gpuKernels(gpu, 4 << 20);
    const [bits, tally, dSpikes] = [0, 1 << 20, 2 << 20];
    ops.write(bits, packed);
    ops.write(dSpikes, new Float32Array(rows * features).fill(1));
    ops.write(tally, Float32Array.of(3, 0));
    ops.penaliseRate({ bits: bitsAt(bits, features), rows, rate, weight, scale, dSpikes, tally, scratch: 0 });
    const sums = await ops.sums(tally, 1);
    const gradient = await ops.read(dSpikes, rows * features);
    ops.close();
    const ones = unpackSpikes({ steps: 1, rows, features, words: packed }).reduce((sum, bit) => sum + bit, 0);
    const count = rows * features;
    const { penalty, slopes } = spikeRatePenalty({ layer: ones / count }, { weight, target: rate });
    expect(sums[0]).toBeCloseTo(3 + penalty, 5);
    expectWithin(gradient, new Float32Array(count).fill(1 + (scale * slopes.layer) / count), 2 ** -23);
  });
});
