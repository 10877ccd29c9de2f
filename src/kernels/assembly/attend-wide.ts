/** Output bits of stochastic attention over any number of tokens: column by column, whereas `attend.ts` compares bytes. */
import { extract } from "./head";

/** Values of head `h`, one 64-bit word for each of the `tokens` rows starting at row `first`. */
export function loadValues(
  qkv: usize,
  words: i32,
  first: i32,
  tokens: i32,
  width: i32,
  d: i32,
  h: i32,
  v: usize,
): void {
  let row = qkv + ((<usize>(first * words)) << 2);
  for (let i = 0; i < tokens; i++) {
    store<u64>(v + ((<usize>i) << 3), extract(row, 2 * width + h * d, d));
    row += (<usize>words) << 2;
  }
}

/**
 * Row i of A, from row i of S and the values. The sums of all 64 columns are counted in parallel: bit p of every sum is word p of
 * `planes` (at most 31 words of 64 bits), and a value is added like a carry. Draws are words, or bytes, which become the top
 * bytes of words: a draw then fires in the same cases.
 */
export function wideOutputRow(
  scores: usize,
  v: usize,
  maskWords: i32,
  normaliser: i32,
  gain: i32,
  draws: usize,
  bytes: bool,
  shift: u32,
  planes: usize,
): u64 {
  let end = planes;
  for (let w = 0; w < maskWords; w++) {
    let bits = load<u64>(scores + ((<usize>w) << 3));
    while (bits) {
      let carry = load<u64>(v + ((<usize>ctz(bits)) << 3));
      let plane = planes;
      for (; carry && plane < end; plane += 8) {
        const before = load<u64>(plane);
        store<u64>(plane, before ^ carry);
        carry &= before;
      }
      if (carry) {
        store<u64>(plane, carry);
        end = plane + 8;
      }
      bits &= bits - 1;
    }
    v += 512;
  }
  let any: u64 = 0;
  for (let plane = planes; plane < end; plane += 8) any |= load<u64>(plane);
  let value: u64 = 0;
  while (any) {
    const column = <usize>ctz(any);
    let count: u64 = 0;
    for (let plane = end - 8; plane >= planes; plane -= 8) count = (count << 1) | ((load<u64>(plane) >> column) & 1);
    const draw: u32 = (bytes ? (<u32>load<u8>(draws + column)) << 24 : load<u32>(draws + (column << 2))) + shift;
    // A draw is below 2^32, so a count that reaches the normaliser always fires.
    value |= u64(<u64>draw * <u64>normaliser < (<u64>gain * count) << 32) << column;
    any &= any - 1;
  }
  return value;
}
