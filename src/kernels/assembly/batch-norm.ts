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

/** Adds the column sums of four vectors (16 columns) of float32 to float64 sums at `target`. */
// @ts-ignore: decorator
@inline
function flush(target: usize, s0: v128, s1: v128, s2: v128, s3: v128): void {
  addTo64(target, s0);
  addTo64(target + 32, s1);
  addTo64(target + 64, s2);
  addTo64(target + 96, s3);
}

// @ts-ignore: decorator
@inline
function loadUpTo(source: usize, vector: i32, vectors: i32): v128 {
  return vector < vectors ? v128.load(source + (<usize>vector << 4)) : f32x4.splat(0);
}

/** mean [n] and biased variance [n] of the columns. Scratch: 32 words. */
export function columnStatistics(x: usize, rows: i32, n: i32, mean: usize, variance: usize, scratch: usize): void {
  for (let c = 0; c < n; c += 16) {
    const vectors = min(16, n - c) >> 2;
    const column = x + (<usize>c << 2);
    sumSquares(column, rows, n, vectors, 0, scratch);
    for (let i = 0; i < vectors << 2; i++) store<f32>(mean + (<usize>(c + i) << 2), <f32>(load<f64>(scratch + (<usize>i << 3)) / <f64>rows));
    sumSquares(column, rows, n, vectors, mean + (<usize>c << 2), scratch);
    for (let i = 0; i < vectors << 2; i++) store<f32>(variance + (<usize>(c + i) << 2), <f32>(load<f64>(scratch + (<usize>i << 3)) / <f64>rows));
  }
}

/** Float64 sums over rows of up to 16 columns: of x when `mean` is 0, else of (x - mean)^2. */
function sumSquares(column: usize, rows: i32, n: i32, vectors: i32, mean: usize, sums: usize): void {
  const step = <usize>n << 2;
  const m0 = mean ? loadUpTo(mean, 0, vectors) : f32x4.splat(0);
  const m1 = mean ? loadUpTo(mean, 1, vectors) : f32x4.splat(0);
  const m2 = mean ? loadUpTo(mean, 2, vectors) : f32x4.splat(0);
  const m3 = mean ? loadUpTo(mean, 3, vectors) : f32x4.splat(0);
  memory.fill(sums, 0, 128);
  for (let m = 0; m < rows; m += BLOCK) {
    let p = column + <usize>m * step;
    const end = p + <usize>min(BLOCK, rows - m) * step;
    let s0 = f32x4.splat(0);
    let s1 = f32x4.splat(0);
    let s2 = f32x4.splat(0);
    let s3 = f32x4.splat(0);
    for (; p < end; p += step) {
      const d0 = f32x4.sub(v128.load(p), m0);
      const d1 = f32x4.sub(loadUpTo(p, 1, vectors), m1);
      const d2 = f32x4.sub(loadUpTo(p, 2, vectors), m2);
      const d3 = f32x4.sub(loadUpTo(p, 3, vectors), m3);
      s0 = f32x4.add(s0, mean ? f32x4.mul(d0, d0) : d0);
      s1 = f32x4.add(s1, mean ? f32x4.mul(d1, d1) : d1);
      s2 = f32x4.add(s2, mean ? f32x4.mul(d2, d2) : d2);
      s3 = f32x4.add(s3, mean ? f32x4.mul(d3, d3) : d3);
    }
    flush(sums, s0, s1, s2, s3);
  }
}

/** sum [n] = sum over rows of d, product [n] = sum over rows of d (x - mean). Scratch: 64 words. */
export function columnSums(d: usize, x: usize, rows: i32, n: i32, mean: usize, sum: usize, product: usize, scratch: usize): void {
  const step = <usize>n << 2;
  for (let c = 0; c < n; c += 16) {
    const at = <usize>c << 2;
    const vectors = min(16, n - c) >> 2;
    const m0 = loadUpTo(mean + at, 0, vectors);
    const m1 = loadUpTo(mean + at, 1, vectors);
    const m2 = loadUpTo(mean + at, 2, vectors);
    const m3 = loadUpTo(mean + at, 3, vectors);
    memory.fill(scratch, 0, 256);
    for (let m = 0; m < rows; m += BLOCK) {
      let p = <usize>m * step + at;
      const end = p + <usize>min(BLOCK, rows - m) * step;
      let s0 = f32x4.splat(0);
      let s1 = f32x4.splat(0);
      let s2 = f32x4.splat(0);
      let s3 = f32x4.splat(0);
      let w0 = f32x4.splat(0);
      let w1 = f32x4.splat(0);
      let w2 = f32x4.splat(0);
      let w3 = f32x4.splat(0);
      for (; p < end; p += step) {
        const d0 = v128.load(d + p);
        const d1 = loadUpTo(d + p, 1, vectors);
        const d2 = loadUpTo(d + p, 2, vectors);
        const d3 = loadUpTo(d + p, 3, vectors);
        s0 = f32x4.add(s0, d0);
        s1 = f32x4.add(s1, d1);
        s2 = f32x4.add(s2, d2);
        s3 = f32x4.add(s3, d3);
        w0 = f32x4.add(w0, f32x4.mul(d0, f32x4.sub(v128.load(x + p), m0)));
        w1 = f32x4.add(w1, f32x4.mul(d1, f32x4.sub(loadUpTo(x + p, 1, vectors), m1)));
        w2 = f32x4.add(w2, f32x4.mul(d2, f32x4.sub(loadUpTo(x + p, 2, vectors), m2)));
        w3 = f32x4.add(w3, f32x4.mul(d3, f32x4.sub(loadUpTo(x + p, 3, vectors), m3)));
      }
      flush(scratch, s0, s1, s2, s3);
      flush(scratch + 128, w0, w1, w2, w3);
    }
    for (let i = 0; i < vectors << 2; i++) {
      store<f32>(sum + at + (<usize>i << 2), <f32>load<f64>(scratch + (<usize>i << 3)));
      store<f32>(product + at + (<usize>i << 2), <f32>load<f64>(scratch + 128 + (<usize>i << 3)));
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
