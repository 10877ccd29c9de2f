/**
 * Elementwise operations on float32 vectors and matrices. Rows are contiguous. Elements after the last group of four are done
 * singly, with the same operations, so an element's value does not depend on its position.
 */

/** target[i] = value */
export function fill(target: usize, count: i32, value: f32): void {
  const end = target + <usize>count * 4;
  for (; target + 16 <= end; target += 16) v128.store(target, f32x4.splat(value));
  for (; target < end; target += 4) store<f32>(target, value);
}

/** target[i] += source[i] */
export function add(target: usize, source: usize, count: i32): void {
  const end = target + <usize>count * 4;
  for (; target + 16 <= end; target += 16, source += 16) {
    v128.store(target, f32x4.add(v128.load(target), v128.load(source)));
  }
  for (; target < end; target += 4, source += 4) store<f32>(target, load<f32>(target) + load<f32>(source));
}

/** target[i] += factor * source[i] */
export function axpy(target: usize, source: usize, count: i32, factor: f32): void {
  const end = target + <usize>count * 4;
  const four = f32x4.splat(factor);
  for (; target + 16 <= end; target += 16, source += 16) {
    v128.store(target, f32x4.add(v128.load(target), f32x4.mul(four, v128.load(source))));
  }
  for (; target < end; target += 4, source += 4) store<f32>(target, load<f32>(target) + factor * load<f32>(source));
}

/** target[i] *= factor */
export function scale(target: usize, count: i32, factor: f32): void {
  const end = target + <usize>count * 4;
  const four = f32x4.splat(factor);
  for (; target + 16 <= end; target += 16) v128.store(target, f32x4.mul(four, v128.load(target)));
  for (; target < end; target += 4) store<f32>(target, factor * load<f32>(target));
}

/** Sum of source[i]^2, accumulated in float64. */
export function sumOfSquares(source: usize, count: i32): f64 {
  const end = source + <usize>count * 4;
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  for (; source + 16 <= end; source += 16) {
    const x = v128.load(source);
    const a = f64x2.promote_low_f32x4(x);
    const b = f64x2.promote_low_f32x4(v128.shuffle<f64>(x, x, 1, 1));
    low = f64x2.add(low, f64x2.mul(a, a));
    high = f64x2.add(high, f64x2.mul(b, b));
  }
  const both = f64x2.add(low, high);
  let sum = f64x2.extract_lane(both, 0) + f64x2.extract_lane(both, 1);
  for (; source < end; source += 4) {
    const x = <f64>load<f32>(source);
    sum += x * x;
  }
  return sum;
}

/** target[j] += sum over rows i of source[i, j]: the gradient of an offset. */
export function sumRows(source: usize, rows: i32, columns: i32, target: usize): void {
  for (let i = 0; i < rows; i++) add(target, source + <usize>(i * columns) * 4, columns);
}

/** target[i, j] = row[j] */
export function broadcastRow(row: usize, rows: i32, columns: i32, target: usize): void {
  const bytes = <usize>columns * 4;
  for (let i = 0; i < rows; i++) memory.copy(target + <usize>i * bytes, row, bytes);
}

/** target[i, j] = source[i, j] + row[j]; target may be source. */
export function addRow(source: usize, row: usize, rows: i32, columns: i32, target: usize): void {
  for (let i = 0; i < rows; i++) {
    let from = row;
    const end = row + <usize>columns * 4;
    for (; from + 16 <= end; from += 16, source += 16, target += 16) {
      v128.store(target, f32x4.add(v128.load(source), v128.load(from)));
    }
    for (; from < end; from += 4, source += 4, target += 4) {
      store<f32>(target, load<f32>(source) + load<f32>(from));
    }
  }
}

/** Copies the tokens `indices` (int32, [queries]) of source [prompts, tokens, width] to target [prompts, queries, width]. */
export function gatherTokens(
  source: usize,
  prompts: i32,
  tokens: i32,
  width: i32,
  indices: usize,
  queries: i32,
  target: usize,
): void {
  const bytes = <usize>width * 4;
  for (let b = 0; b < prompts; b++) {
    for (let q = 0; q < queries; q++) {
      const token = load<i32>(indices + <usize>q * 4);
      memory.copy(target, source + <usize>(b * tokens + token) * bytes, bytes);
      target += bytes;
    }
  }
}

/** The transpose of gatherTokens: target [prompts, tokens, width] is 0 except at `indices`, where it is source. */
export function scatterTokens(
  source: usize,
  prompts: i32,
  tokens: i32,
  width: i32,
  indices: usize,
  queries: i32,
  target: usize,
): void {
  const bytes = <usize>width * 4;
  memory.fill(target, 0, <usize>(prompts * tokens) * bytes);
  for (let b = 0; b < prompts; b++) {
    for (let q = 0; q < queries; q++) {
      const token = load<i32>(indices + <usize>q * 4);
      memory.copy(target + <usize>(b * tokens + token) * bytes, source, bytes);
      source += bytes;
    }
  }
}
