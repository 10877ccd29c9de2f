/**
 * Neurons of columns without converters: membranes as charge, and comparators. Twin: `hardware/charge-neurons.ts`, bit for bit.
 *
 * Strips of 8 columns, in chunks of rows whose membranes and noise stay in the first-level cache.
 */
import { drawStripNoise, lookUp4 } from "./adc";

/** Rows of a chunk. Scratch: 8 words of noise and 8 membranes each. */
const CHUNK_ROWS: i32 = 64;

/**
 * x [steps, rows, n], 16 bits, to packed spikes [steps][rows][words]:
 *
 *   V = sat(floor(V leak / 4096) + x + nearest(thermal z1));   fire where V + nearest(deciding z2) >= threshold;   V = 0, or V - level
 *
 * leaks, thresholds, levels, thermal and deciding [n] have 4 bytes each. `table` holds the 4096 normals, or is 0 without noise. n is
 * a multiple of 8. Returns how many membranes saturated.
 */
export function decideColumns(
  x: usize,
  steps: i32,
  rows: i32,
  n: i32,
  leaks: usize,
  thresholds: usize,
  levels: usize,
  thermal: usize,
  deciding: usize,
  soft: i32,
  table: usize,
  key0: u32,
  key1: u32,
  perPrompt: i32,
  firstPrompt: i32,
  bits: usize,
  words: i32,
  scratch: usize,
): i32 {
  const membranes = scratch + ((<usize>CHUNK_ROWS) << 5);
  const lows = i32x4.splat(-32768);
  const highs = i32x4.splat(32767);
  const mask = i32x4.splat(0xfff);
  let stopped: i32 = 0;
  for (let feature = 0; feature < words << 5; feature += 8) {
    for (let first = 0; first < rows; first += CHUNK_ROWS) {
      const count = min(CHUNK_ROWS, rows - first);
      memory.fill(membranes, 0, (<usize>count) << 5);
      for (let t = 0; t < steps; t++) {
        const start = t * rows + first;
        let target = bits + ((<usize>(start * words)) << 2) + (<usize>feature >> 3);
        // The rest of the last word stays 0.
        if (feature >= n) {
          for (let r = 0; r < count; r++, target += (<usize>words) << 2) store<u8>(target, 0);
          continue;
        }
        if (table) drawStripNoise(count, key0, key1, feature >> 3, start, rows, perPrompt, firstPrompt, scratch);
        let from = x + ((<usize>(start * n + feature)) << 1);
        for (let r = 0; r < count; r++) {
          const charges = v128.load(from);
          let fired: i32 = 0;
          for (let half = 0; half < 2; half++) {
            const column = ((<usize>feature) << 2) + ((<usize>half) << 4);
            const at = ((<usize>r) << 5) + ((<usize>half) << 4);
            const held = v128.load(membranes + at);
            const charge = half ? i32x4.extend_high_i16x8_s(charges) : i32x4.extend_low_i16x8_s(charges);
            let sum = i32x4.add(i32x4.shr_s(i32x4.mul(held, v128.load(leaks + column)), 12), charge);
            const draws = v128.load(scratch + at);
            if (table) sum = i32x4.add(sum, noise(thermal + column, table, v128.and(i32x4.shr_u(draws, 4), mask)));
            let v = i32x4.max_s(i32x4.min_s(sum, highs), lows);
            stopped += popcnt<i32>(i32x4.bitmask(i32x4.ne(v, sum)));
            let decided = v;
            if (table) decided = i32x4.add(v, noise(deciding + column, table, i32x4.shr_u(draws, 20)));
            const fires = i32x4.ge_s(decided, v128.load(thresholds + column));
            fired |= i32x4.bitmask(fires) << (half << 2);
            v = soft ? i32x4.sub(v, v128.and(fires, v128.load(levels + column))) : v128.andnot(v, fires);
            v128.store(membranes + at, v);
          }
          store<u8>(target, <u8>fired);
          from += (<usize>n) << 1;
          target += (<usize>words) << 2;
        }
      }
    }
  }
  return stopped;
}

/** Four numbers of noise, rounded to whole units. */
// @ts-ignore: decorator
@inline
function noise(deviations: usize, table: usize, places: v128): v128 {
  return i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(deviations), lookUp4(table, places))));
}
