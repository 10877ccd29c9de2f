/** A function of a conductance, computed once for each of the few levels that a chip asks for. */

/** Places of the table, a power of two. */
const PLACES = 1024;

/**
 * The same function with a memory: as long as two values do not share a place, each is computed once. A value that is not in its place
 * is computed anew, so that the results are those of `of` whatever the values are.
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
