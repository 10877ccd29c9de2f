/**
 * Column statistics and affine maps for BatchNorm over rows, forward and backward. Twin: `model/batch-norm.ts`.
 * Sums run over blocks of 128 rows in float32, then in float64, so the error does not grow with the number of rows.
 * x [rows, n], n a multiple of 4.
 */

const BLOCK: i32 = 128;

/** mean [n] and biased variance [n] of the columns. Scratch: 3 n words. */
export function columnStatistics(x: usize, rows: i32, n: i32, mean: usize, variance: usize, scratch: usize): void {
  const bytes = (<usize>n) << 2;
  const block = scratch + 2 * bytes;
  clear(scratch, 2 * bytes);
  for (let m = 0; m < rows; m += BLOCK) {
    sumBlock(x + <usize>m * bytes, min(BLOCK, rows - m), bytes, block);
    flush(block, bytes, scratch);
  }
  divide(scratch, n, rows, mean);
  clear(scratch, 2 * bytes);
  for (let m = 0; m < rows; m += BLOCK) {
    sumSquares(x + <usize>m * bytes, min(BLOCK, rows - m), bytes, mean, block);
    flush(block, bytes, scratch);
  }
  divide(scratch, n, rows, variance);
}

/** sum [n] = sum over rows of d, product [n] = sum over rows of d (x - mean). Scratch: 6 n words. */
export function columnSums(
  d: usize,
  x: usize,
  rows: i32,
  n: i32,
  mean: usize,
  sum: usize,
  product: usize,
  scratch: usize,
): void {
  const bytes = (<usize>n) << 2;
  const products = scratch + 2 * bytes;
  const block = products + 2 * bytes;
  clear(scratch, 4 * bytes);
  for (let m = 0; m < rows; m += BLOCK) {
    const first = <usize>m * bytes;
    sumProducts(d + first, x + first, min(BLOCK, rows - m), bytes, mean, block);
    flush(block, bytes, scratch);
    flush(block + bytes, bytes, products);
  }
  divide(scratch, n, 1, sum);
  divide(products, n, 1, product);
}

/*
 * Sums over the rows of one block, to `block` (float32). Four rows are read in parallel, each in order; the remaining rows
 * of a block are read singly.
 */

function sumBlock(x: usize, rows: i32, bytes: usize, block: usize): void {
  clear(block, bytes);
  for (; rows >= 4; rows -= 4) {
    const x1 = x + bytes;
    const x2 = x1 + bytes;
    const x3 = x2 + bytes;
    for (let at: usize = 0; at < bytes; at += 16) {
      const pairs = f32x4.add(
        f32x4.add(v128.load(x + at), v128.load(x1 + at)),
        f32x4.add(v128.load(x2 + at), v128.load(x3 + at)),
      );
      v128.store(block + at, f32x4.add(v128.load(block + at), pairs));
    }
    x = x3 + bytes;
  }
  for (; rows > 0; rows--) {
    for (let at: usize = 0; at < bytes; at += 16)
      v128.store(block + at, f32x4.add(v128.load(block + at), v128.load(x + at)));
    x += bytes;
  }
}

/** Sums of (x - mean)^2. */
function sumSquares(x: usize, rows: i32, bytes: usize, mean: usize, block: usize): void {
  clear(block, bytes);
  for (; rows >= 4; rows -= 4) {
    const x1 = x + bytes;
    const x2 = x1 + bytes;
    const x3 = x2 + bytes;
    for (let at: usize = 0; at < bytes; at += 16) {
      const m = v128.load(mean + at);
      const pairs = f32x4.add(
        f32x4.add(square(x + at, m), square(x1 + at, m)),
        f32x4.add(square(x2 + at, m), square(x3 + at, m)),
      );
      v128.store(block + at, f32x4.add(v128.load(block + at), pairs));
    }
    x = x3 + bytes;
  }
  for (; rows > 0; rows--) {
    for (let at: usize = 0; at < bytes; at += 16)
      v128.store(block + at, f32x4.add(v128.load(block + at), square(x + at, v128.load(mean + at))));
    x += bytes;
  }
}

// @ts-ignore: decorator
@inline
function square(at: usize, mean: v128): v128 {
  const difference = f32x4.sub(v128.load(at), mean);
  return f32x4.mul(difference, difference);
}

/** Sums of d, and after them sums of d (x - mean). */
function sumProducts(d: usize, x: usize, rows: i32, bytes: usize, mean: usize, block: usize): void {
  clear(block, 2 * bytes);
  const products = block + bytes;
  for (; rows >= 2; rows -= 2) {
    const d1 = d + bytes;
    const x1 = x + bytes;
    for (let at: usize = 0; at < bytes; at += 16) {
      const m = v128.load(mean + at);
      const a = v128.load(d + at);
      const b = v128.load(d1 + at);
      const product = f32x4.add(
        f32x4.mul(a, f32x4.sub(v128.load(x + at), m)),
        f32x4.mul(b, f32x4.sub(v128.load(x1 + at), m)),
      );
      v128.store(block + at, f32x4.add(v128.load(block + at), f32x4.add(a, b)));
      v128.store(products + at, f32x4.add(v128.load(products + at), product));
    }
    d = d1 + bytes;
    x = x1 + bytes;
  }
  if (rows > 0) {
    for (let at: usize = 0; at < bytes; at += 16) {
      const a = v128.load(d + at);
      const product = f32x4.mul(a, f32x4.sub(v128.load(x + at), v128.load(mean + at)));
      v128.store(block + at, f32x4.add(v128.load(block + at), a));
      v128.store(products + at, f32x4.add(v128.load(products + at), product));
    }
  }
}

function clear(target: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 16) v128.store(target + at, f32x4.splat(0));
}

/** Adds float32 sums to float64 ones. */
function flush(block: usize, bytes: usize, target: usize): void {
  for (let at: usize = 0; at < bytes; at += 16) {
    const sum = v128.load(block + at);
    const high = i8x16.shuffle(sum, sum, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15);
    const to = target + 2 * at;
    v128.store(to, f64x2.add(v128.load(to), f64x2.promote_low_f32x4(sum)));
    v128.store(to, f64x2.add(v128.load(to, 16), f64x2.promote_low_f32x4(high)), 16);
  }
}

function divide(sums: usize, n: i32, by: i32, target: usize): void {
  for (let i = 0; i < n; i++)
    store<f32>(target + ((<usize>i) << 2), <f32>(load<f64>(sums + ((<usize>i) << 3)) / <f64>by));
}

/** out = base + scale x + offset, per column; `base` 0 leaves it out. `out` may be `base` or `x`. */
export function affineAdd(base: usize, x: usize, rows: i32, n: i32, scale: usize, offset: usize, out: usize): void {
  const step = (<usize>n) << 2;
  for (let m = 0; m < rows; m++) {
    const row = <usize>m * step;
    for (let c: usize = 0; c < step; c += 16) {
      const y = f32x4.add(f32x4.mul(v128.load(x + row + c), v128.load(scale + c)), v128.load(offset + c));
      v128.store(out + row + c, base ? f32x4.add(v128.load(base + row + c), y) : y);
    }
  }
}

/** out = scale d + slope x + offset, per column: the backward map of BatchNorm. `out` may be `d`. */
export function affinePair(
  d: usize,
  x: usize,
  rows: i32,
  n: i32,
  scale: usize,
  slope: usize,
  offset: usize,
  out: usize,
): void {
  const step = (<usize>n) << 2;
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
  const step = (<usize>n) << 2;
  for (let m = 0; m < rows; m++) {
    const row = x + <usize>m * step;
    const source = table + <usize>(m % period) * step;
    for (let c: usize = 0; c < step; c += 16) v128.store(row + c, f32x4.add(v128.load(row + c), v128.load(source + c)));
  }
}

/** table [period, n] += sum of the rows of x with that remainder. */
export function sumPeriodic(x: usize, rows: i32, period: i32, n: i32, table: usize): void {
  const step = (<usize>n) << 2;
  for (let m = 0; m < rows; m++) {
    const row = x + <usize>m * step;
    const target = table + <usize>(m % period) * step;
    for (let c: usize = 0; c < step; c += 16)
      v128.store(target + c, f32x4.add(v128.load(target + c), v128.load(row + c)));
  }
}

/** x [rows, n] += bits [rows, n] as 0 or 1: the attention spikes of a network without output projection. */
export function addBits(x: usize, rows: i32, n: i32, bits: usize, words: i32): void {
  for (let m = 0; m < rows; m++) {
    for (let c = 0; c < n; c++) {
      const bit = (load<u32>(bits + ((<usize>(m * words + (c >> 5))) << 2)) >> (c & 31)) & 1;
      if (bit) {
        const at = x + ((<usize>m * n + c) << 2);
        store<f32>(at, load<f32>(at) + 1);
      }
    }
  }
}
