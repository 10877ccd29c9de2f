/**
 * Product of packed spikes with a float matrix: Y = S W, S [rows, k] bits, W [k, n] float32.
 *
 * The weight gradient dW = S^T dY is the same product with the transposed bits (`bits.ts`), so one kernel serves both. The caller
 * chooses between two methods by the measured density: `gatherProduct` adds one row of W per set bit, in ascending k;
 * `tableProduct` looks up sums over 4 inputs, at the same cost for any density. `n` is a multiple of 4. Tested against sums of
 * floats; simulated crossbars have their own product (`byte-product.ts`).
 *
 * Both work on 24 columns at a time: six sums and the six vectors added to them fit the registers; with eight, V8 11 passes one
 * sum through memory and waits for it. The rows to add are stored contiguously, so they do not compete for cache sets like the
 * rows of a matrix with a power-of-two stride.
 */

/** Rows of S whose set bits are listed at a time. */
const CHUNK: i32 = 128;
/** Rows of W that are added at a time. */
const TILE: i32 = 256;
/** Columns, and the byte distance between contiguous rows: 256 rows are 24 KiB, in the L1 cache. */
const COLUMNS: i32 = 24;
const PANEL_ROW: i32 = 96;
/** Inputs whose look-up tables are held at a time: 64 / 4 groups x 16 sums x 24 columns x 4 bytes = 24 KiB. */
const TABLE_TILE: i32 = 64;

/**
 * Y [rows, n] (+)= S W by row gather. `stride` is the byte distance between rows of S, `ldw` and `ldy` are row lengths in floats;
 * bits past `k` are ignored. Scratch: 128 counts, 128 x 256 16-bit offsets and 256 x 24 floats, 22656 words.
 */
export function gatherProduct(
  bits: usize,
  stride: i32,
  rows: i32,
  k: i32,
  w: usize,
  ldw: i32,
  y: usize,
  ldy: i32,
  n: i32,
  accumulate: i32,
  scratch: usize,
): void {
  const lists = scratch + ((<usize>CHUNK) << 2);
  const panel = lists + ((<usize>(CHUNK * TILE)) << 1);
  for (let k0 = 0; k0 < k; k0 += TILE) {
    const depth = min(TILE, k - k0);
    const fresh = k0 == 0 && accumulate == 0;
    for (let m0 = 0; m0 < rows; m0 += CHUNK) {
      const chunk = min(CHUNK, rows - m0);
      listBits(bits + <usize>m0 * stride + ((<usize>(k0 >> 5)) << 2), stride, chunk, depth, scratch, lists);
      for (let c = 0; c < n; c += COLUMNS) {
        const width = min(COLUMNS, n - c);
        const target = y + ((<usize>(m0 * ldy + c)) << 2);
        packPanel(w + ((<usize>(k0 * ldw + c)) << 2), ldw, depth, width, panel);
        if (width < COLUMNS) gatherEdge(scratch, lists, chunk, panel, target, ldy, width, fresh);
        else if (fresh) gatherColumns(scratch, lists, chunk, panel, target, ldy, true);
        else gatherColumns(scratch, lists, chunk, panel, target, ldy, false);
      }
    }
  }
}

/** Counts the set bits of each row up to `depth`, and lists, consecutively, where their rows begin in a panel. */
function listBits(bits: usize, stride: i32, rows: i32, depth: i32, counts: usize, lists: usize): void {
  const words = (depth + 31) >> 5;
  const lastWord: u32 = depth & 31 ? ((<u32>1) << (depth & 31)) - 1 : 0xffffffff;
  let next = lists;
  for (let m = 0; m < rows; m++) {
    const begin = next;
    const row = bits + <usize>m * stride;
    for (let i = 0; i < words; i++) {
      let word = load<u32>(row + ((<usize>i) << 2)) & (i == words - 1 ? lastWord : 0xffffffff);
      const first = (i << 5) * PANEL_ROW;
      while (word) {
        store<u16>(next, <u16>(first + <i32>ctz(word) * PANEL_ROW));
        next += 2;
        word &= word - 1;
      }
    }
    store<u32>(counts + ((<usize>m) << 2), <u32>((next - begin) >> 1));
  }
}

/** Copies `width` columns of `depth` rows of W to a panel. */
function packPanel(w: usize, ldw: i32, depth: i32, width: i32, panel: usize): void {
  const step = (<usize>ldw) << 2;
  const bytes = (<usize>width) << 2;
  for (let i = 0; i < depth; i++) {
    for (let v: usize = 0; v < bytes; v += 16) v128.store(panel + v, v128.load(w + v));
    panel += PANEL_ROW;
    w += step;
  }
}

/** 24 columns of Y: for each row the sum of the listed rows of the panel, added to Y unless `fresh`. */
// @ts-ignore: decorator
@inline
function gatherColumns(counts: usize, list: usize, rows: i32, panel: usize, y: usize, ldy: i32, fresh: bool): void {
  for (let m = 0; m < rows; m++) {
    const end = list + ((<usize>load<u32>(counts + ((<usize>m) << 2))) << 1);
    let a0 = fresh ? f32x4.splat(0) : v128.load(y, 0);
    let a1 = fresh ? f32x4.splat(0) : v128.load(y, 16);
    let a2 = fresh ? f32x4.splat(0) : v128.load(y, 32);
    let a3 = fresh ? f32x4.splat(0) : v128.load(y, 48);
    let a4 = fresh ? f32x4.splat(0) : v128.load(y, 64);
    let a5 = fresh ? f32x4.splat(0) : v128.load(y, 80);
    for (; list < end; list += 2) {
      const row = panel + <usize>load<u16>(list);
      a0 = f32x4.add(a0, v128.load(row, 0));
      a1 = f32x4.add(a1, v128.load(row, 16));
      a2 = f32x4.add(a2, v128.load(row, 32));
      a3 = f32x4.add(a3, v128.load(row, 48));
      a4 = f32x4.add(a4, v128.load(row, 64));
      a5 = f32x4.add(a5, v128.load(row, 80));
    }
    v128.store(y, a0, 0);
    v128.store(y, a1, 16);
    v128.store(y, a2, 32);
    v128.store(y, a3, 48);
    v128.store(y, a4, 64);
    v128.store(y, a5, 80);
    y += (<usize>ldy) << 2;
  }
}

/** The same for fewer than 24 columns, by eight and by four. */
function gatherEdge(
  counts: usize,
  list: usize,
  rows: i32,
  panel: usize,
  y: usize,
  ldy: i32,
  width: i32,
  fresh: bool,
): void {
  for (let m = 0; m < rows; m++) {
    const end = list + ((<usize>load<u32>(counts + ((<usize>m) << 2))) << 1);
    let at: usize = 0;
    for (const last = (<usize>(width - 8)) << 2; <isize>at <= <isize>last; at += 32) {
      let a0 = fresh ? f32x4.splat(0) : v128.load(y + at);
      let a1 = fresh ? f32x4.splat(0) : v128.load(y + at, 16);
      for (let p = list; p < end; p += 2) {
        const row = panel + at + <usize>load<u16>(p);
        a0 = f32x4.add(a0, v128.load(row));
        a1 = f32x4.add(a1, v128.load(row, 16));
      }
      v128.store(y + at, a0);
      v128.store(y + at, a1, 16);
    }
    if (width & 4) {
      let a = fresh ? f32x4.splat(0) : v128.load(y + at);
      for (let p = list; p < end; p += 2) a = f32x4.add(a, v128.load(panel + at + <usize>load<u16>(p)));
      v128.store(y + at, a);
    }
    list = end;
    y += (<usize>ldy) << 2;
  }
}

/**
 * The same product by look-up: for each group of 4 inputs, the 16 possible sums of their weight rows are tabulated once per
 * column block. Bits past `k` must be 0. Scratch: 16 groups x 16 sums x 24 columns, 6144 words.
 */
export function tableProduct(
  bits: usize,
  stride: i32,
  rows: i32,
  k: i32,
  w: usize,
  ldw: i32,
  y: usize,
  ldy: i32,
  n: i32,
  accumulate: i32,
  scratch: usize,
): void {
  for (let c = 0; c < n; c += COLUMNS) {
    const width = min(COLUMNS, n - c);
    for (let k0 = 0; k0 < k; k0 += TABLE_TILE) {
      const depth = min(TABLE_TILE, k - k0);
      const groups = (depth + 3) >> 2;
      tabulate(w + ((<usize>(k0 * ldw + c)) << 2), ldw, depth, width, scratch);
      const source = bits + ((<usize>(k0 >> 5)) << 2);
      const target = y + ((<usize>c) << 2);
      const fresh = k0 == 0 && accumulate == 0;
      if (width < COLUMNS) tableEdge(source, stride, rows, groups, target, ldy, width, fresh, scratch);
      else tableRows(source, stride, rows, groups, target, ldy, fresh, scratch);
    }
  }
}

/** The sums of `width` columns for groups of 4 of `depth` rows of W: entry `code` adds its highest row to an earlier entry. */
function tabulate(w: usize, ldw: i32, depth: i32, width: i32, table: usize): void {
  const bytes = (<usize>width) << 2;
  for (let input = 0; input < depth; input += 4) {
    for (let v: usize = 0; v < bytes; v += 16) v128.store(table + v, f32x4.splat(0));
    for (let bit = 0; bit < 4; bit++) {
      const row = w + ((<usize>((input + bit) * ldw)) << 2);
      const first = 1 << bit;
      const present = input + bit < depth;
      for (let v: usize = 0; v < bytes; v += 16) {
        const value = present ? v128.load(row + v) : f32x4.splat(0);
        for (let code = 0; code < first; code++) {
          const entry = table + <usize>(code * PANEL_ROW) + v;
          v128.store(entry + <usize>(first * PANEL_ROW), f32x4.add(v128.load(entry), value));
        }
      }
    }
    table += 16 * PANEL_ROW;
  }
}

/** 24 columns of Y. */
function tableRows(
  bits: usize,
  stride: i32,
  rows: i32,
  groups: i32,
  y: usize,
  ldy: i32,
  fresh: bool,
  scratch: usize,
): void {
  for (let m = 0; m < rows; m++) {
    let a0 = fresh ? f32x4.splat(0) : v128.load(y, 0);
    let a1 = fresh ? f32x4.splat(0) : v128.load(y, 16);
    let a2 = fresh ? f32x4.splat(0) : v128.load(y, 32);
    let a3 = fresh ? f32x4.splat(0) : v128.load(y, 48);
    let a4 = fresh ? f32x4.splat(0) : v128.load(y, 64);
    let a5 = fresh ? f32x4.splat(0) : v128.load(y, 80);
    let table = scratch;
    for (let g = 0; g < groups; g += 8) {
      let word = load<u32>(bits + (<usize>g >> 1));
      const end = table + <usize>(min(8, groups - g) * 16 * PANEL_ROW);
      for (; table < end; table += 16 * PANEL_ROW) {
        const entry = table + <usize>((word & 15) * PANEL_ROW);
        a0 = f32x4.add(a0, v128.load(entry, 0));
        a1 = f32x4.add(a1, v128.load(entry, 16));
        a2 = f32x4.add(a2, v128.load(entry, 32));
        a3 = f32x4.add(a3, v128.load(entry, 48));
        a4 = f32x4.add(a4, v128.load(entry, 64));
        a5 = f32x4.add(a5, v128.load(entry, 80));
        word >>= 4;
      }
    }
    v128.store(y, a0, 0);
    v128.store(y, a1, 16);
    v128.store(y, a2, 32);
    v128.store(y, a3, 48);
    v128.store(y, a4, 64);
    v128.store(y, a5, 80);
    bits += stride;
    y += (<usize>ldy) << 2;
  }
}

/** The same for fewer than 24 columns, by four. */
function tableEdge(
  bits: usize,
  stride: i32,
  rows: i32,
  groups: i32,
  y: usize,
  ldy: i32,
  width: i32,
  fresh: bool,
  scratch: usize,
): void {
  const bytes = (<usize>width) << 2;
  for (let m = 0; m < rows; m++) {
    for (let v: usize = 0; v < bytes; v += 16) {
      let a = fresh ? f32x4.splat(0) : v128.load(y + v);
      for (let g = 0; g < groups; g++) {
        const code = (load<u32>(bits + ((<usize>(g >> 3)) << 2)) >> ((g & 7) << 2)) & 15;
        a = f32x4.add(a, v128.load(scratch + <usize>(((g << 4) + code) * PANEL_ROW) + v));
      }
      v128.store(y + v, a);
    }
    bits += stride;
    y += (<usize>ldy) << 2;
  }
}
