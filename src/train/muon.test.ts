// @module-tag slow
import fc from "fast-check";
import { expect, test } from "vitest";
import { standaloneKernels } from "../kernels/memory.ts";
import { stream } from "../numeric/stream.ts";
import { lookAhead, muonScratch, muonStep, orthogonalise } from "./muon.ts";

const { kernels, arena } = standaloneKernels(4 << 20);
const start = arena.mark();

/** A matrix as an array of rows, float64. */
type Matrix = number[][];

const drawn = (rows: number, columns: number, seed: number): Matrix => {
  const random = stream(seed);
  return Array.from({ length: rows }, () => Array.from({ length: columns }, () => Math.fround(random.normal())));
};
const transposed = (m: Matrix): Matrix => m[0].map((_, c) => m.map((row) => row[c]));
const flat = (m: Matrix) => m.flat();
const norm = (values: readonly number[]) => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0));

/**
 * Singular values s and both sides of M = sum_i s_i u_i v_i^T, by one-sided Jacobi rotations in float64: pairs of columns are
 * rotated until all are orthogonal. For rows >= columns.
 */
function singular(m: Matrix): { left: Matrix; values: number[]; right: Matrix } {
  const columns = transposed(m).map((column) => [...column]);
  const turned: Matrix = columns.map((_, i) => columns.map((__, j) => (i === j ? 1 : 0)));
  for (let sweep = 0; sweep < 60; sweep++) {
    for (let p = 0; p < columns.length; p++) {
      for (let q = p + 1; q < columns.length; q++) {
        const dot = columns[p].reduce((sum, v, i) => sum + v * columns[q][i], 0);
        const angle = 0.5 * Math.atan2(2 * dot, norm(columns[p]) ** 2 - norm(columns[q]) ** 2);
        for (const pairs of [columns, turned]) {
          const [a, b] = [pairs[p], pairs[q]];
          pairs[p] = a.map((v, i) => Math.cos(angle) * v + Math.sin(angle) * b[i]);
          pairs[q] = a.map((v, i) => -Math.sin(angle) * v + Math.cos(angle) * b[i]);
        }
      }
    }
  }
  const values = columns.map(norm);
  return { left: columns.map((column, i) => column.map((v) => v / values[i])), values, right: turned };
}

/** The matrix with the same singular vectors, after five applications of the iteration's polynomial to its singular values. */
function expectedOf(m: Matrix): Matrix {
  if (m.length < m[0].length) return transposed(expectedOf(transposed(m)));
  const { left, values, right } = singular(m);
  const all = norm(values);
  const mapped = values.map((value) => {
    let s = value / all;
    for (let i = 0; i < 5; i++) s = 3.4445 * s - 4.775 * s ** 3 + 2.0315 * s ** 5;
    return s;
  });
  return m.map((row, r) => row.map((_, c) => mapped.reduce((sum, s, i) => sum + s * left[i][r] * right[i][c], 0)));
}

function place(m: Matrix): number {
  const at = arena.words(flat(m).length);
  kernels.write(at, Float32Array.from(flat(m)));
  return at;
}

const shape = fc.record({
  rows: fc.integer({ min: 1, max: 24 }),
  columns: fc.integer({ min: 1, max: 24 }),
  seed: fc.integer({ min: 0, max: 1e6 }),
});

/** Tolerance: float32 over five iterations of up to 24 terms, with slope 3.4^5 = 480 at zero. */
const TOLERANCE = 2e-4;

const farthest = (actual: ArrayLike<number>, expected: readonly number[]) =>
  expected.reduce((most, value, i) => Math.max(most, Math.abs(value - actual[i])), 0);

test("keeps singular vectors and applies the polynomial to singular values, for wide, tall and square matrices", () => {
  fc.assert(
    fc.property(shape, ({ rows, columns, seed }) => {
      arena.rewind(start);
      const m = drawn(rows, columns, seed);
      const [source, target] = [place(m), place(m)];
      const scratch = arena.words(muonScratch(rows, columns));
      const guard = arena.words(16);
      kernels.fill(guard, 16, 123);
      orthogonalise(kernels, { rows, columns, source, target, scratch });
      expect(farthest(kernels.floats(target, rows * columns), flat(expectedOf(m)))).toBeLessThan(TOLERANCE);
      expect([...kernels.floats(source, rows * columns)]).toEqual(flat(m));
      expect(kernels.floats(guard, 16).every((value) => value === 123)).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test("brings all singular values of a typical training matrix close to one", () => {
  const [rows, columns] = [24, 16];
  arena.rewind(start);
  const at = place(drawn(rows, columns, 3));
  orthogonalise(kernels, { rows, columns, source: at, target: at, scratch: arena.words(muonScratch(rows, columns)) });
  const data = kernels.floats(at, rows * columns);
  const { values } = singular(
    Array.from({ length: rows }, (_, r) => [...data.subarray(r * columns, (r + 1) * columns)]),
  );
  // From 0.68 to 1.2: the range of the polynomial on singular values above 0.003, which five iterations have lifted.
  expect(Math.min(...values)).toBeGreaterThan(0.68);
  expect(Math.max(...values)).toBeLessThan(1.21);
});

test("steps against the orthogonalised Nesterov momentum, plus decay", () => {
  fc.assert(
    fc.property(shape, ({ rows, columns, seed }) => {
      arena.rewind(start);
      const gradients = [drawn(rows, columns, seed + 1), drawn(rows, columns, seed + 2)];
      let weights = drawn(rows, columns, seed);
      let sum: Matrix = weights.map((row) => row.map(() => 0));
      const [parameter, momentum] = [place(weights), place(sum)];
      const [learningRate, decay] = [0.03, 0.2];
      const scratch = arena.words(muonScratch(rows, columns));
      for (const g of gradients) {
        const [gradient, step] = [place(g), place(g)];
        lookAhead(kernels, { gradient, momentum, ahead: step, count: rows * columns });
        orthogonalise(kernels, { rows, columns, source: step, target: step, scratch });
        muonStep(kernels, { rows, columns, parameter, orthogonal: step, learningRate, decay });
        sum = sum.map((row, r) => row.map((value, c) => 0.95 * value + g[r][c]));
        const ahead = expectedOf(sum.map((row, r) => row.map((value, c) => g[r][c] + 0.95 * value)));
        const size = learningRate * Math.sqrt(Math.max(rows, columns));
        weights = weights.map((row, r) => row.map((w, c) => w - size * ahead[r][c] - learningRate * decay * w));
      }
      expect(farthest(kernels.floats(parameter, rows * columns), flat(weights))).toBeLessThan(TOLERANCE);
      expect(farthest(kernels.floats(momentum, rows * columns), flat(sum))).toBeLessThan(1e-5);
    }),
    { numRuns: 40 },
  );
});
