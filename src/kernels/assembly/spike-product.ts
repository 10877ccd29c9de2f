/**
 * Product of packed spikes with a float matrix: Y = S W, S [rows, k] bits, W [k, n] float32.
 *
 * The weight gradient dW = S^T dY is the same product with the transposed bits (`bits.ts`), so one kernel serves both.
 * Two ways, chosen by the caller from the measured density: `gatherProduct` adds one row of W per set bit, in ascending k;
 * `tableProduct` looks up sums over 4 inputs, whatever the density. `n` is a multiple of 4.
 * Twin: `spikeProduct` in `../reference.ts`.
 */

/** Rows of S whose set bits are listed at a time, and rows of W that stay in the first-level cache: 256 x 32 x 4 bytes. */
const CHUNK: i32 = 64;
const TILE: i32 = 256;
/** Inputs whose look-up tables are held at a time: 64 / 4 groups x 16 sums x 32 columns x 4 bytes = 32 KiB. */
const TABLE_TILE: i32 = 64;

// @ts-ignore: decorator
@inline
function accumulate8(list: usize, count: i32, w: usize, y: usize, fresh: bool): void {
  let a0 = fresh ? f32x4.splat(0) : v128.load(y, 0);
  let a1 = fresh ? f32x4.splat(0) : v128.load(y, 16);
  let a2 = fresh ? f32x4.splat(0) : v128.load(y, 32);
  let a3 = fresh ? f32x4.splat(0) : v128.load(y, 48);
  let a4 = fresh ? f32x4.splat(0) : v128.load(y, 64);
  let a5 = fresh ? f32x4.splat(0) : v128.load(y, 80);
  let a6 = fresh ? f32x4.splat(0) : v128.load(y, 96);
  let a7 = fresh ? f32x4.splat(0) : v128.load(y, 112);
  const end = list + (<usize>count << 2);
  for (let p = list; p < end; p += 4) {
    const row = w + <usize>load<u32>(p);
    a0 = f32x4.add(a0, v128.load(row, 0));
    a1 = f32x4.add(a1, v128.load(row, 16));
    a2 = f32x4.add(a2, v128.load(row, 32));
    a3 = f32x4.add(a3, v128.load(row, 48));
    a4 = f32x4.add(a4, v128.load(row, 64));
    a5 = f32x4.add(a5, v128.load(row, 80));
    a6 = f32x4.add(a6, v128.load(row, 96));
    a7 = f32x4.add(a7, v128.load(row, 112));
  }
  v128.store(y, a0, 0);
  v128.store(y, a1, 16);
  v128.store(y, a2, 32);
  v128.store(y, a3, 48);
  v128.store(y, a4, 64);
  v128.store(y, a5, 80);
  v128.store(y, a6, 96);
  v128.store(y, a7, 112);
}

// @ts-ignore: decorator
@inline
function accumulate1(list: usize, count: i32, w: usize, y: usize, fresh: bool): void {
  let a = fresh ? f32x4.splat(0) : v128.load(y);
  const end = list + (<usize>count << 2);
  for (let p = list; p < end; p += 4) a = f32x4.add(a, v128.load(w + <usize>load<u32>(p)));
  v128.store(y, a);
}

/**
 * Y [rows, n] (+)= S W by row gather. `stride` is the byte distance of rows of S, `ldw` and `ldy` row lengths in floats.
 * Scratch: 64 counts and 64 x 256 offsets, 16448 words.
 */
export function gatherProduct(bits: usize, stride: i32, rows: i32, k: i32, w: usize, ldw: i32, y: usize, ldy: i32, n: i32, accumulate: i32, scratch: usize): void {
  const lists = scratch + (<usize>CHUNK << 2);
  for (let k0 = 0; k0 < k; k0 += TILE) {
    const words = (min(TILE, k - k0) + 31) >> 5;
    const fresh = k0 == 0 && accumulate == 0;
    for (let m0 = 0; m0 < rows; m0 += CHUNK) {
      const chunk = min(CHUNK, rows - m0);
      let next = lists;
      for (let m = 0; m < chunk; m++) {
        const begin = next;
        const row = bits + <usize>(m0 + m) * stride + (<usize>(k0 >> 5) << 2);
        for (let i = 0; i < words; i++) {
          let word = load<u32>(row + (<usize>i << 2));
          const first = k0 + (i << 5);
          while (word) {
            store<u32>(next, (<u32>(first + <i32>ctz(word)) * ldw) << 2);
            next += 4;
            word &= word - 1;
          }
        }
        store<u32>(scratch + (<usize>m << 2), <u32>((next - begin) >> 2));
      }
      let c = 0;
      for (; c + 32 <= n; c += 32) {
        let list = lists;
        for (let m = 0; m < chunk; m++) {
          const count = load<i32>(scratch + (<usize>m << 2));
          accumulate8(list, count, w + (<usize>c << 2), y + ((<usize>(m0 + m) * ldy + c) << 2), fresh);
          list += <usize>count << 2;
        }
      }
      for (; c < n; c += 4) {
        let list = lists;
        for (let m = 0; m < chunk; m++) {
          const count = load<i32>(scratch + (<usize>m << 2));
          accumulate1(list, count, w + (<usize>c << 2), y + ((<usize>(m0 + m) * ldy + c) << 2), fresh);
          list += <usize>count << 2;
        }
      }
    }
  }
}

/**
 * The same by look-up: for each group of 4 inputs the 16 possible sums of their weight rows are tabulated once per column
 * block. Bits past `k` must be 0. Scratch: 16 groups x 16 sums x 32 columns, 8192 words.
 */
export function tableProduct(bits: usize, stride: i32, rows: i32, k: i32, w: usize, ldw: i32, y: usize, ldy: i32, n: i32, accumulate: i32, scratch: usize): void {
  for (let c = 0; c < n; c += 32) {
    const vectors = min(32, n - c) >> 2;
    for (let k0 = 0; k0 < k; k0 += TABLE_TILE) {
      const depth = min(TABLE_TILE, k - k0);
      const groups = (depth + 3) >> 2;
      for (let g = 0; g < groups; g++) {
        const table = scratch + (<usize>g << 11);
        for (let v = 0; v < vectors; v++) v128.store(table + (<usize>v << 4), f32x4.splat(0));
        for (let code = 1; code < 16; code++) {
          const input = k0 + (g << 2) + <i32>ctz(code);
          const previous = table + (<usize>(code & (code - 1)) << 7);
          const target = table + (<usize>code << 7);
          const row = w + ((<usize>input * ldw + c) << 2);
          const present = input < k;
          for (let v = 0; v < vectors; v++) {
            const at = <usize>v << 4;
            const sum = v128.load(previous + at);
            v128.store(target + at, present ? f32x4.add(sum, v128.load(row + at)) : sum);
          }
        }
      }
      const fresh = k0 == 0 && accumulate == 0;
      if (vectors == 8) tableRows8(bits + (<usize>(k0 >> 5) << 2), stride, rows, groups, y + (<usize>c << 2), ldy, fresh, scratch);
      else tableRows(bits + (<usize>(k0 >> 5) << 2), stride, rows, groups, y + (<usize>c << 2), ldy, vectors, fresh, scratch);
    }
  }
}

function tableRows8(bits: usize, stride: i32, rows: i32, groups: i32, y: usize, ldy: i32, fresh: bool, scratch: usize): void {
  for (let m = 0; m < rows; m++) {
    const row = bits + <usize>m * stride;
    const out = y + (<usize>m * ldy << 2);
    let a0 = fresh ? f32x4.splat(0) : v128.load(out, 0);
    let a1 = fresh ? f32x4.splat(0) : v128.load(out, 16);
    let a2 = fresh ? f32x4.splat(0) : v128.load(out, 32);
    let a3 = fresh ? f32x4.splat(0) : v128.load(out, 48);
    let a4 = fresh ? f32x4.splat(0) : v128.load(out, 64);
    let a5 = fresh ? f32x4.splat(0) : v128.load(out, 80);
    let a6 = fresh ? f32x4.splat(0) : v128.load(out, 96);
    let a7 = fresh ? f32x4.splat(0) : v128.load(out, 112);
    let table = scratch;
    for (let g = 0; g < groups; g += 8) {
      let word = load<u32>(row + (<usize>g >> 1));
      const last = min(8, groups - g);
      for (let i = 0; i < last; i++) {
        const entry = table + (<usize>(word & 15) << 7);
        a0 = f32x4.add(a0, v128.load(entry, 0));
        a1 = f32x4.add(a1, v128.load(entry, 16));
        a2 = f32x4.add(a2, v128.load(entry, 32));
        a3 = f32x4.add(a3, v128.load(entry, 48));
        a4 = f32x4.add(a4, v128.load(entry, 64));
        a5 = f32x4.add(a5, v128.load(entry, 80));
        a6 = f32x4.add(a6, v128.load(entry, 96));
        a7 = f32x4.add(a7, v128.load(entry, 112));
        table += 2048;
        word >>= 4;
      }
    }
    v128.store(out, a0, 0);
    v128.store(out, a1, 16);
    v128.store(out, a2, 32);
    v128.store(out, a3, 48);
    v128.store(out, a4, 64);
    v128.store(out, a5, 80);
    v128.store(out, a6, 96);
    v128.store(out, a7, 112);
  }
}

function tableRows(bits: usize, stride: i32, rows: i32, groups: i32, y: usize, ldy: i32, vectors: i32, fresh: bool, scratch: usize): void {
  for (let m = 0; m < rows; m++) {
    const row = bits + <usize>m * stride;
    const out = y + (<usize>m * ldy << 2);
    for (let v = 0; v < vectors; v++) {
      const at = <usize>v << 4;
      let a = fresh ? f32x4.splat(0) : v128.load(out + at);
      for (let g = 0; g < groups; g++) {
        const code = (load<u32>(row + (<usize>(g >> 3) << 2)) >> ((g & 7) << 2)) & 15;
        a = f32x4.add(a, v128.load(scratch + (<usize>g << 11) + (<usize>code << 7) + at));
      }
      v128.store(out + at, a);
    }
  }
}
