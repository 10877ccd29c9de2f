/** A function of a conductance, computed once for each of the few levels that a chip asks for. */

/** Slots of the table, a power of two. */
const PLACES = 1024;

/**
 * The same function, memoised in a direct-mapped table. Each value is computed once unless another value takes its slot; an
 * evicted value is computed again, so the results always equal those of `of`.
 */
export function byValue<T>(of: (value: number) => T): (value: number) => T {
  const values = new Float64Array(PLACES).fill(Number.NaN);
  const results: T[] = new Array(PLACES);
  return (value) => {
    bits.setFloat64(0, value);
    const place = Math.imul(bits.getInt32(0) ^ bits.getInt32(4), 0x9e3779b1) >>> 22;
    if (values[place] !== value) {
      values[place] = value;
      results[place] = of(value);
    }
    return results[place];
  };
}

const bits = new DataView(new ArrayBuffer(8));
