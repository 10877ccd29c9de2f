/**
 * Central finite differences: an independent way to compute a gradient. The tests compare every backward rule in this folder with
 * them; do the same for a new neuron or layer.
 *
 *   df/dx_i = (f(x + h e_i) - f(x - h e_i)) / (2 h) + O(h^2)
 */

/**
 * Gradient of `f` with respect to the entries of `at`, which `f` reads. Entries that are not in `indices` stay 0.
 *
 * Works with single-precision arrays as well as double: the quotient uses the step that was actually made.
 *
 * State    entries of `at` are changed during the call and restored
 */
export function centralDifferences(
  f: () => number,
  at: Float64Array | Float32Array,
  step: number,
  indices: Iterable<number> = at.keys(),
): Float64Array {
  const gradient = new Float64Array(at.length);
  for (const i of indices) {
    const value = at[i];
    at[i] = value + step;
    const [above, fAbove] = [at[i], f()];
    at[i] = value - step;
    const [below, fBelow] = [at[i], f()];
    at[i] = value;
    gradient[i] = (fAbove - fBelow) / (above - below);
  }
  return gradient;
}
