/** One step of stochastic attention on one head of one prompt, from draws that lie ready. */
import { deposit, extract } from "./head";

/** Output draws of a token: one per bit of the head, at most 64. */
export const HEAD: i32 = 64;

/**
 * Head `h` of the `tokens` rows from row `first` on. scoreDraws [N, ceil8(N)] and outputDraws [N, 64] are 32-bit words, to which
 * `shift` is added modulo 2^32. S is written to `scores` [N][ceil(N / 64)] (64-bit words), A into `out`, which is 0 before.
 * Returns the sum of the counts |Q_i and K_j| over all cells that the mask leaves on. Scratch in words: 4 N (q, k) and
 * 128 ceil(N / 64) (V transposed).
 */
export function attendStep(qkv: usize, words: i32, first: i32, tokens: i32, width: i32, d: i32, h: i32, mask: usize, scoreLimits: usize, outputLimits: usize, scoreDraws: usize, outputDraws: usize, shift: u32, scores: usize, out: usize, outWords: i32, scratch: usize): u64 {
  const maskWords = (tokens + 63) >> 6;
  const rowDraws = (tokens + 7) & ~7;
  const q = scratch;
  const k = q + (<usize>tokens << 3);
  const vT = k + (<usize>tokens << 3);
  let counted: u64 = 0;
  memory.fill(vT, 0, <usize>(d * maskWords) << 3);
  for (let i = 0; i < tokens; i++) {
    const row = qkv + (<usize>((first + i) * words) << 2);
    store<u64>(q + (<usize>i << 3), extract(row, h * d, d));
    store<u64>(k + (<usize>i << 3), extract(row, width + h * d, d));
    let v = extract(row, 2 * width + h * d, d);
    while (v) {
      const at = vT + (<usize>(<i32>ctz(v) * maskWords + (i >> 6)) << 3);
      store<u64>(at, load<u64>(at) | (<u64>1 << (i & 63)));
      v &= v - 1;
    }
  }
  for (let i = 0; i < tokens; i++) {
    const query = load<u64>(q + (<usize>i << 3));
    const draws = scoreDraws + (<usize>(i * rowDraws) << 2);
    const row = scores + (<usize>(i * maskWords) << 3);
    for (let w = 0; w < maskWords; w++) {
      let allowed = load<u64>(mask + (<usize>(i * maskWords + w) << 3));
      let bits: u64 = 0;
      while (allowed) {
        const lane = <i32>ctz(allowed);
        allowed &= allowed - 1;
        const j = (w << 6) + lane;
        const count = <i32>popcnt(query & load<u64>(k + (<usize>j << 3)));
        const draw = load<u32>(draws + (<usize>j << 2)) + shift;
        counted += count;
        if (count && draw <= load<u32>(scoreLimits + (<usize>count << 2))) bits |= <u64>1 << lane;
      }
      store<u64>(row + (<usize>w << 3), bits);
    }
    const outputs = outputDraws + (<usize>(i * HEAD) << 2);
    let value: u64 = 0;
    for (let c = 0; c < d; c++) {
      let count = 0;
      for (let w = 0; w < maskWords; w++) count += <i32>popcnt(load<u64>(row + (<usize>w << 3)) & load<u64>(vT + (<usize>(c * maskWords + w) << 3)));
      const draw = load<u32>(outputs + (<usize>c << 2)) + shift;
      if (count && draw <= load<u32>(outputLimits + (<usize>count << 2))) value |= <u64>1 << c;
    }
    deposit(out + (<usize>((first + i) * outWords) << 2), h * d, d, value);
  }
  return counted;
}
