/**
 * The input gradient of a linear layer when only some inputs need it: dX [rows, k] = dY W^T at the set bits of a gate, and 0
 * elsewhere. The gate of a spiking layer is where the surrogate's slope is not 0, so a surrogate with compact support saves the
 * rest of the work. dY [rows, n], W [k, n], n a multiple of 8.
 *
 * Blocks of 32 inputs and 128 outputs of W are copied to one place, 16 KiB in the L1 cache. Each row then computes the scalar
 * products that its gate requires, four at a time; sums over n run in blocks of 128, each in four lanes.
 */
import { multiplyAdd } from "./math";

/** Outputs in a block, and the bytes of a row of it. */
const DEPTH: i32 = 128;
const PANEL_ROW: usize = 512;

/** `words` is the row length of the gate in 32-bit words. Scratch: 32 x 128 floats. */
export function gatedProduct(
  dY: usize,
  rows: i32,
  n: i32,
  w: usize,
  k: i32,
  gate: usize,
  words: i32,
  dX: usize,
  scratch: usize,
): void {
  for (let j = 0; j < k; j += 32) {
    const width = min(32, k - j);
    for (let from = 0; from < n; from += DEPTH) {
      const bytes = (<usize>min(DEPTH, n - from)) << 2;
      for (let i = 0; i < width; i++) {
        const source = w + ((<usize>((j + i) * n + from)) << 2);
        const target = scratch + <usize>i * PANEL_ROW;
        for (let at: usize = 0; at < bytes; at += 16) v128.store(target + at, v128.load(source + at));
      }
      let mask = gate + ((<usize>(j >> 5)) << 2);
      let d = dY + ((<usize>from) << 2);
      let out = dX + ((<usize>j) << 2);
      for (let r = 0; r < rows; r++) {
        if (from == 0) for (let i = 0; i < width; i += 4) v128.store(out + ((<usize>i) << 2), f32x4.splat(0));
        let word = load<u32>(mask);
        while (word) {
          const i0 = <usize>ctz(word);
          word &= word - 1;
          const i1 = word ? <usize>ctz(word) : i0;
          word &= word - 1;
          const i2 = word ? <usize>ctz(word) : i0;
          word &= word - 1;
          const i3 = word ? <usize>ctz(word) : i0;
          word &= word - 1;
          const sums = dot4(
            d,
            scratch + i0 * PANEL_ROW,
            scratch + i1 * PANEL_ROW,
            scratch + i2 * PANEL_ROW,
            scratch + i3 * PANEL_ROW,
            bytes,
          );
          // Indices that repeat the first one hold the same value, so the order of the stores does not matter.
          const before = f32x4(
            load<f32>(out + (i0 << 2)),
            load<f32>(out + (i1 << 2)),
            load<f32>(out + (i2 << 2)),
            load<f32>(out + (i3 << 2)),
          );
          const after = f32x4.add(before, sums);
          v128.store32_lane(out + (i0 << 2), after, 0);
          v128.store32_lane(out + (i1 << 2), after, 1);
          v128.store32_lane(out + (i2 << 2), after, 2);
          v128.store32_lane(out + (i3 << 2), after, 3);
        }
        mask += (<usize>words) << 2;
        d += (<usize>n) << 2;
        out += (<usize>k) << 2;
      }
    }
  }
}

/** Scalar products of `bytes` bytes of d with four rows. */
function dot4(d: usize, w0: usize, w1: usize, w2: usize, w3: usize, bytes: usize): v128 {
  let s0 = f32x4.splat(0);
  let s1 = f32x4.splat(0);
  let s2 = f32x4.splat(0);
  let s3 = f32x4.splat(0);
  const end = d + bytes;
  do {
    const d0 = v128.load(d);
    const d1 = v128.load(d, 16);
    d += 32;
    s0 = multiplyAdd(d0, v128.load(w0), s0);
    s1 = multiplyAdd(d0, v128.load(w1), s1);
    s2 = multiplyAdd(d0, v128.load(w2), s2);
    s3 = multiplyAdd(d0, v128.load(w3), s3);
    s0 = multiplyAdd(d1, v128.load(w0, 16), s0);
    s1 = multiplyAdd(d1, v128.load(w1, 16), s1);
    s2 = multiplyAdd(d1, v128.load(w2, 16), s2);
    s3 = multiplyAdd(d1, v128.load(w3, 16), s3);
    w0 += 32;
    w1 += 32;
    w2 += 32;
    w3 += 32;
  } while (d < end);
  const low01 = v128.shuffle<f32>(s0, s1, 0, 4, 1, 5);
  const low23 = v128.shuffle<f32>(s2, s3, 0, 4, 1, 5);
  const high01 = v128.shuffle<f32>(s0, s1, 2, 6, 3, 7);
  const high23 = v128.shuffle<f32>(s2, s3, 2, 6, 3, 7);
  const even = f32x4.add(v128.shuffle<f64>(low01, low23, 0, 2), v128.shuffle<f64>(low01, low23, 1, 3));
  return f32x4.add(even, f32x4.add(v128.shuffle<f64>(high01, high23, 0, 2), v128.shuffle<f64>(high01, high23, 1, 3)));
}
