/** Noise on weights and on pre-activations for hardware-aware training. Twins: `train/noise.test.ts`. */
import { drawWords } from "./threefry";

/** Variance of the sum of four integers uniform on 0 .. 65535: 4 (2^32 - 1) / 12. */
const SCALE: f32 = 2.6428149e-5;
/** Weights whose random words are drawn at once. */
const WEIGHTS: i32 = 16;

/**
 * target [rows, columns] = source + deviation[column] z, where z is the centred and scaled sum of four 16-bit uniforms: close to
 * a standard normal (kurtosis 2.7, |z| < 3.47), from two words of the keyed stream per weight. Scratch: 32 words.
 */
export function addNoise(
  source: usize,
  rows: i32,
  columns: i32,
  deviation: usize,
  key0: u32,
  key1: u32,
  target: usize,
  scratch: usize,
): void {
  const count = rows * columns;
  for (let i = 0; i < count; i += WEIGHTS) {
    const last = min(WEIGHTS, count - i);
    drawWords(key0, key1, i, 0, 2 * last, scratch);
    for (let n = 0; n < last; n++) {
      const a = load<u32>(scratch + ((<usize>n) << 3));
      const b = load<u32>(scratch + ((<usize>n) << 3), 4);
      const sum = <i32>((a & 0xffff) + (a >> 16) + (b & 0xffff) + (b >> 16)) - 131070;
      const at = (<usize>(i + n)) << 2;
      const spread = load<f32>(deviation + ((<usize>((i + n) % columns)) << 2));
      store<f32>(target + at, load<f32>(source + at) + spread * (SCALE * <f32>sum));
    }
  }
}

/**
 * target = source as devices show it, for a block of `rows` x `columns` weights in matrices with rows of `ld`:
 *
 *   level = nearest(min(|w| / largest, 1) top),   target = sign(w) largest mean[level] + largest deviation[level] z
 *
 * with z as in `addNoise`, from the words of the weight's position in the block; `high` is the upper half of their counter. With
 * `exact` the weight keeps its position between levels: means are interpolated. largest [columns] is the weight that the largest
 * conductance represents, 0 for an all-zero column. table: `top + 1` means, then as many deviations. Scratch: 32 words.
 */
export function addDeviceNoise(
  source: usize,
  rows: i32,
  columns: i32,
  ld: i32,
  largest: usize,
  table: usize,
  top: i32,
  exact: i32,
  key0: u32,
  key1: u32,
  high: u32,
  target: usize,
  scratch: usize,
): void {
  const count = rows * columns;
  const deviations = table + ((<usize>(top + 1)) << 2);
  for (let i = 0; i < count; i += WEIGHTS) {
    const last = min(WEIGHTS, count - i);
    drawWords(key0, key1, i, high, 2 * last, scratch);
    for (let n = 0; n < last; n++) {
      const a = load<u32>(scratch + ((<usize>n) << 3));
      const b = load<u32>(scratch + ((<usize>n) << 3), 4);
      const z = SCALE * <f32>(<i32>((a & 0xffff) + (a >> 16) + (b & 0xffff) + (b >> 16)) - 131070);
      const column = (i + n) % columns;
      const at = (<usize>(((i + n) / columns) * ld + column)) << 2;
      const full = load<f32>(largest + ((<usize>column) << 2));
      const weight = load<f32>(source + at);
      const share = full > 0 ? min<f32>(abs<f32>(weight) / full, 1) : 0;
      const level = <i32>nearest<f32>(share * <f32>top);
      let size = load<f32>(table + ((<usize>level) << 2));
      if (exact) {
        const below = min(<i32>(share * <f32>top), top - 1);
        const mean = load<f32>(table + ((<usize>below) << 2));
        size = mean + (share * <f32>top - <f32>below) * (load<f32>(table + ((<usize>below) << 2), 4) - mean);
      }
      const spread = load<f32>(deviations + ((<usize>level) << 2));
      store<f32>(target + at, full * ((weight < 0 ? -size : size) + spread * z));
    }
  }
}

/** Number of values that one block of random words covers. */
const BLOCK: i32 = 256;
/** Variance of the sum of two integers uniform on 0 .. 65535: 2 (2^32 - 1) / 12. */
const PAIR_SCALE: f32 = 3.7376247e-5;

/**
 * x [rows, columns] += deviation[column] z, in place, where z is the centred and scaled sum of two 16-bit uniforms: the
 * triangular error of two conversions, |z| < 2.45, from one word of the keyed stream per value; `high` is the upper half of its
 * counter. columns: a multiple of 4.
 * Scratch: 256 words.
 */
export function addOutputNoise(
  x: usize,
  rows: i32,
  columns: i32,
  deviation: usize,
  key0: u32,
  key1: u32,
  high: u32,
  scratch: usize,
): void {
  const count = rows * columns;
  const half = i32x4.splat(0xffff);
  const scale = f32x4.splat(PAIR_SCALE);
  let column = 0;
  for (let first = 0; first < count; first += BLOCK) {
    const values = min(BLOCK, count - first);
    drawWords(key0, key1, first >> 1, high, values, scratch);
    for (let i = 0; i < values; i += 4) {
      const word = v128.load(scratch + ((<usize>i) << 2));
      const sum = i32x4.sub(i32x4.add(v128.and(word, half), i32x4.shr_u(word, 16)), half);
      const z = f32x4.mul(scale, f32x4.convert_i32x4_s(sum));
      const at = x + ((<usize>(first + i)) << 2);
      v128.store(at, f32x4.add(v128.load(at), f32x4.mul(v128.load(deviation + ((<usize>column) << 2)), z)));
      column += 4;
      if (column == columns) column = 0;
    }
  }
}
