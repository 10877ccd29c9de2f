// @module-tag slow
import fc from "fast-check";
import { expect, test } from "vitest";
import { spikeProduct } from "../hardware/crossbar.ts";
import { stream } from "../numeric/stream.ts";
import { packSpikes } from "../spike/train.ts";
import { standaloneKernels } from "./memory.ts";
import { tablesPay } from "./wasm/crossbar-ops.ts";
import { SPIKE_SCRATCH } from "./wasm/spike-ops.ts";

/** Sizes that cross each boundary of the kernels: blocks of 24 columns, of 128 rows, and of 64 or 256 inputs. */
const sizes = fc.record({
  rows: fc.integer({ min: 1, max: 150 }),
  inputs: fc.integer({ min: 1, max: 300 }),
  outputs: fc.integer({ min: 1, max: 15 }).map((n) => 4 * n),
  density: fc.constantFrom(0, 0.1, 0.5, 1),
  accumulate: fc.boolean(),
  seed: fc.nat(1000),
});

test.each(["gatherProduct", "tableProduct"] as const)("%s equals the product of 0/1 floats", (kernel) => {
  fc.assert(
    fc.property(sizes, ({ rows, inputs, outputs, density, accumulate, seed }) => {
      const words = Math.ceil(inputs / 32);
      const count = rows * words + inputs * outputs + rows * outputs + SPIKE_SCRATCH;
      const { kernels, arena } = standaloneKernels(4 * count);
      kernels.f32.fill(Number.NaN, arena.mark() / 4);
      const [bits, weights, y, scratch] = [rows * words, inputs * outputs, rows * outputs, SPIKE_SCRATCH].map(
        (length) => arena.words(length),
      );
      const random = stream(seed);
      kernels.u32.fill(0, bits / 4, bits / 4 + rows * words);
      // Multiples of 1/64: sums of about a hundred are exact in single precision, in any order.
      const value = () => (random.integer(129) - 64) / 64;
      for (let i = 0; i < inputs * outputs; i++) kernels.f32[weights / 4 + i] = value();
      const expected = Float32Array.from({ length: rows * outputs }, () => (accumulate ? value() : 0));
      if (accumulate) kernels.f32.set(expected, y / 4);
      for (let m = 0; m < rows; m++) {
        for (let k = 0; k < inputs; k++) {
          if (random.uniform() >= density) continue;
          kernels.u32[bits / 4 + m * words + (k >> 5)] |= 1 << (k & 31);
          for (let n = 0; n < outputs; n++) expected[m * outputs + n] += kernels.f32[weights / 4 + k * outputs + n];
        }
      }
      const multiply = kernels.run[kernel];
      multiply(bits, 4 * words, rows, inputs, weights, outputs, y, outputs, outputs, accumulate ? 1 : 0, scratch);
      expect(kernels.f32.slice(y / 4, y / 4 + rows * outputs)).toEqual(expected);
    }),
    { numRuns: 40, seed: 1 },
  );
});

test("a gather ignores bits past the last input", () => {
  const { kernels, arena } = standaloneKernels(1 << 20);
  const [bits, weights, y, scratch] = [1, 16, 4, SPIKE_SCRATCH].map((length) => arena.words(length));
  kernels.u32[bits / 4] = 0b110101;
  kernels.f32.set([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 100, 100, 100, 100], weights / 4);
  kernels.run.gatherProduct(bits, 4, 1, 3, weights, 4, y, 4, 4, 0, scratch);
  expect([...kernels.f32.slice(y / 4, y / 4 + 4)]).toEqual([10, 12, 14, 16]);
});

test("products by byte, looked up or gathered, equal those of a crossbar, bit for bit", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 6 }),
      fc.constantFrom(0, 0.01, 0.1, 0.5, 1),
      fc.nat(1000),
      (rows, words, density, seed) => {
        const inputs = 32 * words;
        const { kernels, arena } = standaloneKernels(
          4 * (rows * words + inputs * 16 + (inputs / 8) * 4096 + rows * 16),
        );
        const [bits, strip, tables, y] = [rows * words, inputs * 16, (inputs / 8) * 4096, rows * 16].map((length) =>
          arena.words(length),
        );
        const random = stream(seed);
        const features = Array.from({ length: rows * inputs }, () => (random.uniform() < density ? 1 : 0));
        const train = packSpikes(features, 1, rows, inputs);
        // Every value uses all bits of single precision, so that the order of the sum shows.
        const matrix = Float32Array.from({ length: inputs * 16 }, () => random.normal());
        kernels.u32.set(train.words, bits / 4);
        kernels.f32.set(matrix, strip / 4);
        const expected = new Float32Array(rows * 16);
        spikeProduct(train, 0, inputs, 16, matrix, expected);
        kernels.run.tabulateBytes(strip, inputs / 8, tables);
        kernels.run.byteProduct(bits, 4 * words, rows, inputs / 8, tables, y);
        expect(kernels.f32.slice(y / 4, y / 4 + rows * 16)).toEqual(expected);
        kernels.f32.fill(Number.NaN, y / 4, y / 4 + rows * 16);
        kernels.run.gatherBytes(bits, 4 * words, rows, inputs / 8, strip, y);
        expect(kernels.f32.slice(y / 4, y / 4 + rows * 16)).toEqual(expected);
      },
    ),
    { numRuns: 40, seed: 1 },
  );
});

test("crossbar tables pay off with many spikes in many vectors", () => {
  const share = (density: number, vectors: number) => tablesPay(density * vectors * 128, vectors, 128);
  expect([1e-3, 0.01].map((density) => share(density, 1e6))).toEqual([false, false]);
  expect([50, 2000].map((vectors) => share(0.05, vectors))).toEqual([false, true]);
  expect([20, 100].map((vectors) => share(0.25, vectors))).toEqual([false, true]);
});
