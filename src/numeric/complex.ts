/**
 * Small complex linear algebra on typed arrays, with real and imaginary parts adjacent: element (i, j) of a matrix with n columns
 * is at `2 (i n + j)` and `2 (i n + j) + 1`. For a handful of antennas; plain loops, no pivoting, no blocking.
 */
import { ValueError } from "../errors.ts";

/**
 * Solves A X = B for Hermitian positive definite A by the Cholesky factorisation A = L L^H.
 *
 * Shapes   a: [n, n], b: [n, columns], complex
 * State    `a` is overwritten with L (its strict upper half is unchanged), `b` with X
 * Throws   ValueError when a pivot is not positive, that is, when A is not positive definite to working precision
 */
export function solveHermitian(a: Float64Array, b: Float64Array, n: number, columns: number): void {
  factorise(a, n);
  // L Z = B, forwards.
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) subtractMultiple(b, i, j, a[2 * (i * n + j)], a[2 * (i * n + j) + 1], columns);
    scaleRow(b, i, 1 / a[2 * (i * n + i)], columns);
  }
  // L^H X = Z, backwards: (L^H)_ij = conj(L_ji).
  for (let i = n - 1; i >= 0; i--) {
    for (let j = i + 1; j < n; j++) {
      subtractMultiple(b, i, j, a[2 * (j * n + i)], -a[2 * (j * n + i) + 1], columns);
    }
    scaleRow(b, i, 1 / a[2 * (i * n + i)], columns);
  }
}

/** Lower Cholesky factor, in place; the diagonal of L is real and positive. */
function factorise(a: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let re = a[2 * (i * n + j)];
      let im = a[2 * (i * n + j) + 1];
      for (let k = 0; k < j; k++) {
        const p = 2 * (i * n + k);
        const q = 2 * (j * n + k);
        re -= a[p] * a[q] + a[p + 1] * a[q + 1];
        im -= a[p + 1] * a[q] - a[p] * a[q + 1];
      }
      if (i === j) {
        if (!(re > 0)) {
          throw new ValueError("matrix", `Pivot ${i} of a ${n} x ${n} Hermitian matrix is ${re}; it must be positive.`);
        }
        a[2 * (i * n + i)] = Math.sqrt(re);
        a[2 * (i * n + i) + 1] = 0;
      } else {
        const scale = 1 / a[2 * (j * n + j)];
        a[2 * (i * n + j)] = re * scale;
        a[2 * (i * n + j) + 1] = im * scale;
      }
    }
  }
}

/** Row i of b minus (re + i im) times row j. */
function subtractMultiple(b: Float64Array, i: number, j: number, re: number, im: number, columns: number): void {
  for (let c = 0; c < columns; c++) {
    const p = 2 * (i * columns + c);
    const q = 2 * (j * columns + c);
    b[p] -= re * b[q] - im * b[q + 1];
    b[p + 1] -= re * b[q + 1] + im * b[q];
  }
}

function scaleRow(b: Float64Array, i: number, scale: number, columns: number): void {
  for (let c = 0; c < 2 * columns; c++) b[2 * i * columns + c] *= scale;
}
