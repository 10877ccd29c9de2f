/**
 * The radical inverse of an integer in base 2, times 2^32: its 32 bits reversed (van der Corput, 1935). The values for 0 .. 2^k -
 * 1 are equally spaced, and neighbours are far apart.
 */
export function radicalInverse(word: number): number {
  let reversed = 0;
  for (let bit = 0; bit < 32; bit++) reversed = (reversed << 1) | ((word >>> bit) & 1);
  return reversed >>> 0;
}
