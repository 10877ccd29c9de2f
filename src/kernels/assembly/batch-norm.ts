/**
 * Column statistics and affine maps for BatchNorm over rows, forward and backward. Twin: `model/batch-norm.ts`.
 * Sums run over blocks of 128 rows in float32, then in float64, so the error does not grow with the number of rows.
 * x [rows, n], n a multiple of 4.
 */

const BLOCK: i32 = 128;

// @ts-ignore: decorator
@inline
function addTo64(target: usize, sum: v128): void {
  v128.store(target, f64x2.add(v128.load(target), f64x2.promote_low_f32x4(sum)));
  const high = i8x16.shuffle(sum, sum, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15);
  v128.store(target, f64x2.add(v128.load(target, 16), f64x2.promote_low_f32x4(high)), 16);
}

/** mean [n] and biased variance [n] of the columns. Scratch: 8 words. */
export function columnStatistics(x: usize, rows: i32, n: i32, mean: usize, variance: usize, scratch: usize): void {
  const step = <usize>n << 2;
  const count = <f64>rows;
  for (let c = 0; c < n; c += 4) {
    const column = x + (<usize>c << 2);
    v128.store(scratch, f32x4.splat(0));
    v128.store(scratch, f32x4.splat(0), 16);
    for (let m = 0; m < rows; m += BLOCK) {
      let p = column + <usize>m * step;
      const end = p + <usize>min(BLOCK, rows - m) * step;
      let sum = f32x4.splat(0);
      for (; p < end; p += step) sum = f32x4.add(sum, v128.load(p));
      addTo64(scratch, sum);
    }
    for (let i = 0; i < 4; i++) store<f32>(mean + (<usize>(c + i) << 2), <f32>(load<f64>(scratch + (<usize>i << 3)) / count));
    const centre = v128.load(mean + (<usize>c << 2));
    v128.store(scratch, f32x4.splat(0));
    v128.store(scratch, f32x4.splat(0), 16);
    for (let m = 0; m < rows; m += BLOCK) {
      let p = column + <usize>m * step;
      const end = p + <usize>min(BLOCK, rows - m) * step;
      let sum = f32x4.splat(0);
      for (; p < end; p += step) {
        const d = f32x4.sub(v128.load(p), centre);
        sum = f32x4.add(sum, f32x4.mul(d, d));
      }
      addTo64(scratch, sum);
    }
    for (let i = 0; i < 4; i++) store<f32>(variance + (<usize>(c + i) << 2), <f32>(load<f64>(scratch + (<usize>i << 3)) / count));
  }
}

/** sum [n] = sum over rows of d, product [n] = sum over rows of d (x - mean). Scratch: 16 words. */
export function columnSums(d: usize, x: usize, rows: i32, n: i32, mean: usize, sum: usize, product: usize, scratch: usize): void {
  const step = <usize>n << 2;
  for (let c = 0; c < n; c += 4) {
    const at = <usize>c << 2;
    const centre = v128.load(mean + at);
    for (let i: usize = 0; i < 64; i += 16) v128.store(scratch + i, f32x4.splat(0));
    for (let m = 0; m < rows; m += BLOCK) {
      let p = <usize>m * step + at;
      const end = p + <usize>min(BLOCK, rows - m) * step;
      let total = f32x4.splat(0);
      let weighted = f32x4.splat(0);
      for (; p < end; p += step) {
        const value = v128.load(d + p);
        total = f32x4.add(total, value);
        weighted = f32x4.add(weighted, f32x4.mul(value, f32x4.sub(v128.load(x + p), centre)));
      }
      addTo64(scratch, total);
      addTo64(scratch + 32, weighted);
    }
    for (let i = 0; i < 4; i++) {
      store<f32>(sum + at + (<usize>i << 2), <f32>load<f64>(scratch + (<usize>i << 3)));
      store<f32>(product + at + (<usize>i << 2), <f32>load<f64>(scratch + 32 + (<usize>i << 3)));
    }
  }
}

/** out = base + scale x + offset, per column; `base` 0 leaves it out. `out` may be `base` or `x`. */
export function affineAdd(base: usize, x: usize, rows: i32, n: i32, scale: usize, offset: usize, out: usize): void {
  const step = <usize>n << 2;
  for (let m = 0; m < rows; m++) {
    const row = <usize>m * step;
    for (let c: usize = 0; c < step; c += 16) {
      const y = f32x4.add(f32x4.mul(v128.load(x + row + c), v128.load(scale + c)), v128.load(offset + c));
      v128.store(out + row + c, base ? f32x4.add(v128.load(base + row + c), y) : y);
    }
  }
}

/** out = scale d + slope x + offset, per column: the backward map of BatchNorm. `out` may be `d`. */
export function affinePair(d: usize, x: usize, rows: i32, n: i32, scale: usize, slope: usize, offset: usize, out: usize): void {
  const step = <usize>n << 2;
  for (let m = 0; m < rows; m++) {
    const row = <usize>m * step;
    for (let c: usize = 0; c < step; c += 16) {
      const a = f32x4.mul(v128.load(d + row + c), v128.load(scale + c));
      const b = f32x4.mul(v128.load(x + row + c), v128.load(slope + c));
      v128.store(out + row + c, f32x4.add(f32x4.add(a, b), v128.load(offset + c)));
    }
  }
}

/** x [rows, n] += table [period, n] at row mod period: position vectors. */
export function addPeriodic(x: usize, rows: i32, period: i32, n: i32, table: usize): void {
  const step = <usize>n << 2;
  for (let m = 0; m < rows; m++) {
    const row = x + <usize>m * step;
    const source = table + <usize>(m % period) * step;
    for (let c: usize = 0; c < step; c += 16) v128.store(row + c, f32x4.add(v128.load(row + c), v128.load(source + c)));
  }
}

/** table [period, n] += sum of the rows of x with that remainder. */
export function sumPeriodic(x: usize, rows: i32, period: i32, n: i32, table: usize): void {
  const step = <usize>n << 2;
  for (let m = 0; m < rows; m++) {
    const row = x + <usize>m * step;
    const target = table + <usize>(m % period) * step;
    for (let c: usize = 0; c < step; c += 16) v128.store(target + c, f32x4.add(v128.load(target + c), v128.load(row + c)));
  }
}

/** x [rows, n] += bits [rows, n] as 0 or 1: the attention spikes of a network without output projection. */
export function addBits(x: usize, rows: i32, n: i32, bits: usize, words: i32): void {
  for (let m = 0; m < rows; m++) {
    for (let c = 0; c < n; c++) {
      const bit = (load<u32>(bits + (<usize>(m * words + (c >> 5)) << 2)) >> (c & 31)) & 1;
      if (bit) {
        const at = x + ((<usize>m * n + c) << 2);
        store<f32>(at, load<f32>(at) + 1);
      }
    }
  }
}
