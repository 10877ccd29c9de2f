/**
 * Spatial correlation by the Kronecker model, H = L_r W L_t^T with independent entries W, R_r = L_r L_r^H and R_t = L_t L_t^H:
 *
 *   E[H_ra conj(H_sb)] = (R_r)_rs (R_t)_ab
 *
 * Levels by name, of 3GPP TS 36.101, B.2.3 (also TS 38.101-4): antennas i and j of n in a line have a^(((i - j) / (n - 1))^2), with
 * these a for transmit and receive side: low 0, 0; medium 0.3, 0.9; high 0.9, 0.9. The standard's tables, rounded to four digits, add
 * 0.0001 to the diagonal to stay positive; unrounded ones need no such addition.
 */
import { ValueError } from "../errors.ts";
import type { CorrelationSpec } from "../experiment/channel.ts";
import { power } from "../numeric/power.ts";

const LEVELS = { low: [0, 0], medium: [0.3, 0.9], high: [0.9, 0.9] } as const;
/** How far a matrix may be from Hermitian or positive semidefinite by rounding. */
const ROUNDING = 1e-9;

/** Lower factors of both correlation matrices, `[n, n]`, complex. */
export interface CorrelationFactors {
  readonly transmit: Float64Array;
  readonly receive: Float64Array;
}

/**
 * The factors of a spec.
 * Throws  ValueError, naming the matrix, unless it is [n, n], Hermitian, of unit diagonal and positive semidefinite
 */
export function correlationFactors(
  correlation: CorrelationSpec,
  transmitAntennas: number,
  receiveAntennas: number,
): CorrelationFactors {
  const [transmit, receive] =
    typeof correlation === "string"
      ? [
          lineOfAntennas(LEVELS[correlation][0], transmitAntennas),
          lineOfAntennas(LEVELS[correlation][1], receiveAntennas),
        ]
      : [
          given(correlation.transmit, transmitAntennas, "channel.correlation.transmit"),
          given(correlation.receive, receiveAntennas, "channel.correlation.receive"),
        ];
  return {
    transmit: semidefiniteFactor(transmit, transmitAntennas, "channel.correlation.transmit"),
    receive: semidefiniteFactor(receive, receiveAntennas, "channel.correlation.receive"),
  };
}

/** Correlation of n antennas in a line whose ends have `ends`. */
function lineOfAntennas(ends: number, n: number): Float64Array {
  const matrix = new Float64Array(2 * n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      matrix[2 * (i * n + j)] = i === j ? 1 : ends === 0 ? 0 : power(ends, ((i - j) / (n - 1)) ** 2);
    }
  }
  return matrix;
}

type Rows = readonly (readonly (number | readonly number[])[])[];

function given(rows: Rows, n: number, path: string): Float64Array {
  if (rows.length !== n || rows.some((row) => row.length !== n)) {
    const sizes = rows.map((row) => row.length).join(", ");
    throw new ValueError(path, `${n} antennas need ${n} rows of ${n}, but this matrix has rows of ${sizes}.`);
  }
  const part = (entry: Rows[number][number]) => (typeof entry === "number" ? [entry, 0] : entry);
  const matrix = Float64Array.from(rows.flatMap((row) => row.flatMap(part)));
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const [p, q] = [2 * (i * n + j), 2 * (j * n + i)];
      const apart = Math.abs(matrix[p] - matrix[q]) + Math.abs(matrix[p + 1] + matrix[q + 1]);
      if (!(apart <= ROUNDING)) {
        throw new ValueError(path, `Entries (${i}, ${j}) and (${j}, ${i}) must be complex conjugates of each other.`);
      }
    }
    if (matrix[2 * (i * n + i)] !== 1) {
      throw new ValueError(
        path,
        `Entry (${i}, ${i}) is ${matrix[2 * (i * n + i)]}: an antenna's correlation with itself is 1.`,
      );
    }
  }
  return matrix;
}

/** L with L L^H = R, lower triangular; a column is zero where R has no more rank. */
function semidefiniteFactor(matrix: Float64Array, n: number, path: string): Float64Array {
  const factor = new Float64Array(2 * n * n);
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      let re = matrix[2 * (i * n + j)];
      let im = matrix[2 * (i * n + j) + 1];
      for (let k = 0; k < j; k++) {
        const [p, q] = [2 * (i * n + k), 2 * (j * n + k)];
        re -= factor[p] * factor[q] + factor[p + 1] * factor[q + 1];
        im -= factor[p + 1] * factor[q] - factor[p] * factor[q + 1];
      }
      const pivot = factor[2 * (j * n + j)];
      if (i === j) {
        if (re < -ROUNDING) refuse(path);
        factor[2 * (j * n + j)] = re > ROUNDING ? Math.sqrt(re) : 0;
      } else if (pivot > 0) {
        factor[2 * (i * n + j)] = re / pivot;
        factor[2 * (i * n + j) + 1] = im / pivot;
      } else if (Math.abs(re) + Math.abs(im) > Math.sqrt(ROUNDING)) refuse(path);
    }
  }
  return factor;
}

function refuse(path: string): never {
  throw new ValueError(
    path,
    "No antennas can be correlated like this: the matrix has a negative eigenvalue. Lower the entries off the diagonal.",
  );
}
