/** Noise on weights for hardware-aware training. Twin: `addNoise` in `train/noise.test.ts`. */
import { drawWords } from "./threefry";

/** Variance of the sum of four integers uniform on 0 .. 65535: 4 (2^32 - 1) / 12. */
const SCALE: f32 = 2.6428149e-5;

/**
 * target [rows, columns] = source + deviation[column] z, where z is the centred and scaled sum of four 16-bit uniforms: close to
 * a standard normal (kurtosis 2.7, |z| < 3.47), from two words of the keyed stream per weight. Scratch: 16 words.
 */
export function addNoise(source: usize, rows: i32, columns: i32, deviation: usize, key0: u32, key1: u32, target: usize, scratch: usize): void {
  const count = rows * columns;
  for (let i = 0; i < count; i += 4) {
    drawWords(key0, key1, i, 0, 8, scratch);
    const last = min(4, count - i);
    for (let lane = 0; lane < last; lane++) {
      const a = load<u32>(scratch + (<usize>lane << 3));
      const b = load<u32>(scratch + (<usize>lane << 3), 4);
      const sum = <i32>((a & 0xffff) + (a >> 16) + (b & 0xffff) + (b >> 16)) - 131070;
      const at = <usize>(i + lane) << 2;
      const spread = load<f32>(deviation + (<usize>((i + lane) % columns) << 2));
      store<f32>(target + at, load<f32>(source + at) + spread * (SCALE * <f32>sum));
    }
  }
}
