import fc from "fast-check";
import { expect, test } from "vitest";
import { solveHermitian } from "./complex.ts";
import { stream } from "./stream.ts";

/** a b for complex a [n, m], b [m, p]. */
function multiply(a: Float64Array, b: Float64Array, n: number, m: number, p: number): Float64Array {
  const out = new Float64Array(2 * n * p);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < p; j++) {
      for (let k = 0; k < m; k++) {
        const [x, y] = [2 * (i * m + k), 2 * (k * p + j)];
        out[2 * (i * p + j)] += a[x] * b[y] - a[x + 1] * b[y + 1];
        out[2 * (i * p + j) + 1] += a[x] * b[y + 1] + a[x + 1] * b[y];
      }
    }
  }
  return out;
}

function conjugateTranspose(a: Float64Array, n: number, m: number): Float64Array {
  const out = new Float64Array(a.length);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) {
      out[2 * (j * n + i)] = a[2 * (i * m + j)];
      out[2 * (j * n + i) + 1] = -a[2 * (i * m + j) + 1];
    }
  }
  return out;
}

test("the solution of A X = B, multiplied by A, gives B back", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 5 }), fc.nat(), (n, columns, seed) => {
      const random = stream(seed);
      const g = Float64Array.from({ length: 2 * n * n }, () => random.normal());
      // G G^H + I is Hermitian, with all eigenvalues at least 1.
      const a = multiply(g, conjugateTranspose(g, n, n), n, n, n);
      for (let i = 0; i < n; i++) a[2 * (i * n + i)] += 1;
      const b = Float64Array.from({ length: 2 * n * columns }, () => random.normal());
      const x = b.slice();
      solveHermitian(a.slice(), x, n, columns);
      const product = multiply(a, x, n, n, columns);
      // Norms stay below about 100 and the smallest eigenvalue is 1: errors are a few hundred units of 2^-53.
      for (let i = 0; i < b.length; i++) expect(Math.abs(product[i] - b[i])).toBeLessThan(1e-12);
    }),
    { seed: 1, numRuns: 100 },
  );
});

test("a 2 x 2 system solved by hand", () => {
  // [[2, i], [-i, 2]] has determinant 3 and inverse [[2, -i], [i, 2]] / 3; times (3, 0) gives (2, i).
  const x = Float64Array.of(3, 0, 0, 0);
  solveHermitian(Float64Array.of(2, 0, 0, 1, 0, -1, 2, 0), x, 2, 1);
  const expected = [2, 0, 0, 1];
  for (let i = 0; i < 4; i++) expect(x[i]).toBeCloseTo(expected[i], 14);
});

test("a matrix that is not positive definite is refused with its pivot", () => {
  expect(() => solveHermitian(Float64Array.of(1, 0, 2, 0, 2, 0, 1, 0), new Float64Array(4), 2, 1)).toThrow(
    "Pivot 1 of a 2 x 2 Hermitian matrix is -3",
  );
});
