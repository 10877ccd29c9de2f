import fc from "fast-check";
import { expect, test } from "vitest";
import { stream } from "../numeric/stream.ts";
import { standaloneKernels } from "./memory.ts";
import { productScratch } from "./wasm/dense-ops.ts";

const { kernels, arena } = standaloneKernels(8 << 20);
const start = arena.mark();

interface Product {
  transposeA: boolean;
  transposeB: boolean;
  m: number;
  n: number;
  k: number;
  accumulate: boolean;
  padding: number;
}

/**
 * Runs one product on multiples of 1/8 up to 1 and compares it with the naive sum. Every partial sum is a multiple of 1/64 below
 * 2^10, so float32 holds it exactly in any order, and the comparison is exact.
 */
function check({ transposeA, transposeB, m, n, k, accumulate, padding }: Product): void {
  arena.rewind(start);
  const random = stream(m * 31 + n * 7 + k);
  const lda = (transposeA ? m : k) + padding;
  const ldb = (transposeB ? k : n) + padding;
  const ldc = n + padding;
  const fill = (count: number) => {
    const offset = arena.words(count);
    for (let i = 0; i < count; i++) kernels.f32[offset / 4 + i] = (random.integer(17) - 8) / 8;
    return offset;
  };
  const a = fill((transposeA ? k : m) * lda);
  const b = fill((transposeB ? n : k) * ldb);
  const c = fill(m * ldc);
  const scratch = arena.words(productScratch(m, n, k));
  const guard = arena.words(16);
  kernels.f32.fill(123, guard / 4, guard / 4 + 16);
  const at = (matrix: number, row: number, column: number, stride: number) =>
    kernels.f32[matrix / 4 + row * stride + column];
  const expected = kernels.f32.slice(c / 4, c / 4 + m * ldc);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = accumulate ? expected[i * ldc + j] : 0;
      for (let p = 0; p < k; p++) {
        sum += (transposeA ? at(a, p, i, lda) : at(a, i, p, lda)) * (transposeB ? at(b, j, p, ldb) : at(b, p, j, ldb));
      }
      expected[i * ldc + j] = sum;
    }
  }
  kernels.run.gemm(+transposeA, +transposeB, m, n, k, a, lda, b, ldb, c, ldc, +accumulate, scratch);
  const actual = kernels.f32.subarray(c / 4, c / 4 + m * ldc);
  expect(actual.findIndex((value, i) => value !== expected[i])).toBe(-1);
  expect(kernels.f32.subarray(guard / 4, guard / 4 + 16).every((value) => value === 123)).toBe(true);
}

test("the product equals the naive sum at any size, and writes nothing else", () => {
  fc.assert(
    fc.property(
      fc.record({
        transposeA: fc.boolean(),
        transposeB: fc.boolean(),
        m: fc.integer({ min: 1, max: 40 }),
        n: fc.integer({ min: 1, max: 40 }),
        k: fc.integer({ min: 0, max: 40 }),
        accumulate: fc.boolean(),
        padding: fc.integer({ min: 0, max: 3 }),
      }),
      check,
    ),
    { seed: 1, numRuns: 200 },
  );
});

test("blocks of rows, columns and depth join seamlessly", () => {
  for (const transposeA of [false, true]) {
    for (const transposeB of [false, true]) {
      check({ transposeA, transposeB, m: 67, n: 275, k: 261, accumulate: false, padding: 1 });
    }
  }
});
