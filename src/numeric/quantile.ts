/** Quantiles of a sample. */

/**
 * The nearest-rank quantile: the smallest value such that at least a share `q` (0 < q <= 1) of the values do not exceed it. It is
 * therefore always one of the values; 0 for an empty sample.
 */
export function quantile(values: Float32Array, q: number): number {
  if (values.length === 0) return 0;
  if (q === 1) {
    let largest = values[0];
    for (let i = 1; i < values.length; i++) largest = Math.max(largest, values[i]);
    return largest;
  }
  return select(values.slice(), quantileRank(values.length, q));
}

/** The same, or the largest value if that is 0. */
export const quantileAboveZero = (values: Float32Array, q: number): number =>
  quantile(values, q) || quantile(values, 1);

/** The rank of the quantile in a sorted sample of this size, from 0. */
export const quantileRank = (count: number, q: number): number => Math.max(0, Math.ceil(q * count) - 1);

/**
 * The value at `rank` (from 0) in sorted order, without sorting all values: Hoare's FIND (Algorithm 65, CACM 4 (1961)).
 *
 * State    `values` is reordered
 */
function select(values: Float32Array, rank: number): number {
  let left = 0;
  let right = values.length - 1;
  while (left < right) {
    const pivot = values[rank];
    let i = left;
    let j = right;
    while (i <= j) {
      while (values[i] < pivot) i++;
      while (pivot < values[j]) j--;
      if (i <= j) {
        const value = values[i];
        values[i++] = values[j];
        values[j--] = value;
      }
    }
    // Now left .. j hold values up to the pivot, i .. right values from the pivot on, and everything in between equals it.
    if (j < rank) left = i;
    if (rank < i) right = j;
  }
  return values[rank];
}
