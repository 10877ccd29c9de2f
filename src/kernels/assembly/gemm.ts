/**
 * Dense matrix product C = op(A) op(B) (+ C), row-major float32, after Goto and van de Geijn, "Anatomy of
 * high-performance matrix multiplication" (ACM TOMS 34, 2008).
 *
 * B is packed into panels of 16 columns and A into panels of 2 rows, so that the inner loop reads both in order. A tile of 2 x 16
 * sums stays in eight of the sixteen registers. Each vector of B is used by both rows as soon as it is loaded, and the loop over
 * K is not unrolled: V8 11 hoists the loads of an unrolled body and spills. On a Zen 4 core at 3.7 GHz (limit 59): 45 GFLOP/s as
 * written, 40 with a call per tile, 36 if in addition all loads come first, and 29 if also unrolled by two.
 *
 * Each sum runs over k in order within a block of 256; the blocks are added in order. A result therefore depends on neither
 * threads nor platform, and a row of C does not depend on how many rows are computed with it.
 */
import { multiplyAdd } from "./math";

/** Depth of a block: one panel of B is 256 x 16 floats = 16 KiB and stays in the L1 cache. */
const DEPTH: i32 = 256;
/** Rows of A packed at a time: 64 KiB, in the L2 cache. */
const ROWS: i32 = 64;
/** Columns of B packed at a time: 256 KiB. `productScratch` in ../wasm/dense-ops.ts uses these three sizes. */
const COLUMNS: i32 = 256;

/**
 * C[m, n] = op(A) op(B), plus the old C when `accumulate` is not 0. op transposes when its flag is not 0:
 * A is [m, k] or [k, m], B is [k, n] or [n, k]; `lda`, `ldb`, `ldc` are row strides in elements.
 * `scratch` is aligned to 16 bytes and holds productScratch(m, n, k) words.
 */
export function gemm(
  transposeA: i32,
  transposeB: i32,
  m: i32,
  n: i32,
  k: i32,
  a: usize,
  lda: i32,
  b: usize,
  ldb: i32,
  c: usize,
  ldc: i32,
  accumulate: i32,
  scratch: usize,
): void {
  const depth = min(k, DEPTH);
  const panelsA = scratch + <usize>(depth * ((min(n, COLUMNS) + 15) & ~15)) * 4;
  const edge = panelsA + <usize>(depth * ((min(m, ROWS) + 1) & ~1)) * 4;
  if (k == 0 && !accumulate) {
    for (let i = 0; i < m; i++) memory.fill(c + <usize>(i * ldc) * 4, 0, <usize>n * 4);
    return;
  }
  for (let column = 0; column < n; column += COLUMNS) {
    const columns = min(n - column, COLUMNS);
    for (let from = 0; from < k; from += DEPTH) {
      const count = min(k - from, DEPTH);
      const add = accumulate | from;
      if (transposeB) packColumnsTransposed(columns, count, b + <usize>(column * ldb + from) * 4, ldb, scratch);
      else packColumns(columns, count, b + <usize>(from * ldb + column) * 4, ldb, scratch);
      for (let row = 0; row < m; row += ROWS) {
        const rows = min(m - row, ROWS);
        if (transposeA) packRowsTransposed(rows, count, a + <usize>(from * lda + row) * 4, lda, panelsA);
        else packRows(rows, count, a + <usize>(row * lda + from) * 4, lda, panelsA);
        block(rows, columns, count, panelsA, scratch, c + <usize>(row * ldc + column) * 4, ldc, add, edge);
      }
    }
  }
}

/** All tiles of one block. An incomplete tile is computed whole, on zero padding, and its valid part is copied. */
function block(
  rows: i32,
  columns: i32,
  count: i32,
  a: usize,
  b: usize,
  c: usize,
  ldc: i32,
  add: i32,
  edge: usize,
): void {
  const panelA = <usize>count * 8;
  const panelB = <usize>count * 64;
  const pairs = rows >> 1;
  for (let j = 0; j < columns; j += 16) {
    const width = columns - j;
    const target = c + <usize>j * 4;
    const whole = width >= 16 ? pairs : 0;
    tiles(whole, a, b, panelB, target, ldc, add);
    for (let i = 2 * whole; i < rows; i += 2) {
      tiles(1, a + <usize>(i >> 1) * panelA, b, panelB, edge, 16, 0);
      for (let r = 0; r < min(rows - i, 2); r++) {
        for (let q = 0; q < min(width, 16); q++) {
          const to = target + <usize>((i + r) * ldc + q) * 4;
          const value = load<f32>(edge + <usize>(r * 16 + q) * 4);
          store<f32>(to, add ? load<f32>(to) + value : value);
        }
      }
    }
    b += panelB;
  }
}

/** `count` tiles of 2 x 16, one below the other: each is set to (or incremented by) the product of a panel of A and the panel of B. */
function tiles(count: i32, a: usize, panel: usize, bytes: usize, c: usize, ldc: i32, add: i32): void {
  const end = panel + bytes;
  const step = <usize>ldc * 4;
  for (let i = 0; i < count; i++) {
    let s00 = f32x4.splat(0),
      s01 = f32x4.splat(0),
      s02 = f32x4.splat(0),
      s03 = f32x4.splat(0);
    let s10 = f32x4.splat(0),
      s11 = f32x4.splat(0),
      s12 = f32x4.splat(0),
      s13 = f32x4.splat(0);
    let b = panel;
    do {
      const a0 = v128.load_splat<f32>(a);
      const a1 = v128.load_splat<f32>(a, 4);
      a += 8;
      const b0 = v128.load(b);
      s00 = multiplyAdd(a0, b0, s00);
      s10 = multiplyAdd(a1, b0, s10);
      const b1 = v128.load(b, 16);
      s01 = multiplyAdd(a0, b1, s01);
      s11 = multiplyAdd(a1, b1, s11);
      const b2 = v128.load(b, 32);
      s02 = multiplyAdd(a0, b2, s02);
      s12 = multiplyAdd(a1, b2, s12);
      const b3 = v128.load(b, 48);
      s03 = multiplyAdd(a0, b3, s03);
      s13 = multiplyAdd(a1, b3, s13);
      b += 64;
    } while (b < end);
    const c1 = c + step;
    if (add) {
      s00 = f32x4.add(v128.load(c), s00);
      s01 = f32x4.add(v128.load(c, 16), s01);
      s02 = f32x4.add(v128.load(c, 32), s02);
      s03 = f32x4.add(v128.load(c, 48), s03);
      s10 = f32x4.add(v128.load(c1), s10);
      s11 = f32x4.add(v128.load(c1, 16), s11);
      s12 = f32x4.add(v128.load(c1, 32), s12);
      s13 = f32x4.add(v128.load(c1, 48), s13);
    }
    v128.store(c, s00);
    v128.store(c, s01, 16);
    v128.store(c, s02, 32);
    v128.store(c, s03, 48);
    v128.store(c1, s10);
    v128.store(c1, s11, 16);
    v128.store(c1, s12, 32);
    v128.store(c1, s13, 48);
    c = c1 + step;
  }
}

/** Panels of 16 columns of B [count, columns], padded with zeros. */
function packColumns(columns: i32, count: i32, b: usize, ldb: i32, to: usize): void {
  for (let j = 0; j < columns; j += 16) {
    const width = min(columns - j, 16);
    let from = b + <usize>j * 4;
    for (let p = 0; p < count; p++) {
      if (width == 16) {
        v128.store(to, v128.load(from));
        v128.store(to, v128.load(from, 16), 16);
        v128.store(to, v128.load(from, 32), 32);
        v128.store(to, v128.load(from, 48), 48);
      } else {
        for (let q = 0; q < 16; q++) store<f32>(to + <usize>q * 4, q < width ? load<f32>(from + <usize>q * 4) : 0);
      }
      from += <usize>ldb * 4;
      to += 64;
    }
  }
}

/** The same panels from B [columns, count]: 4 x 4 transposes, then the remainder one by one. */
function packColumnsTransposed(columns: i32, count: i32, b: usize, ldb: i32, to: usize): void {
  const stride = <usize>ldb * 4;
  for (let j = 0; j < columns; j += 4) {
    // Columns j .. j + 3 are a quarter of a panel; a missing column repeats the last one and is never copied to C.
    const last = columns - 1;
    const r0 = b + <usize>j * stride;
    const r1 = b + <usize>min(j + 1, last) * stride;
    const r2 = b + <usize>min(j + 2, last) * stride;
    const r3 = b + <usize>min(j + 3, last) * stride;
    let target = to + <usize>((j >> 4) * count * 16 + (j & 15)) * 4;
    let p = 0;
    for (; p + 4 <= count; p += 4) {
      const at = <usize>p * 4;
      const x0 = v128.load(r0 + at);
      const x1 = v128.load(r1 + at);
      const x2 = v128.load(r2 + at);
      const x3 = v128.load(r3 + at);
      const low01 = v128.shuffle<f32>(x0, x1, 0, 4, 1, 5);
      const low23 = v128.shuffle<f32>(x2, x3, 0, 4, 1, 5);
      const high01 = v128.shuffle<f32>(x0, x1, 2, 6, 3, 7);
      const high23 = v128.shuffle<f32>(x2, x3, 2, 6, 3, 7);
      v128.store(target, v128.shuffle<f64>(low01, low23, 0, 2));
      v128.store(target, v128.shuffle<f64>(low01, low23, 1, 3), 64);
      v128.store(target, v128.shuffle<f64>(high01, high23, 0, 2), 128);
      v128.store(target, v128.shuffle<f64>(high01, high23, 1, 3), 192);
      target += 256;
    }
    for (; p < count; p++) {
      const at = <usize>p * 4;
      store<f32>(target, load<f32>(r0 + at));
      store<f32>(target, load<f32>(r1 + at), 4);
      store<f32>(target, load<f32>(r2 + at), 8);
      store<f32>(target, load<f32>(r3 + at), 12);
      target += 64;
    }
  }
}

/** Panels of 2 rows of A [rows, count], interleaved; a missing row repeats the last one and is never copied to C. */
function packRows(rows: i32, count: i32, a: usize, lda: i32, to: usize): void {
  for (let i = 0; i < rows; i += 2) {
    const r0 = a + <usize>(i * lda) * 4;
    const r1 = a + <usize>(min(i + 1, rows - 1) * lda) * 4;
    let p = 0;
    for (; p + 4 <= count; p += 4) {
      const x0 = v128.load(r0 + <usize>p * 4);
      const x1 = v128.load(r1 + <usize>p * 4);
      v128.store(to, v128.shuffle<f32>(x0, x1, 0, 4, 1, 5));
      v128.store(to, v128.shuffle<f32>(x0, x1, 2, 6, 3, 7), 16);
      to += 32;
    }
    for (; p < count; p++) {
      store<f32>(to, load<f32>(r0 + <usize>p * 4));
      store<f32>(to, load<f32>(r1 + <usize>p * 4), 4);
      to += 8;
    }
  }
}

/**
 * The same panels from A [count, rows]. A strip of 16 rows is a cache line of A, read once. Panels are two to four KiB apart, so
 * the L1 cache has room for eight of them but not for all.
 */
function packRowsTransposed(rows: i32, count: i32, a: usize, lda: i32, to: usize): void {
  const panel = <usize>count * 8;
  const stride = <usize>lda * 4;
  let i = 0;
  for (; i + 16 <= rows; i += 16) {
    let from = a + <usize>i * 4;
    let target = to;
    let p = 0;
    for (; p + 2 <= count; p += 2) {
      const next = from + stride;
      packPair(v128.load(from), v128.load(next), target, panel);
      packPair(v128.load(from, 16), v128.load(next, 16), target + 2 * panel, panel);
      packPair(v128.load(from, 32), v128.load(next, 32), target + 4 * panel, panel);
      packPair(v128.load(from, 48), v128.load(next, 48), target + 6 * panel, panel);
      from = next + stride;
      target += 16;
    }
    if (p < count) for (let n: usize = 0; n < 8; n++) store<u64>(target + n * panel, load<u64>(from + n * 8));
    to += 8 * panel;
  }
  for (; i < rows; i += 2) {
    // A missing row repeats the last one.
    const second: usize = i + 1 < rows ? 4 : 0;
    let from = a + <usize>i * 4;
    for (let p = 0; p < count; p++) {
      store<f32>(to, load<f32>(from));
      store<f32>(to, load<f32>(from + second), 4);
      from += stride;
      to += 8;
    }
  }
}

/** Two columns of four rows, x and y, to two panels. */
// @ts-ignore: decorator
@inline
function packPair(x: v128, y: v128, to: usize, panel: usize): void {
  v128.store(to, v128.shuffle<f64>(x, y, 0, 2));
  v128.store(to + panel, v128.shuffle<f64>(x, y, 1, 3));
}
