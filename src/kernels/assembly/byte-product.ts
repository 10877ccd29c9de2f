/**
 * Product of packed spikes with a strip of 16 columns of a float matrix, by table look-up of whole bytes: for each group of 8
 * inputs, the 256 possible sums of its rows are tabulated once, and every vector adds one entry of each table. Twin: `spikeProduct`
 * in `hardware/crossbar.ts`, with the same order of additions: the rows of a byte in ascending order, then byte after byte.
 *
 * An entry is 16 floats, one cache line, and a table 16 KiB; the 16 tables of 128 inputs stay in the L2 cache while all vectors pass.
 * It saves 9 of 16 additions compared with a table of 4 inputs, and 7 of 10 compared with a gather at the usual densities, so it pays
 * from about a hundred vectors on. For fewer vectors, or very few spikes, `gatherBytes` adds the rows themselves, in the same order.
 */

/** Bytes of an entry, and of a table. */
const ENTRY: usize = 64;
const TABLE: usize = 16384;

/** Copies `columns` of 8 from a matrix with rows of `ld` floats into half of a strip, which has rows of 16. */
export function placeStrip(matrix: usize, rows: i32, ld: i32, columns: i32, strip: usize): void {
  const stride = (<usize>ld) << 2;
  for (let r = 0; r < rows; r++, matrix += stride, strip += ENTRY) {
    if (columns == 8) {
      v128.store(strip, v128.load(matrix));
      v128.store(strip, v128.load(matrix, 16), 16);
    } else {
      for (let c = 0; c < columns; c++) store<f32>(strip + ((<usize>c) << 2), load<f32>(matrix + ((<usize>c) << 2)));
    }
  }
}

/** The tables of `groups` groups of 8 rows of w [8 groups, 16], one after another. */
export function tabulateBytes(w: usize, groups: i32, tables: usize): void {
  tabulate<f32>(w, groups, 0, tables);
}

/** y [rows, 16] = bits times the strip of `tables`. `stride` is the byte distance between rows of bits; groups: a multiple of 4. */
export function byteProduct(bits: usize, stride: i32, rows: i32, groups: i32, tables: usize, y: usize): void {
  product<f32>(bits, stride, rows, groups, tables, y);
}

// Both for entries of 16 floats, or of 32 integers of 16 bits (`integer-strip.ts`): each kind gets a body of its own, because one body
// for all would test the kind at every addition.

/** `bias`, of integers, is in the first table, so that every sum includes it once. */
export function tabulate<T>(w: usize, groups: i32, bias: i32, tables: usize): void {
  let start = i16x8.splat(<i16>bias);
  for (let g = 0; g < groups; g++) {
    for (let v: usize = 0; v < ENTRY; v += 16) v128.store(tables + v, start);
    start = i32x4.splat(0);
    for (let bit = 0; bit < 8; bit++) {
      const r0 = v128.load(w, 0);
      const r1 = v128.load(w, 16);
      const r2 = v128.load(w, 32);
      const r3 = v128.load(w, 48);
      const bytes = ENTRY << bit;
      // Codes with this as the highest bit: its row is added to the sum of the rows below it.
      for (let from = tables; from < tables + bytes; from += ENTRY) {
        const to = from + bytes;
        v128.store(to, sum<T>(v128.load(from, 0), r0), 0);
        v128.store(to, sum<T>(v128.load(from, 16), r1), 16);
        v128.store(to, sum<T>(v128.load(from, 32), r2), 32);
        v128.store(to, sum<T>(v128.load(from, 48), r3), 48);
      }
      w += ENTRY;
    }
    tables += TABLE;
  }
}

/** Sums of unsigned integers saturate at 65535. */
// @ts-ignore: decorator
@inline
function sum<T>(a: v128, b: v128): v128 {
  if (isFloat<T>()) return f32x4.add(a, b);
  return isSigned<T>() ? i16x8.add(a, b) : i16x8.add_sat_u(a, b);
}

export function product<T>(bits: usize, stride: i32, rows: i32, groups: i32, tables: usize, y: usize): void {
  const bytes = <usize>groups;
  for (let m = 0; m < rows; m++) {
    let a0 = i32x4.splat(0);
    let a1 = i32x4.splat(0);
    let a2 = i32x4.splat(0);
    let a3 = i32x4.splat(0);
    let table = tables;
    for (let g: usize = 0; g < bytes; g += 4) {
      const word = load<u32>(bits + g);
      const e0 = table + ((<usize>(word & 0xff)) << 6);
      a0 = sum<T>(a0, v128.load(e0, 0));
      a1 = sum<T>(a1, v128.load(e0, 16));
      a2 = sum<T>(a2, v128.load(e0, 32));
      a3 = sum<T>(a3, v128.load(e0, 48));
      const e1 = table + ((<usize>((word >> 8) & 0xff)) << 6);
      a0 = sum<T>(a0, v128.load(e1, 16384));
      a1 = sum<T>(a1, v128.load(e1, 16400));
      a2 = sum<T>(a2, v128.load(e1, 16416));
      a3 = sum<T>(a3, v128.load(e1, 16432));
      const e2 = table + ((<usize>((word >> 16) & 0xff)) << 6);
      a0 = sum<T>(a0, v128.load(e2, 32768));
      a1 = sum<T>(a1, v128.load(e2, 32784));
      a2 = sum<T>(a2, v128.load(e2, 32800));
      a3 = sum<T>(a3, v128.load(e2, 32816));
      const e3 = table + ((<usize>(word >> 24)) << 6);
      a0 = sum<T>(a0, v128.load(e3, 49152));
      a1 = sum<T>(a1, v128.load(e3, 49168));
      a2 = sum<T>(a2, v128.load(e3, 49184));
      a3 = sum<T>(a3, v128.load(e3, 49200));
      table += 4 * TABLE;
    }
    v128.store(y, a0, 0);
    v128.store(y, a1, 16);
    v128.store(y, a2, 32);
    v128.store(y, a3, 48);
    y += ENTRY;
    bits += stride;
  }
}

/** y as in `byteProduct`, from the strip w [8 groups, 16] itself: silent bytes cost almost nothing. */
export function gatherBytes(bits: usize, stride: i32, rows: i32, groups: i32, w: usize, y: usize): void {
  const zero = f32x4.splat(0);
  for (let m = 0; m < rows; m++) {
    let a0 = zero;
    let a1 = zero;
    let a2 = zero;
    let a3 = zero;
    for (let g = 0; g < groups; g += 4) {
      let word = load<u32>(bits + <usize>g);
      while (word) {
        // From the first set bit to the end of its byte.
        const end = (ctz(word) | 7) + 1;
        let s0 = zero;
        let s1 = zero;
        let s2 = zero;
        let s3 = zero;
        do {
          const row = w + ((<usize>((g << 3) + ctz(word))) << 6);
          s0 = f32x4.add(s0, v128.load(row, 0));
          s1 = f32x4.add(s1, v128.load(row, 16));
          s2 = f32x4.add(s2, v128.load(row, 32));
          s3 = f32x4.add(s3, v128.load(row, 48));
          word &= word - 1;
        } while (word && ctz(word) < end);
        a0 = f32x4.add(a0, s0);
        a1 = f32x4.add(a1, s1);
        a2 = f32x4.add(a2, s2);
        a3 = f32x4.add(a3, s3);
      }
    }
    v128.store(y, a0, 0);
    v128.store(y, a1, 16);
    v128.store(y, a2, 32);
    v128.store(y, a3, 48);
    y += ENTRY;
    bits += <usize>stride;
  }
}
