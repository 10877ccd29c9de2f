/**
 * One attention head of one prompt at one time step: reading its packed spikes, and the products that all attention
 * variants share in their backward pass. Lengths along the head are padded to a multiple of 4 with zeros.
 */

/** Bits `offset .. offset + length - 1` (length <= 64) of a packed row. May read up to 12 bytes further, and masks them off. */
// @ts-ignore: decorator
@inline
export function extract(row: usize, offset: i32, length: i32): u64 {
  const at = row + ((<usize>(offset >> 5)) << 2);
  const shift = <u64>(offset & 31);
  let value = load<u64>(at) >> shift;
  if (shift) value |= (<u64>load<u32>(at, 8)) << (64 - shift);
  return length == 64 ? value : value & (((<u64>1) << length) - 1);
}

/** Writes the low `length` bits of `value` into an all-zero span of a packed row. */
// @ts-ignore: decorator
@inline
export function deposit(row: usize, offset: i32, length: i32, value: u64): void {
  let done = 0;
  while (done < length) {
    const bit = offset + done;
    const at = row + ((<usize>(bit >> 5)) << 2);
    store<u32>(at, load<u32>(at) | ((<u32>(value >> done)) << (bit & 31)));
    done += 32 - (bit & 31);
  }
}

/** Bits as 0 and 1 floats, `padded` of them. */
// @ts-ignore: decorator
@inline
export function expand(value: u64, out: usize, padded: i32): void {
  for (let i = 0; i < padded; i++) store<f32>(out + ((<usize>i) << 2), <f32>(<i32>((value >> i) & 1)));
}

// @ts-ignore: decorator
@inline
export function dot(a: usize, b: usize, length: i32): f32 {
  let sum = f32x4.splat(0);
  const bytes = (<usize>length) << 2;
  for (let i: usize = 0; i < bytes; i += 16) sum = f32x4.add(sum, f32x4.mul(v128.load(a + i), v128.load(b + i)));
  return (
    f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1) + f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3)
  );
}

/** y += a x */
// @ts-ignore: decorator
@inline
export function addScaled(y: usize, x: usize, a: f32, length: i32): void {
  const factor = f32x4.splat(a);
  const bytes = (<usize>length) << 2;
  for (let i: usize = 0; i < bytes; i += 16)
    v128.store(y + i, f32x4.add(v128.load(y + i), f32x4.mul(factor, v128.load(x + i))));
}

// @ts-ignore: decorator
@inline
export function isAllowed(mask: usize, maskWords: i32, i: i32, j: i32): bool {
  return ((load<u64>(mask + ((<usize>(i * maskWords + (j >> 6))) << 3)) >> (j & 63)) & 1) != 0;
}

/** One past the last key that token i may attend to; 0 when there is none. */
export function lastKey(mask: usize, maskWords: i32, i: i32): i32 {
  for (let w = maskWords - 1; w >= 0; w--) {
    const word = load<u64>(mask + ((<usize>(i * maskWords + w)) << 3));
    if (word) return (w << 6) + 64 - <i32>clz(word);
  }
  return 0;
}

/**
 * Backward through the value product c_i = sum_j S_ij V_j: row i of dS, dS_ij = dc_i . V_j, for j < last rounded up to a multiple
 * of 4. vT [padded, stride] is V transposed, dc_i [padded].
 */
// @ts-ignore: decorator
@inline
export function valueBackward(vT: usize, dc: usize, d: i32, stride: i32, last: i32, dS: usize): void {
  const step = (<usize>stride) << 2;
  const bytes = (<usize>last) << 2;
  for (let j: usize = 0; j < bytes; j += 16) {
    let sum = f32x4.splat(0);
    let column = vT + j;
    for (let c = 0; c < d; c++, column += step)
      sum = f32x4.add(sum, f32x4.mul(v128.load32_splat(dc + ((<usize>c) << 2)), v128.load(column)));
    v128.store(dS + j, sum);
  }
}

/** target [columns, rows] = source [rows, columns] transposed, by blocks of 4 x 4; strides in floats. */
export function transposeFloats(
  source: usize,
  rows: i32,
  columns: i32,
  stride: i32,
  target: usize,
  targetStride: i32,
): void {
  const step = (<usize>stride) << 2;
  const targetStep = (<usize>targetStride) << 2;
  for (let r = 0; r < rows; r += 4) {
    const height = min(4, rows - r);
    for (let c = 0; c < columns; c += 4) {
      const from = source + ((<usize>(r * stride + c)) << 2);
      const to = target + ((<usize>(c * targetStride + r)) << 2);
      const width = min(4, columns - c);
      if (height < 4 || width < 4) {
        for (let i = 0; i < height; i++) {
          for (let j = 0; j < width; j++)
            store<f32>(
              to + <usize>j * targetStep + ((<usize>i) << 2),
              load<f32>(from + <usize>i * step + ((<usize>j) << 2)),
            );
        }
        continue;
      }
      const x0 = v128.load(from);
      const x1 = v128.load(from + step);
      const x2 = v128.load(from + 2 * step);
      const x3 = v128.load(from + 3 * step);
      const low01 = v128.shuffle<f32>(x0, x1, 0, 4, 1, 5);
      const low23 = v128.shuffle<f32>(x2, x3, 0, 4, 1, 5);
      const high01 = v128.shuffle<f32>(x0, x1, 2, 6, 3, 7);
      const high23 = v128.shuffle<f32>(x2, x3, 2, 6, 3, 7);
      v128.store(to, v128.shuffle<f64>(low01, low23, 0, 2));
      v128.store(to + targetStep, v128.shuffle<f64>(low01, low23, 1, 3));
      v128.store(to + 2 * targetStep, v128.shuffle<f64>(high01, high23, 0, 2));
      v128.store(to + 3 * targetStep, v128.shuffle<f64>(high01, high23, 1, 3));
    }
  }
}

/** Transposes floats [tokens, padded] to [d, stride], zero past the last token. */
export function transposeHead(v: usize, tokens: i32, d: i32, padded: i32, stride: i32, vT: usize): void {
  for (let c = 0; c < d; c++) {
    for (let j = 0; j < stride; j++) {
      const value = j < tokens ? load<f32>(v + ((<usize>(j * padded + c)) << 2)) : 0;
      store<f32>(vT + ((<usize>(c * stride + j)) << 2), value);
    }
  }
}

/** Backward through the scores of row i, count_ij = Q_i . K_j: dQ_i += e_j K_j, dK_j += e_j Q_i for j < last where e_j is not 0. */
// @ts-ignore: decorator
@inline
export function scoreBackward(e: usize, q: usize, k: usize, last: i32, padded: i32, dQ: usize, dK: usize): void {
  const step = (<usize>padded) << 2;
  for (let j = 0; j < last; j++) {
    const weight = load<f32>(e + ((<usize>j) << 2));
    if (weight == 0) continue;
    addScaled(dQ, k + <usize>j * step, weight, padded);
    addScaled(dK + <usize>j * step, q, weight, padded);
  }
}

/** Expands the parts (of q, k, v) of one head, prompt and step to floats [N, padded] each, consecutively at `out`. */
export function expandHead(
  qkv: usize,
  words: i32,
  row: i32,
  tokens: i32,
  width: i32,
  head: i32,
  d: i32,
  padded: i32,
  parts: i32,
  out: usize,
): void {
  for (let part = 0; part < parts; part++) {
    for (let i = 0; i < tokens; i++) {
      const bits = extract(qkv + ((<usize>((row + i) * words)) << 2), part * width + head * d, d);
      expand(bits, out + ((<usize>((part * tokens + i) * padded)) << 2), padded);
    }
  }
}

/** Copies gradients [parts, N, padded] of one head into rows of dQKV [rows, parts width]. */
export function storeHead(
  gradients: usize,
  row: i32,
  tokens: i32,
  width: i32,
  head: i32,
  d: i32,
  padded: i32,
  parts: i32,
  out: usize,
): void {
  for (let part = 0; part < parts; part++) {
    for (let i = 0; i < tokens; i++) {
      const source = gradients + ((<usize>((part * tokens + i) * padded)) << 2);
      const target = out + ((<usize>((row + i) * parts * width + part * width + head * d)) << 2);
      memory.copy(target, source, (<usize>d) << 2);
    }
  }
}
