import { describe, expect } from "vitest";
import { testOnGpu } from "../../../test/support/gpu.ts";
import { expectWithin, largest, normals, onBoth, talliesOf, unset } from "../../../test/support/gpu-ops.ts";
import { stream } from "../../numeric/stream.ts";
import { byteMask, maskStride } from "../masks.ts";
import { productScratch, softmaxScratch } from "../wasm/dense-ops.ts";

/** Less than a tile, exactly one, one and a little, several; a long sum that is split. */
const PRODUCTS = [
  [1, 1, 1],
  [3, 5, 7],
  [64, 64, 16],
  [65, 33, 17],
  [130, 70, 200],
  [20, 24, 1500],
] as const;

describe("products", () => {
  for (const [m, n, k] of PRODUCTS) {
    for (const transposeA of [false, true]) {
      for (const transposeB of [false, true]) {
        const form = `${transposeA ? "aT" : "a"} ${transposeB ? "bT" : "b"}`;
        testOnGpu(`${form} of ${m} x ${k} by ${k} x ${n} are those of WebAssembly`, async () => {
          const arrays = { a: normals(m * k, 1), b: normals(k * n, 2), alone: unset(m * n), added: normals(m * n, 3) };
          const { wasm, gpu } = await onBoth(
            arrays,
            ["alone", "added"],
            (ops, { a, b, alone, added }, scratch) => {
              const of = { m, n, k, a, transposeA, b, transposeB, scratch };
              ops.product({ ...of, out: alone });
              ops.product({ ...of, out: added, accumulate: true });
            },
            productScratch(m, n, k),
          );
          // Sums of k products of normals: partial sums reach 5 sqrt k, and both round k of them by half of 2^-23, in random directions.
          const bound = 5 * k * 2 ** -23;
          expectWithin(gpu.numbers.alone, wasm.numbers.alone, bound, "alone");
          expectWithin(gpu.numbers.added, wasm.numbers.added, bound + 2 ** -21, "added");
        });
      }
    }
  }
});

describe("layer normalisation", () => {
  for (const [rows, width] of [
    [1, 4],
    [9, 70],
    [300, 64],
  ] as const) {
    testOnGpu(`of ${rows} x ${width} is that of WebAssembly, forward and backward`, async () => {
      const arrays = {
        source: normals(rows * width, 1, 3),
        gain: normals(width, 2),
        offset: normals(width, 3),
        normalised: unset(rows * width),
        statistics: unset(2 * rows),
        dTarget: normals(rows * width, 4),
        dSource: normals(rows * width, 5),
        dGain: normals(width, 6),
        dOffset: normals(width, 7),
      };
      const changed = ["normalised", "statistics", "dSource", "dGain", "dOffset"] as const;
      const { wasm, gpu } = await onBoth(arrays, changed, (ops, at) => {
        const of = { ...at, rows, width, target: at.normalised };
        ops.layerNorm({ ...of, epsilon: 1e-5 });
        ops.layerNormBackward(of);
      });
      // Normalised values reach 5 and gains 3: 15 x 2^-24, plus the rounding of mean and deviation; gradients take the same products.
      for (const name of ["normalised", "statistics", "dSource"] as const) {
        expectWithin(gpu.numbers[name], wasm.numbers[name], 1e-5, name);
      }
      // Sums over rows of products up to 15; partial sums reach 5 sqrt(rows).
      for (const name of ["dGain", "dOffset"] as const) {
        expectWithin(gpu.numbers[name], wasm.numbers[name], 1e-6 * (5 + rows), name);
      }
    });
  }
});

describe("activations", () => {
  for (const activation of ["gelu-tanh", "gelu", "relu"] as const) {
    testOnGpu(`${activation} are those of WebAssembly, forward and backward`, async () => {
      const count = 2001;
      const source = Float32Array.from({ length: count }, (_, i) => (i - 1000) / 60);
      const arrays = { source, active: unset(count), d: normals(count, 1) };
      const { wasm, gpu } = await onBoth(arrays, ["active", "d"], (ops, at) => {
        ops.activate({ activation, source: at.source, count, target: at.active });
        ops.activateBackward({ activation, source: at.source, count, dTarget: at.d, dSource: at.d });
      });
      // The same operations; where products fuse with sums, a rounding of the exponential's polynomial is left out. Values reach 17.
      expectWithin(gpu.numbers.active, wasm.numbers.active, 17 * 2 ** -22, "forward");
      expectWithin(gpu.numbers.d, wasm.numbers.d, 4 * 2 ** -21, "backward");
      expect(largest(gpu.numbers.active)).toBeGreaterThan(16);
    });
  }
});

describe("softmax attention", () => {
  for (const { prompts, tokens, heads, dimension, codes } of [
    { prompts: 2, tokens: 7, heads: 2, dimension: 3, codes: 0 },
    { prompts: 1, tokens: 8, heads: 1, dimension: 16, codes: 255 },
    { prompts: 3, tokens: 70, heads: 3, dimension: 20, codes: 0 },
    { prompts: 1, tokens: 4, heads: 1, dimension: 600, codes: 0 },
  ]) {
    const name = `of ${prompts} x ${heads} heads of ${tokens} x ${dimension}, ${codes} codes,`;
    testOnGpu(`${name} is that of WebAssembly, forward and backward; a token without keys gets zero`, async () => {
      const width = heads * dimension;
      const random = stream(2);
      const mask = Uint8Array.from({ length: tokens * tokens }, (_, i) =>
        i < tokens ? 0 : i >= tokens * (tokens - 1) ? 1 : random.integer(2),
      );
      const count = prompts * tokens * width;
      const arrays = {
        qkv: normals(3 * count, 1, 1.2),
        mask: byteMask({ tokens, mask }),
        probabilities: unset(prompts * heads * tokens * maskStride(tokens)),
        attended: unset(count),
        dTarget: normals(count, 2),
        dQkv: unset(3 * count),
      };
      const { wasm, gpu } = await onBoth(
        arrays,
        ["probabilities", "attended", "dQkv"],
        (ops, at, scratch) => {
          const of = { ...at, prompts, tokens, heads, width, scratch };
          ops.softmaxAttention({ ...of, codes, target: at.attended });
          ops.softmaxAttentionBackward(of);
        },
        softmaxScratch(tokens, dimension),
      );
      // Scores reach 50 and round by 4e-6, which is the relative error of a probability; values reach 5. With codes, a probability may
      // fall on the other side of the middle between two codes: none does here.
      expectWithin(gpu.numbers.probabilities, wasm.numbers.probabilities, 1e-5, "probabilities");
      expectWithin(gpu.numbers.attended, wasm.numbers.attended, 5e-5, "attended");
      const slope = largest(wasm.numbers.dQkv);
      expectWithin(gpu.numbers.dQkv, wasm.numbers.dQkv, 1e-5 * slope, "gradient");
      expect(gpu.numbers.attended.slice(0, width)).toEqual(new Float32Array(width));
    });
  }
});

describe("rounding to codes", () => {
  for (const [low, high] of [
    [-1, 1],
    [0, 15],
    [-128, 127],
  ] as const) {
    testOnGpu(`from ${low} to ${high} is that of WebAssembly, forward and backward`, async () => {
      const [rows, columns, stride] = [37, 10, 30];
      const arrays = {
        source: normals(rows * stride, 1, 2),
        step: Float32Array.of(0.37),
        shift: Float32Array.of(-0.21),
        rounded: normals(rows * stride, 2),
        d: normals(rows * stride, 3),
        dStep: Float32Array.of(1),
        dShift: Float32Array.of(-2),
      };
      const { wasm, gpu } = await onBoth(arrays, ["rounded", "d", "dStep", "dShift"], (ops, at) => {
        // The middle third of the columns.
        const block = { rows, columns, stride, step: at.step, shift: at.shift, low, high, source: at.source + 40 };
        ops.roundToCodes({ ...block, target: at.rounded + 40 });
        ops.roundToCodesBackward({ ...block, d: at.d + 40, dStep: at.dStep, dShift: at.dShift });
      });
      // No value is in the middle between two codes, where division on a GPU could choose the other one.
      expectWithin(gpu.numbers.rounded, wasm.numbers.rounded, (high + 1) * 2 ** -23, "rounded");
      expectWithin(gpu.numbers.d, wasm.numbers.d, 0, "d");
      // 370 terms up to 3 (high + 1), most of them of order 1, in two orders.
      for (const name of ["dStep", "dShift"] as const) {
        expectWithin(gpu.numbers[name], wasm.numbers[name], 2e-6 * (high + 20), name);
      }
    });
  }
});

describe("losses", () => {
  for (const [rows, outputs] of [
    [1, 2],
    [11, 19],
    [700, 100],
  ] as const) {
    testOnGpu(`of ${rows} answers with ${outputs} outputs are those of WebAssembly`, async () => {
      const count = rows * outputs;
      const targets = normals(count, 2).map(Math.abs);
      for (let row = 0; row < rows; row++) {
        const own = targets.subarray(row * outputs, (row + 1) * outputs);
        const mass = own.reduce((a, b) => a + b);
        own.set(own.map((x) => x / mass));
      }
      const arrays = {
        logits: normals(count, 1, 4),
        targets,
        dClasses: unset(count),
        dBits: unset(count),
        ofClasses: new Uint32Array(2),
        ofBits: new Uint32Array(2),
      };
      const changed = ["dClasses", "dBits", "ofClasses", "ofBits"] as const;
      const both = await onBoth(arrays, changed, (ops, at) => {
        const of = { logits: at.logits, targets: at.targets, rows, outputs, scale: 0.25 };
        // Twice, because operations add to tallies.
        for (let i = 0; i < 2; i++) ops.crossEntropy({ ...of, dLogits: at.dClasses, tally: at.ofClasses });
        ops.bitCrossEntropy({ ...of, dLogits: at.dBits, tally: at.ofBits });
      });
      const { wasm, gpu } = both;
      expectWithin(gpu.numbers.dClasses, wasm.numbers.dClasses, 2e-7, "classes");
      expectWithin(gpu.numbers.dBits, wasm.numbers.dBits, 2e-7, "bits");
      // A row's loss of order 10 rounds by 1e-6, in random directions; a bit's by 3e-7.
      const [classes, bits] = [talliesOf(both, "ofClasses"), talliesOf(both, "ofBits")];
      expect(Math.abs(classes.gpu - classes.wasm)).toBeLessThan(4e-6 * Math.sqrt(rows));
      expect(Math.abs(bits.gpu - bits.wasm)).toBeLessThan(2e-6 * Math.sqrt(count));
      expect(classes.wasm).toBeGreaterThan(rows);
    });
  }
});
