/**
 * Packed bits: counting, transposing and reordering. Twins: `popcount32` and `unpackSpikes` in `spike/train.ts`, `hardware/line-order.ts`.
 */

/** Set bits in `words` 32-bit words. */
export function countBits(bits: usize, words: i32): i32 {
  let count: i32 = 0;
  const end = bits + ((<usize>words) << 2);
  for (let p = bits; p < end; p += 4) count += popcnt(load<i32>(p));
  return count;
}

/**
 * out [columns, ceil(rows / 32)] = bits [rows, columns] transposed. `stride` and `outStride` are byte distances between rows.
 * Blocks of 32 x 32 bits are swapped in five rounds; bits past the last row are 0.
 */
export function transposeBits(
  bits: usize,
  stride: i32,
  rows: i32,
  columns: i32,
  out: usize,
  outStride: i32,
  scratch: usize,
): void {
  for (let r = 0; r < rows; r += 32) {
    const height = min(32, rows - r);
    for (let c = 0; c < columns; c += 32) {
      for (let i = 0; i < 32; i++) {
        const word = i < height ? load<u32>(bits + <usize>(r + i) * stride + ((<usize>(c >> 5)) << 2)) : 0;
        store<u32>(scratch + ((<usize>i) << 2), word);
      }
      let mask: u32 = 0x0000ffff;
      for (let j = 16; j > 0; j >>= 1) {
        for (let i = 0; i < 32; i = (i + j + 1) & ~j) {
          const a = load<u32>(scratch + ((<usize>i) << 2));
          const b = load<u32>(scratch + ((<usize>(i + j)) << 2));
          const swap = ((a >> j) ^ b) & mask;
          store<u32>(scratch + ((<usize>i) << 2), a ^ (swap << j));
          store<u32>(scratch + ((<usize>(i + j)) << 2), b ^ swap);
        }
        mask ^= mask << (j >> 1);
      }
      const width = min(32, columns - c);
      for (let i = 0; i < width; i++)
        store<u32>(out + <usize>(c + i) * outStride + ((<usize>(r >> 5)) << 2), load<u32>(scratch + ((<usize>i) << 2)));
    }
  }
}

/**
 * For each of `rows` rows of `features` bits: every `stride`-th bit, then the same starting one bit later, and so on; all of it
 * `repeats` times. Bits past the last are 0.
 */
export function wireBits(source: usize, features: i32, rows: i32, stride: i32, repeats: i32, target: usize): void {
  const row = (<usize>((features + 31) >> 5)) << 2;
  for (let r = 0; r < rows; r++, source += row) {
    let open: u32 = 0;
    let filled: i32 = 0;
    for (let i = 0; i < repeats * stride; i++) {
      for (let bit = i % stride; bit < features; bit += stride) {
        const word = load<u32>(source + ((<usize>(bit >> 5)) << 2));
        open |= ((word >> (bit & 31)) & 1) << filled;
        if (++filled < 32) continue;
        store<u32>(target, open);
        target += 4;
        open = 0;
        filled = 0;
      }
    }
    if (filled == 0) continue;
    store<u32>(target, open);
    target += 4;
  }
}
