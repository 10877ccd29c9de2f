import fc from "fast-check";
import { expect, test } from "vitest";
import { stream } from "../numeric/stream.ts";
import { standaloneKernels } from "./memory.ts";

/** Sizes that cross each boundary of the kernel: blocks of 32 inputs, of 128 outputs, and groups of four scalar products. */
const sizes = fc.record({
  rows: fc.integer({ min: 1, max: 20 }),
  inputs: fc.integer({ min: 1, max: 12 }).map((n) => 8 * n),
  outputs: fc.integer({ min: 1, max: 40 }).map((n) => 8 * n),
  density: fc.constantFrom(0, 0.1, 0.5, 1),
  seed: fc.nat(1000),
});

test("a gated product equals the dense product where the gate is open, and is 0 elsewhere", () => {
  fc.assert(
    fc.property(sizes, ({ rows, inputs, outputs, density, seed }) => {
      const words = Math.ceil(inputs / 32);
      const { kernels, arena } = standaloneKernels(1 << 20);
      const { f32, u32, run } = kernels;
      f32.fill(Number.NaN, arena.mark() / 4);
      const [dY, weights, gate, dX, scratch] = [
        rows * outputs,
        inputs * outputs,
        rows * words,
        rows * inputs,
        4096,
      ].map((length) => arena.words(length));
      const random = stream(seed);
      // Multiples of 1/16 below 1: sums of about a hundred products are exact in single precision, in any order.
      const value = () => (random.integer(31) - 15) / 16;
      for (let i = 0; i < rows * outputs; i++) f32[dY / 4 + i] = value();
      for (let i = 0; i < inputs * outputs; i++) f32[weights / 4 + i] = value();
      u32.fill(0, gate / 4, gate / 4 + rows * words);
      const expected = new Float32Array(rows * inputs);
      for (let m = 0; m < rows; m++) {
        for (let k = 0; k < inputs; k++) {
          if (random.uniform() >= density) continue;
          u32[gate / 4 + m * words + (k >> 5)] |= 1 << (k & 31);
          for (let n = 0; n < outputs; n++) {
            expected[m * inputs + k] += f32[dY / 4 + m * outputs + n] * f32[weights / 4 + k * outputs + n];
          }
        }
      }
      run.gatedProduct(dY, rows, outputs, weights, inputs, gate, words, dX, scratch);
      expect(f32.slice(dX / 4, dX / 4 + rows * inputs)).toEqual(expected);
    }),
    { numRuns: 40, seed: 1 },
  );
});
