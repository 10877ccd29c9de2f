/**
 * Convolutions with 3 x 3 kernels, with 16 products instead of the 36 of windows: Winograd's minimal filtering F(2 x 2, 3 x 3).
 * Source: A. Lavin and S. Gray, "Fast algorithms for convolutional neural networks", CVPR 2016, section 4.1.
 *
 *   Y = A^T [ (G g G^T) (B^T d B) ] A,   with the product in brackets elementwise, and summed over channels
 *
 * for each tile of 2 x 2 pixels Y, with d the 4 x 4 pixels around it and g the kernel:
 *
 *         1  0 -1  0             1    0    0
 *   B^T = 0  1  1  0        G = 1/2  1/2  1/2       A^T = 1  1  1  0
 *         0 -1  1  0            1/2 -1/2  1/2             0  1 -1 -1
 *         0  1  0 -1             0    0    1
 *
 * The transformed values form 16 matrices [rows, channels], one after another, so the sums over channels are 16 matrix products.
 * Rows are tiles, image by image and row by row; if a side of the map is odd, the last tiles extend past its edge, where values
 * are zero. Channels are a multiple of 4.
 *
 * The gradient of g is G^T [ (A y A^T) (B^T d B) ] G, where y is the gradient of Y and the product is summed over tiles. The
 * gradient of d is the convolution of y with g rotated by 180 degrees.
 */

/** target = B^T d B of a map [images, rows, columns, channels]. Scratch: 16 channels. */
export function winogradData(
  map: usize,
  images: i32,
  rows: i32,
  columns: i32,
  channels: i32,
  target: usize,
  scratch: usize,
): void {
  const pixel = (<usize>channels) << 2;
  const tileRows = (rows + 1) >> 1;
  const tileColumns = (columns + 1) >> 1;
  const matrix = <usize>(images * tileRows * tileColumns) * pixel;
  for (let image = 0; image < images; image++, map += <usize>(rows * columns) * pixel) {
    for (let top = -1; top < rows - 1; top += 2) {
      for (let left = -1; left < columns - 1; left += 2, target += pixel) {
        if (top >= 0 && left >= 0 && top + 4 <= rows && left + 4 <= columns) {
          dataTile(map + <usize>(top * columns + left) * pixel, <usize>columns * pixel, pixel, target, matrix);
          continue;
        }
        memory.fill(scratch, 0, 16 * pixel);
        const first = max(left, 0);
        const run = <usize>(min(left + 4, columns) - first) * pixel;
        for (let y = max(top, 0); y < min(top + 4, rows); y++) {
          const to = scratch + <usize>(4 * (y - top) + first - left) * pixel;
          memory.copy(to, map + <usize>(y * columns + first) * pixel, run);
        }
        dataTile(scratch, 4 * pixel, pixel, target, matrix);
      }
    }
  }
}

/** One tile, with rows of pixels `row` bytes apart. */
function dataTile(d: usize, row: usize, pixel: usize, target: usize, matrix: usize): void {
  for (const end = d + pixel; d < end; d += 16, target += 16) {
    const d1 = d + row;
    const d2 = d1 + row;
    dataRow(d, d2, pixel, target, matrix, false);
    dataRow(d1, d2, pixel, target + 4 * matrix, matrix, true);
    dataRow(d2, d1, pixel, target + 8 * matrix, matrix, false);
    dataRow(d1, d2 + row, pixel, target + 12 * matrix, matrix, false);
  }
}

/** A row of B^T d, the difference or the sum of two rows of d, times B. */
// @ts-ignore: decorator
@inline
function dataRow(a: usize, b: usize, pixel: usize, target: usize, matrix: usize, sum: bool): void {
  const x0 = combine(v128.load(a), v128.load(b), sum);
  const x1 = combine(v128.load(a + pixel), v128.load(b + pixel), sum);
  const x2 = combine(v128.load(a + 2 * pixel), v128.load(b + 2 * pixel), sum);
  const x3 = combine(v128.load(a + 3 * pixel), v128.load(b + 3 * pixel), sum);
  v128.store(target, f32x4.sub(x0, x2));
  v128.store(target + matrix, f32x4.add(x1, x2));
  v128.store(target + 2 * matrix, f32x4.sub(x2, x1));
  v128.store(target + 3 * matrix, f32x4.sub(x1, x3));
}

// @ts-ignore: decorator
@inline
function combine(a: v128, b: v128, sum: bool): v128 {
  return sum ? f32x4.add(a, b) : f32x4.sub(a, b);
}

/**
 * target = G g G^T of weights [3 x 3][count], each a matrix [channels, outputs]. `turned`: rotated by 180 degrees, as for going
 * back from outputs to channels.
 */
export function winogradKernel(weight: usize, count: i32, turned: i32, target: usize): void {
  const matrix = (<usize>count) << 2;
  // To the kernel's next pixel, and to its next row.
  const step: usize = turned ? -matrix : matrix;
  const row = <usize>3 * step;
  let g = turned ? weight + 8 * matrix : weight;
  for (const end = target + matrix; target < end; target += 16, g += 16) {
    const a0 = v128.load(g);
    const a1 = v128.load(g + step);
    const a2 = v128.load(g + 2 * step);
    const b0 = v128.load(g + row);
    const b1 = v128.load(g + row + step);
    const b2 = v128.load(g + row + 2 * step);
    const c0 = v128.load(g + 2 * row);
    const c1 = v128.load(g + 2 * row + step);
    const c2 = v128.load(g + 2 * row + 2 * step);
    kernelRow(a0, a1, a2, target, matrix);
    kernelRow(half(a0, b0, c0, true), half(a1, b1, c1, true), half(a2, b2, c2, true), target + 4 * matrix, matrix);
    kernelRow(half(a0, b0, c0, false), half(a1, b1, c1, false), half(a2, b2, c2, false), target + 8 * matrix, matrix);
    kernelRow(c0, c1, c2, target + 12 * matrix, matrix);
  }
}

/** A row of G g, times G^T. */
// @ts-ignore: decorator
@inline
function kernelRow(x0: v128, x1: v128, x2: v128, target: usize, matrix: usize): void {
  v128.store(target, x0);
  v128.store(target + matrix, half(x0, x1, x2, true));
  v128.store(target + 2 * matrix, half(x0, x1, x2, false));
  v128.store(target + 3 * matrix, x2);
}

/** (a +- b + c) / 2 */
// @ts-ignore: decorator
@inline
function half(a: v128, b: v128, c: v128, sum: bool): v128 {
  return f32x4.mul(f32x4.splat(0.5), combine(f32x4.add(a, c), b, sum));
}

/** dWeight [3 x 3][count] += G^T m G. */
export function winogradKernelBackward(source: usize, count: i32, dWeight: usize): void {
  const matrix = (<usize>count) << 2;
  for (const end = source + matrix; source < end; source += 16, dWeight += 16) {
    // Columns of G^T m.
    const m1 = source + matrix;
    const m2 = m1 + matrix;
    const m3 = m2 + matrix;
    let to = dWeight;
    for (let i = 0; i < 3; i++, to += 3 * matrix) {
      const x0 = kernelColumn(source, matrix, i);
      const x1 = kernelColumn(m1, matrix, i);
      const x2 = kernelColumn(m2, matrix, i);
      const x3 = kernelColumn(m3, matrix, i);
      grow(to, f32x4.add(x0, f32x4.mul(f32x4.splat(0.5), f32x4.add(x1, x2))));
      grow(to + matrix, f32x4.mul(f32x4.splat(0.5), f32x4.sub(x1, x2)));
      grow(to + 2 * matrix, f32x4.add(f32x4.mul(f32x4.splat(0.5), f32x4.add(x1, x2)), x3));
    }
  }
}

/** Row i of a column of G^T m. */
// @ts-ignore: decorator
@inline
function kernelColumn(m: usize, matrix: usize, i: i32): v128 {
  const x1 = v128.load(m + 4 * matrix);
  const x2 = v128.load(m + 8 * matrix);
  if (i == 1) return f32x4.mul(f32x4.splat(0.5), f32x4.sub(x1, x2));
  return f32x4.add(v128.load(i == 0 ? m : m + 12 * matrix), f32x4.mul(f32x4.splat(0.5), f32x4.add(x1, x2)));
}

// @ts-ignore: decorator
@inline
function grow(target: usize, by: v128): void {
  v128.store(target, f32x4.add(v128.load(target), by));
}

/** map [images, rows, columns, channels] = A^T m A. */
export function winogradMap(source: usize, images: i32, rows: i32, columns: i32, channels: i32, map: usize): void {
  const pixel = (<usize>channels) << 2;
  const matrix = <usize>(images * ((rows + 1) >> 1) * ((columns + 1) >> 1)) * pixel;
  for (let image = 0; image < images; image++, map += <usize>(rows * columns) * pixel) {
    for (let y = 0; y < rows; y += 2) {
      const below = y + 1 < rows ? <usize>columns * pixel : 0;
      for (let x = 0; x < columns; x += 2, source += pixel) {
        mapTile(source, matrix, pixel, map + <usize>(y * columns + x) * pixel, below, x + 1 < columns ? pixel : 0);
      }
    }
  }
}

/** One tile; `below` and `right` are the bytes to its second row and column, 0 past the edge. */
function mapTile(m: usize, matrix: usize, pixel: usize, target: usize, below: usize, right: usize): void {
  for (const end = m + pixel; m < end; m += 16, target += 16) {
    const m1 = m + matrix;
    const m2 = m1 + matrix;
    const m3 = m2 + matrix;
    const a0 = topOf(m, matrix);
    const a1 = topOf(m1, matrix);
    const a2 = topOf(m2, matrix);
    const a3 = topOf(m3, matrix);
    v128.store(target, f32x4.add(f32x4.add(a0, a1), a2));
    if (right) v128.store(target + right, f32x4.sub(f32x4.sub(a1, a2), a3));
    if (!below) continue;
    const b0 = bottomOf(m, matrix);
    const b1 = bottomOf(m1, matrix);
    const b2 = bottomOf(m2, matrix);
    const b3 = bottomOf(m3, matrix);
    v128.store(target + below, f32x4.add(f32x4.add(b0, b1), b2));
    if (right) v128.store(target + below + right, f32x4.sub(f32x4.sub(b1, b2), b3));
  }
}

/** A column of A^T m: its first row, and its second. */
// @ts-ignore: decorator
@inline
function topOf(m: usize, matrix: usize): v128 {
  return f32x4.add(f32x4.add(v128.load(m), v128.load(m + 4 * matrix)), v128.load(m + 8 * matrix));
}

// @ts-ignore: decorator
@inline
function bottomOf(m: usize, matrix: usize): v128 {
  return f32x4.sub(f32x4.sub(v128.load(m + 4 * matrix), v128.load(m + 8 * matrix)), v128.load(m + 12 * matrix));
}

/** target = A y A^T of a map [images, rows, columns, channels]. */
export function winogradMapBackward(
  map: usize,
  images: i32,
  rows: i32,
  columns: i32,
  channels: i32,
  target: usize,
): void {
  const pixel = (<usize>channels) << 2;
  const matrix = <usize>(images * ((rows + 1) >> 1) * ((columns + 1) >> 1)) * pixel;
  for (let image = 0; image < images; image++, map += <usize>(rows * columns) * pixel) {
    for (let y = 0; y < rows; y += 2) {
      const below = y + 1 < rows ? <usize>columns * pixel : 0;
      for (let x = 0; x < columns; x += 2, target += pixel) {
        spreadTile(map + <usize>(y * columns + x) * pixel, below, x + 1 < columns ? pixel : 0, pixel, target, matrix);
      }
    }
  }
}

/** One tile; `below` and `right` as in `mapTile`. */
function spreadTile(y: usize, below: usize, right: usize, pixel: usize, target: usize, matrix: usize): void {
  const zero = f32x4.splat(0);
  for (const end = y + pixel; y < end; y += 16, target += 16) {
    const y0 = v128.load(y);
    const y1 = right ? v128.load(y + right) : zero;
    const z0 = below ? v128.load(y + below) : zero;
    const z1 = below && right ? v128.load(y + below + right) : zero;
    spreadRow(y0, y1, target, matrix);
    spreadRow(f32x4.add(y0, z0), f32x4.add(y1, z1), target + 4 * matrix, matrix);
    spreadRow(f32x4.sub(y0, z0), f32x4.sub(y1, z1), target + 8 * matrix, matrix);
    spreadRow(f32x4.neg(z0), f32x4.neg(z1), target + 12 * matrix, matrix);
  }
}

/** A row of A y, times A^T. */
// @ts-ignore: decorator
@inline
function spreadRow(x0: v128, x1: v128, target: usize, matrix: usize): void {
  v128.store(target, x0);
  v128.store(target + matrix, f32x4.add(x0, x1));
  v128.store(target + 2 * matrix, f32x4.sub(x0, x1));
  v128.store(target + 3 * matrix, f32x4.neg(x1));
}
