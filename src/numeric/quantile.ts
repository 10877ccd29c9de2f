/** Quantiles of a sample. */

/**
 * The nearest-rank quantile: the smallest value that at least a share `q` (0 < q <= 1) of the values do not exceed, so
 * always one of the values; 0 of none.
 */
export function quantile(values: Float32Array, q: number): number {
  if (values.length === 0) return 0;
  if (q === 1) return values.reduce((largest, value) => Math.max(largest, value));
  return values.slice().sort()[Math.max(0, Math.ceil(q * values.length) - 1)];
}
