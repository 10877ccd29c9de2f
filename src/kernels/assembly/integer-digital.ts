/**
 * The digital part of a machine in 16-bit integers: residual stream and LIF units. Twins: `hardware/integer-lif.ts` and
 * `saturate` in `hardware/integer-arithmetic.ts`.
 *
 * A register with fewer bits saturates at `low` and `high`. Every function returns how many numbers saturated. Counts of
 * numbers are multiples of 8.
 */

/**
 * x [T, rows, n] to packed spikes `[T][rows][words]`: V = sat(floor(V / 2^shift) + x); fire where V >= threshold; reset. `levels` [n]: a
 * threshold for each column instead; 0 for none.
 */
export function fireIntegers(
  x: usize,
  steps: i32,
  rows: i32,
  n: i32,
  shift: i32,
  threshold: i32,
  levels: usize,
  soft: i32,
  low: i32,
  high: i32,
  bits: usize,
  words: i32,
): i32 {
  const stepBytes = (<usize>rows * n) << 1;
  const stepWords = (<usize>rows * words) << 2;
  const lows = i16x8.splat(<i16>low);
  const highs = i16x8.splat(<i16>high);
  const level = i16x8.splat(<i16>threshold);
  let stopped: i32 = 0;
  for (let r = 0; r < rows; r++) {
    const source = x + ((<usize>r * n) << 1);
    const target = bits + ((<usize>(r * words)) << 2);
    let feature = 0;
    for (; feature + 32 <= n; feature += 32) {
      // Four vectors of membranes in parallel, so that none waits for its own previous step.
      let v0 = i16x8.splat(0);
      let v1 = i16x8.splat(0);
      let v2 = i16x8.splat(0);
      let v3 = i16x8.splat(0);
      const level0 = levels ? v128.load(levels + ((<usize>feature) << 1)) : level;
      const level1 = levels ? v128.load(levels + ((<usize>feature) << 1), 16) : level;
      const level2 = levels ? v128.load(levels + ((<usize>feature) << 1), 32) : level;
      const level3 = levels ? v128.load(levels + ((<usize>feature) << 1), 48) : level;
      let from = source + ((<usize>feature) << 1);
      let to = target + (<usize>feature >> 3);
      for (let t = 0; t < steps; t++) {
        const i0 = v128.load(from);
        const i1 = v128.load(from, 16);
        const i2 = v128.load(from, 32);
        const i3 = v128.load(from, 48);
        const l0 = i16x8.shr_s(v0, shift);
        const l1 = i16x8.shr_s(v1, shift);
        const l2 = i16x8.shr_s(v2, shift);
        const l3 = i16x8.shr_s(v3, shift);
        v0 = within(i16x8.add_sat_s(l0, i0), lows, highs);
        v1 = within(i16x8.add_sat_s(l1, i1), lows, highs);
        v2 = within(i16x8.add_sat_s(l2, i2), lows, highs);
        v3 = within(i16x8.add_sat_s(l3, i3), lows, highs);
        stopped +=
          differ(v0, i16x8.add(l0, i0)) +
          differ(v1, i16x8.add(l1, i1)) +
          differ(v2, i16x8.add(l2, i2)) +
          differ(v3, i16x8.add(l3, i3));
        const f0 = i16x8.ge_s(v0, level0);
        const f1 = i16x8.ge_s(v1, level1);
        const f2 = i16x8.ge_s(v2, level2);
        const f3 = i16x8.ge_s(v3, level3);
        store<u16>(to, <u16>i8x16.bitmask(i8x16.narrow_i16x8_s(f0, f1)));
        store<u16>(to, <u16>i8x16.bitmask(i8x16.narrow_i16x8_s(f2, f3)), 2);
        v0 = reset(v0, f0, level0, soft);
        v1 = reset(v1, f1, level1, soft);
        v2 = reset(v2, f2, level2, soft);
        v3 = reset(v3, f3, level3, soft);
        from += stepBytes;
        to += stepWords;
      }
    }
    for (; feature < words << 5; feature += 8) {
      let v = i16x8.splat(0);
      const own = levels && feature < n ? v128.load(levels + ((<usize>feature) << 1)) : level;
      let from = source + ((<usize>feature) << 1);
      let to = target + (<usize>feature >> 3);
      for (let t = 0; t < steps; t++) {
        // The rest of the last word stays 0.
        if (feature >= n) store<u8>(to, 0);
        else {
          const current = v128.load(from);
          const leaked = i16x8.shr_s(v, shift);
          v = within(i16x8.add_sat_s(leaked, current), lows, highs);
          stopped += differ(v, i16x8.add(leaked, current));
          const fired = i16x8.ge_s(v, own);
          store<u8>(to, <u8>i16x8.bitmask(fired));
          v = reset(v, fired, own, soft);
        }
        from += stepBytes;
        to += stepWords;
      }
    }
  }
  return stopped;
}

// @ts-ignore: decorator
@inline
function reset(v: v128, fired: v128, level: v128, soft: i32): v128 {
  return soft ? i16x8.sub(v, v128.and(fired, level)) : v128.andnot(v, fired);
}

// @ts-ignore: decorator
@inline
function within(x: v128, lows: v128, highs: v128): v128 {
  return i16x8.max_s(i16x8.min_s(x, highs), lows);
}

/** How many numbers saturated, from the wrapped sum: when a sum overflows 16 bits, its sign flips. */
// @ts-ignore: decorator
@inline
function differ(held: v128, wrapped: v128): i32 {
  return popcnt<i32>(i16x8.bitmask(i16x8.ne(held, wrapped)));
}

/** target = sat(target + source), or sat(target) where `source` is 0. */
export function joinIntegers(target: usize, source: usize, count: i32, low: i32, high: i32): i32 {
  const lows = i16x8.splat(<i16>low);
  const highs = i16x8.splat(<i16>high);
  const end = target + ((<usize>count) << 1);
  let stopped: i32 = 0;
  if (!source) {
    for (; target < end; target += 16) stopped += join(target, i16x8.splat(0), lows, highs);
    return stopped;
  }
  for (; target < end; target += 16, source += 16) stopped += join(target, v128.load(source), lows, highs);
  return stopped;
}

/** target [rows, columns] = sat(target + table [period, columns] at row mod period). */
export function joinPeriodicIntegers(
  target: usize,
  rows: i32,
  period: i32,
  columns: i32,
  table: usize,
  low: i32,
  high: i32,
): i32 {
  const row = (<usize>columns) << 1;
  let stopped: i32 = 0;
  for (let r = 0; r < rows; r++) {
    stopped += joinIntegers(target, table + <usize>(r % period) * row, columns, low, high);
    target += row;
  }
  return stopped;
}

/** target [rows, columns] = sat(target + value where a bit is set). */
export function joinBitsIntegers(
  bits: usize,
  words: i32,
  rows: i32,
  columns: i32,
  value: i32,
  target: usize,
  low: i32,
  high: i32,
): i32 {
  const lows = i16x8.splat(<i16>low);
  const highs = i16x8.splat(<i16>high);
  const values = i16x8.splat(<i16>value);
  const places = i16x8(1, 2, 4, 8, 16, 32, 64, 128);
  let stopped: i32 = 0;
  for (let r = 0; r < rows; r++) {
    for (let feature = 0; feature < columns; feature += 8, target += 16) {
      const eight = i16x8.splat(<i16>load<u8>(bits + (<usize>feature >> 3)));
      const set = i16x8.eq(v128.and(eight, places), places);
      stopped += join(target, v128.and(set, values), lows, highs);
    }
    bits += (<usize>words) << 2;
  }
  return stopped;
}

// @ts-ignore: decorator
@inline
function join(target: usize, branch: v128, lows: v128, highs: v128): i32 {
  const before = v128.load(target);
  const held = within(i16x8.add_sat_s(before, branch), lows, highs);
  v128.store(target, held);
  return differ(held, i16x8.add(before, branch));
}
