/**
 * Sobol sequence in up to 21 dimensions: point i of dimension j is the exclusive or of those direction numbers v_j1 .. v_j32 at
 * which the Gray code of i has a one. Any 2^k successive points that start at a multiple of 2^k put one point into each of 2^k
 * equal parts of every axis.
 *
 * A dimension is defined by a primitive polynomial of degree s, whose inner coefficients are the bits of `a`, and by s initial
 * numbers m_k, odd and below 2^k; the others follow from
 *
 *   m_k = 2 a_1 m_(k-1) xor 4 a_2 m_(k-2) xor .. xor 2^s m_(k-s) xor m_(k-s),   v_k = m_k / 2^k
 *
 * Source: S. Joe, F. Y. Kuo, "Constructing Sobol sequences with better two-dimensional projections", SIAM J. Sci. Comput. 30 (2008)
 * 2635-2654; the numbers are the first rows of their table new-joe-kuo-6. Order by Gray code: I. A. Antonov, V. M. Saleev (1979).
 */
import { invariant } from "../errors.ts";

/** `[s, a, m_1 .. m_s]` of the second dimension and those after it; the first is the van der Corput sequence. */
const JOE_KUO: readonly (readonly number[])[] = [
  [1, 0, 1],
  [2, 1, 1, 3],
  [3, 1, 1, 3, 1],
  [3, 2, 1, 1, 1],
  [4, 1, 1, 1, 3, 3],
  [4, 4, 1, 3, 5, 13],
  [5, 2, 1, 1, 5, 5, 17],
  [5, 4, 1, 1, 5, 5, 5],
  [5, 7, 1, 1, 7, 11, 19],
  [5, 11, 1, 1, 5, 1, 1],
  [5, 13, 1, 1, 1, 3, 11],
  [5, 14, 1, 3, 5, 5, 31],
  [6, 1, 1, 3, 3, 9, 7, 49],
  [6, 13, 1, 1, 1, 15, 21, 21],
  [6, 16, 1, 3, 1, 13, 27, 49],
  [6, 19, 1, 1, 1, 15, 7, 5],
  [6, 22, 1, 3, 1, 15, 13, 25],
  [6, 25, 1, 1, 5, 5, 19, 61],
  [7, 1, 1, 3, 7, 11, 23, 15, 103],
  [7, 4, 1, 3, 7, 13, 13, 15, 69],
];

export const SOBOL_DIMENSIONS = JOE_KUO.length + 1;

const BITS = 32;

/** Word `index` of a dimension, 0 .. 2^32 - 1: the coordinate times 2^32. */
export function sobolWord(index: number, dimension: number): number {
  const directions = directionsOf(dimension);
  let gray = (index ^ (index >>> 1)) >>> 0;
  let word = 0;
  for (let k = 0; gray !== 0; k++, gray >>>= 1) if (gray & 1) word ^= directions[k];
  return word >>> 0;
}

const known = new Map<number, Uint32Array>();

/** v_1 .. v_32 as integers, times 2^32. */
function directionsOf(dimension: number): Uint32Array {
  invariant(dimension >= 0 && dimension < SOBOL_DIMENSIONS, "a Sobol dimension is one of those in the table");
  const found = known.get(dimension);
  if (found) return found;
  const v = new Uint32Array(BITS);
  if (dimension === 0) for (let k = 0; k < BITS; k++) v[k] = 2 ** (BITS - 1 - k);
  else {
    const [degree, inner, ...m] = JOE_KUO[dimension - 1];
    for (let k = 0; k < BITS; k++) {
      if (k < degree) {
        v[k] = m[k] * 2 ** (BITS - 1 - k);
        continue;
      }
      let word = v[k - degree] ^ (v[k - degree] >>> degree);
      for (let j = 1; j < degree; j++) if ((inner >>> (degree - 1 - j)) & 1) word ^= v[k - j];
      v[k] = word;
    }
  }
  known.set(dimension, v);
  return v;
}
