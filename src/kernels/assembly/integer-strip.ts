/**
 * Crossbars in 16-bit integers: from packed spikes to the sums of a layer, one strip of 32 lines at a time. Twins:
 * `simulation/integers.ts` and `runLinear` in `simulation/reference/linear.ts`, bit for bit.
 *
 * A strip is the plus lines of 16 columns, then their minus lines; or, with differential converters, the differences of 32
 * columns. Lines of pairs are unsigned and saturate at 65535, which every converter clips; differences are signed, and the caller
 * has proved that none overflows. Products are looked up byte by byte, as in `byte-product.ts`.
 */
import { drawStripNoise, lookUp4, sumLanes } from "./adc";
import { product, tabulate } from "./byte-product";

/** Bytes of a strip's row, which is a table entry. */
const ROW: usize = 64;

/** The tables of `groups` groups of 8 rows of w [8 groups, 32]; `bias` is in every sum once. Differences are signed. */
export function tabulateIntegers(w: usize, groups: i32, bias: i32, signed: i32, tables: usize): void {
  if (signed) tabulate<i16>(w, groups, bias, tables);
  else tabulate<u16>(w, groups, bias, tables);
}

/** lines [rows, 32] = bits times the strip of `tables`, as in `byteProduct`. */
export function integerProduct(
  bits: usize,
  stride: i32,
  rows: i32,
  groups: i32,
  tables: usize,
  signed: i32,
  lines: usize,
): void {
  if (signed) product<i16>(bits, stride, rows, groups, tables, lines);
  else product<u16>(bits, stride, rows, groups, tables, lines);
}

/**
 * Difference of the codes of a pair of lines, each line >> shift within 0 .. largest; and from codes to sums:
 *
 *   out = (sums, or 0 if there are none) + code * factor   (+ offset if there is one)
 *
 * Lines include half a code step, which rounds to nearest. If a step is one unit, codes have all 16 bits before clipping, and no
 * sign. lines, sums [vectors, 32]; factors and offset by column; out may be `sums` and has rows `ldOut` numbers apart. Returns
 * the number of clipped conversions.
 */
export function convertIntegers(
  lines: usize,
  vectors: i32,
  columns: i32,
  signed: i32,
  shift: i32,
  largest: i32,
  factors: usize,
  sums: usize,
  offset: usize,
  out: usize,
  ldOut: i32,
): i32 {
  if (signed) return convertLines<i16>(lines, vectors, columns, shift, largest, factors, sums, offset, out, ldOut);
  if (columns < 16)
    return convertLines<u16>(lines, vectors, columns, shift, largest, factors, sums, offset, out, ldOut);
  if (sums) {
    if (offset) return convertPairs16(lines, vectors, shift, largest, factors, sums, true, offset, true, out, ldOut);
    return convertPairs16(lines, vectors, shift, largest, factors, sums, true, offset, false, out, ldOut);
  }
  if (offset) return convertPairs16(lines, vectors, shift, largest, factors, sums, false, offset, true, out, ldOut);
  return convertPairs16(lines, vectors, shift, largest, factors, sums, false, offset, false, out, ldOut);
}

/** Any number of columns. */
function convertLines<T>(
  lines: usize,
  vectors: i32,
  columns: i32,
  shift: i32,
  largest: i32,
  factors: usize,
  sums: usize,
  offset: usize,
  out: usize,
  ldOut: i32,
): i32 {
  const top = i16x8.splat(<i16>largest);
  const bottom = i16x8.splat(<i16>-largest);
  let clipped: i32 = 0;
  for (let v = 0; v < vectors; v++) {
    const line = lines + <usize>v * ROW;
    const before = sums ? sums + <usize>v * ROW : 0;
    const target = out + ((<usize>(v * ldOut)) << 1);
    let c = 0;
    for (; c + 8 <= columns; c += 8) {
      const at = (<usize>c) << 1;
      let code: v128;
      if (isSigned<T>()) {
        const a = i16x8.shr_s(v128.load(line + at), shift);
        clipped += popcnt<i32>(i16x8.bitmask(v128.or(i16x8.gt_s(a, top), i16x8.lt_s(a, bottom))));
        code = i16x8.max_s(i16x8.min_s(a, top), bottom);
      } else {
        const a = i16x8.shr_u(v128.load(line + at), shift);
        const b = i16x8.shr_u(v128.load(line + at, 32), shift);
        clipped += popcnt<i32>(i16x8.bitmask(i16x8.gt_u(a, top))) + popcnt<i32>(i16x8.bitmask(i16x8.gt_u(b, top)));
        code = i16x8.sub(i16x8.min_u(a, top), i16x8.min_u(b, top));
      }
      accumulate8(code, factors, before, offset, at, target);
    }
    for (; c < columns; c++) {
      const at = (<usize>c) << 1;
      const a = <i32>load<T>(line + at) >> shift;
      let code = min<i32>(a, largest);
      clipped += <i32>(a > largest);
      if (isSigned<T>()) {
        clipped += <i32>(a < -largest);
        code = max<i32>(code, -largest);
      } else {
        const b = <i32>load<T>(line + at, 32) >> shift;
        clipped += <i32>(b > largest);
        code -= min<i32>(b, largest);
      }
      accumulate1(code, factors, before, offset, at, target);
    }
  }
  return clipped;
}

/** The same for 16 columns, a strip, with everything that the columns share kept in registers. */
// @ts-ignore: decorator
@inline
function convertPairs16(
  lines: usize,
  vectors: i32,
  shift: i32,
  largest: i32,
  factors: usize,
  sums: usize,
  added: bool,
  offset: usize,
  last: bool,
  out: usize,
  ldOut: i32,
): i32 {
  const top = i16x8.splat(<i16>largest);
  const f0 = v128.load(factors);
  const f1 = v128.load(factors, 16);
  const o0 = last ? v128.load(offset) : top;
  const o1 = last ? v128.load(offset, 16) : top;
  const nextOut = (<usize>ldOut) << 1;
  let within = i32x4.splat(0);
  for (let v = 0; v < vectors; v++) {
    const a0 = i16x8.shr_u(v128.load(lines), shift);
    const a1 = i16x8.shr_u(v128.load(lines, 16), shift);
    const b0 = i16x8.shr_u(v128.load(lines, 32), shift);
    const b1 = i16x8.shr_u(v128.load(lines, 48), shift);
    const c0 = i16x8.min_u(a0, top);
    const c1 = i16x8.min_u(a1, top);
    const d0 = i16x8.min_u(b0, top);
    const d1 = i16x8.min_u(b1, top);
    // A true comparison is -1 in its lane. There is an instruction for equality, but none for unsigned greater-than.
    const same0 = i16x8.add(i16x8.eq(a0, c0), i16x8.eq(b0, d0));
    const same1 = i16x8.add(i16x8.eq(a1, c1), i16x8.eq(b1, d1));
    within = i32x4.sub(within, i32x4.extadd_pairwise_i16x8_s(i16x8.add(same0, same1)));
    let sum0 = i16x8.mul(i16x8.sub(c0, d0), f0);
    let sum1 = i16x8.mul(i16x8.sub(c1, d1), f1);
    if (added) {
      sum0 = i16x8.add(sum0, v128.load(sums));
      sum1 = i16x8.add(sum1, v128.load(sums, 16));
      sums += ROW;
    }
    if (last) {
      sum0 = i16x8.add(sum0, o0);
      sum1 = i16x8.add(sum1, o1);
    }
    v128.store(out, sum0);
    v128.store(out, sum1, 16);
    lines += ROW;
    out += nextOut;
  }
  return 32 * vectors - sumLanes(within);
}

// @ts-ignore: decorator
@inline
function accumulate8(codes: v128, factors: usize, before: usize, offset: usize, at: usize, target: usize): void {
  let sum = i16x8.mul(codes, v128.load(factors + at));
  if (before) sum = i16x8.add(sum, v128.load(before + at));
  if (offset) sum = i16x8.add(sum, v128.load(offset + at));
  v128.store(target + at, sum);
}

// @ts-ignore: decorator
@inline
function accumulate1(code: i32, factors: usize, before: usize, offset: usize, at: usize, target: usize): void {
  let sum = code * <i32>load<i16>(factors + at);
  if (before) sum += <i32>load<i16>(before + at);
  if (offset) sum += <i32>load<i16>(offset + at);
  store<i16>(target + at, <i16>sum);
}

/**
 * Converters with errors, in place: lines of pairs become codes within 0 .. largest; signed differences, within -largest .. largest.
 * Twins: `convertWithErrors` and `drawConversionNoise` in `hardware/converter-errors.ts`.
 *
 *   code = nearest(line * unit * gain + offset + noise), in single precision
 *
 * unit is the unit of a line, in code steps. gains, offsets, deviations [32] have the order of the lines; deviations are 0 past
 * the last column. `table` holds the 4096 normals, or is 0 if there is no noise. `strip` counts strips of 8 columns, like the
 * noise words; vectors as in `applyConverterErrors`. Returns the number of clipped conversions. Scratch: 8 words per vector.
 */
export function errIntegers(
  lines: usize,
  vectors: i32,
  signed: i32,
  unit: f32,
  largest: f32,
  gains: usize,
  offsets: usize,
  deviations: usize,
  table: usize,
  key0: u32,
  key1: u32,
  strip: i32,
  first: i32,
  perStep: i32,
  perPrompt: i32,
  firstPrompt: i32,
  scratch: usize,
): i32 {
  let clipped: i32 = 0;
  for (let part = 0, parts = signed ? 4 : 2; part < parts; part++) {
    if (table) drawStripNoise(vectors, key0, key1, strip + part, first, perStep, perPrompt, firstPrompt, scratch);
    if (signed) {
      clipped += errEight<i16>(part, 4, lines, vectors, unit, largest, gains, offsets, deviations, table, scratch);
    } else {
      clipped += errEight<u16>(part, 4, lines, vectors, unit, largest, gains, offsets, deviations, table, scratch);
      clipped += errEight<u16>(part + 2, 20, lines, vectors, unit, largest, gains, offsets, deviations, table, scratch);
    }
  }
  return clipped;
}

/** One of the four eights of lines; 12 bits of a word, starting at `bit`, select its noise. */
function errEight<T>(
  eight: i32,
  bit: i32,
  lines: usize,
  vectors: i32,
  unit: f32,
  largest: f32,
  gains: usize,
  offsets: usize,
  deviations: usize,
  table: usize,
  words: usize,
): i32 {
  let line = lines + ((<usize>eight) << 4);
  const by = (<usize>eight) << 5;
  const units = f32x4.splat(unit);
  const top = f32x4.splat(largest);
  const bottom = f32x4.splat(isSigned<T>() ? -largest : 0);
  const mask = i32x4.splat(0xfff);
  const g0 = v128.load(gains + by);
  const g1 = v128.load(gains + by, 16);
  const o0 = v128.load(offsets + by);
  const o1 = v128.load(offsets + by, 16);
  const d0 = v128.load(deviations + by);
  const d1 = v128.load(deviations + by, 16);
  let clips = i32x4.splat(0);
  for (let v = 0; v < vectors; v++, line += ROW, words += 32) {
    const currents = v128.load(line);
    const low = isSigned<T>() ? i32x4.extend_low_i16x8_s(currents) : i32x4.extend_low_i16x8_u(currents);
    const high = isSigned<T>() ? i32x4.extend_high_i16x8_s(currents) : i32x4.extend_high_i16x8_u(currents);
    let x = f32x4.add(f32x4.mul(f32x4.mul(f32x4.convert_i32x4_s(low), units), g0), o0);
    let y = f32x4.add(f32x4.mul(f32x4.mul(f32x4.convert_i32x4_s(high), units), g1), o1);
    if (table) {
      x = f32x4.add(x, f32x4.mul(d0, lookUp4(table, v128.and(i32x4.shr_u(v128.load(words), bit), mask))));
      y = f32x4.add(y, f32x4.mul(d1, lookUp4(table, v128.and(i32x4.shr_u(v128.load(words, 16), bit), mask))));
    }
    x = f32x4.nearest(x);
    y = f32x4.nearest(y);
    const outsideX = v128.or(f32x4.gt(x, top), f32x4.lt(x, bottom));
    const outsideY = v128.or(f32x4.gt(y, top), f32x4.lt(y, bottom));
    clips = i32x4.sub(clips, i32x4.add(outsideX, outsideY));
    const a = i32x4.trunc_sat_f32x4_s(f32x4.pmax(f32x4.pmin(x, top), bottom));
    const b = i32x4.trunc_sat_f32x4_s(f32x4.pmax(f32x4.pmin(y, top), bottom));
    v128.store(line, i16x8.narrow_i32x4_s(a, b));
  }
  return sumLanes(clips);
}
