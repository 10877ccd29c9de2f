/**
 * Conductances of a crossbar in units of current: from strips of 8 columns in single precision to a strip of 32 lines in 16-bit
 * integers. Twins: `wholeConductances` and `lineTotals` of `hardware/integer-arithmetic.ts`, bit for bit.
 */

/** Bytes of a row: 16 lines in single precision, or 32 integers. */
const ROW: usize = 64;

/**
 * Currents of the lines of a strip [rows, 16] with all rows driven, in units, in double precision: for pairs, the two lines; for
 * signed differences, the sum of the positive ones at c and of the negative ones at 8 + c.
 */
export function totalLines(strip: usize, rows: i32, unit: f64, signed: i32, totals: usize): void {
  const units = f64x2.splat(unit);
  const none = f32x4.splat(0);
  for (let half: usize = 0; half < 32; half += 16) {
    let up0 = f64x2.splat(0);
    let up1 = f64x2.splat(0);
    let down0 = f64x2.splat(0);
    let down1 = f64x2.splat(0);
    let row = strip + half;
    for (let r = 0; r < rows; r++, row += ROW) {
      let plus = whole(v128.load(row), units);
      let minus = whole(v128.load(row, 32), units);
      if (signed) {
        const difference = f32x4.sub(plus, minus);
        plus = f32x4.max(difference, none);
        minus = f32x4.max(f32x4.neg(difference), none);
      }
      up0 = f64x2.add(up0, f64x2.promote_low_f32x4(plus));
      up1 = f64x2.add(up1, f64x2.promote_low_f32x4(high(plus)));
      down0 = f64x2.add(down0, f64x2.promote_low_f32x4(minus));
      down1 = f64x2.add(down1, f64x2.promote_low_f32x4(high(minus)));
    }
    const at = totals + 2 * half;
    v128.store(at, up0);
    v128.store(at, up1, 16);
    v128.store(at, down0, 64);
    v128.store(at, down1, 80);
  }
}

/**
 * target [rows, 32] = plus lines of 16 columns, from two strips, then their minus lines. Missing strips are 0; `target` may be the first
 * strip.
 */
export function wholePairs(s0: usize, s1: usize, rows: i32, unit: f64, target: usize): void {
  const units = f64x2.splat(unit);
  const none = i16x8.splat(0);
  for (let at: usize = 0, end = ROW * <usize>rows; at < end; at += ROW) {
    const plus0 = unsigned(s0 + at, units);
    const minus0 = unsigned(s0 + at + 32, units);
    const plus1 = s1 == 0 ? none : unsigned(s1 + at, units);
    const minus1 = s1 == 0 ? none : unsigned(s1 + at + 32, units);
    v128.store(target + at, plus0);
    v128.store(target + at, plus1, 16);
    v128.store(target + at, minus0, 32);
    v128.store(target + at, minus1, 48);
  }
}

/** target [rows, 32] = differences of 32 columns, from four strips. Missing strips are 0; `target` may be the first strip. */
export function wholeDifferences(
  s0: usize,
  s1: usize,
  s2: usize,
  s3: usize,
  rows: i32,
  unit: f64,
  target: usize,
): void {
  const units = f64x2.splat(unit);
  const none = i16x8.splat(0);
  for (let at: usize = 0, end = ROW * <usize>rows; at < end; at += ROW) {
    const d0 = differences(s0 + at, units);
    const d1 = s1 == 0 ? none : differences(s1 + at, units);
    const d2 = s2 == 0 ? none : differences(s2 + at, units);
    const d3 = s3 == 0 ? none : differences(s3 + at, units);
    v128.store(target + at, d0);
    v128.store(target + at, d1, 16);
    v128.store(target + at, d2, 32);
    v128.store(target + at, d3, 48);
  }
}

/** 8 conductances in units, saturating at 65535. */
// @ts-ignore: decorator
@inline
function unsigned(at: usize, units: v128): v128 {
  const low = i32x4.trunc_sat_f32x4_s(whole(v128.load(at), units));
  const high = i32x4.trunc_sat_f32x4_s(whole(v128.load(at, 16), units));
  return i16x8.narrow_i32x4_u(low, high);
}

/** Differences of 8 columns in units; the caller has proved that they fit. */
// @ts-ignore: decorator
@inline
function differences(at: usize, units: v128): v128 {
  const low = f32x4.sub(whole(v128.load(at), units), whole(v128.load(at, 32), units));
  const high = f32x4.sub(whole(v128.load(at, 16), units), whole(v128.load(at, 48), units));
  return i16x8.narrow_i32x4_s(i32x4.trunc_sat_f32x4_s(low), i32x4.trunc_sat_f32x4_s(high));
}

/** Four conductances divided by the unit, to nearest, ties to even: divided in double precision, then stored in single. */
// @ts-ignore: decorator
@inline
function whole(conductances: v128, units: v128): v128 {
  const low = f64x2.nearest(f64x2.div(f64x2.promote_low_f32x4(conductances), units));
  const upper = f64x2.nearest(f64x2.div(f64x2.promote_low_f32x4(high(conductances)), units));
  return v128.shuffle<f64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(upper), 0, 2);
}

/** The upper two of four numbers, moved to the lower two lanes. */
// @ts-ignore: decorator
@inline
function high(values: v128): v128 {
  return v128.shuffle<f64>(values, values, 1, 1);
}
