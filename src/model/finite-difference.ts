/**
 * Central finite differences, the independent way to compute a gradient: every backward rule in this folder is compared with
 * them, and so should a new neuron or layer be.
 *
 *   df/dx_i = (f(x + h e_i) - f(x - h e_i)) / (2 h) + O(h^2)
 */

/**
 * Gradient of `f` with respect to the entries of `at`, which `f` reads; entries without their index in `indices` stay 0.
 *
 * Single-precision arrays work as well as double ones: the quotient uses the step that was really made.
 *
 * State    entries of `at` are moved during the call and put back
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
