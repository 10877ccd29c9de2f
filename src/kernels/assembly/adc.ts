/**
 * From the line currents of a crossbar to a layer's pre-activations. Twins: `convertColumns` in `hardware/adc.ts` and `runLinear`
 * in `simulation/reference/linear.ts`, bit for bit: float32 operations in the same order.
 *
 *   out = (sums, or 0 at the layer's first row block) + code * factor_n   (+ offset at the layer's last row block)
 *
 * lines [vectors, 16] holds the currents of a strip, of which `columns` are used: plus lines, then from 8 on minus lines. factors
 * [columns] is the value of a code. sums [vectors, 8] is the result of the previous row blocks, 0 for the first. out is the
 * strip's first column in a matrix with rows of `ldOut`, or `sums` itself. `offset` is 0 if none is added. Columns after the last
 * group of four are done singly.
 */
import { drawWords } from "./threefry";

/**
 * Difference of the codes of a pair of lines, each 0 .. largest; or, if `differential`, the signed code of their difference. Currents
 * are not negative. Returns the number of clipped conversions.
 */
export function convertLines(
  lines: usize,
  vectors: i32,
  columns: i32,
  differential: i32,
  step: f32,
  largest: f32,
  factors: usize,
  sums: usize,
  offset: usize,
  out: usize,
  ldOut: i32,
): i32 {
  if (differential) return convertAny<i32>(lines, vectors, columns, step, largest, factors, sums, offset, out, ldOut);
  if (columns < 8) return convertAny<u32>(lines, vectors, columns, step, largest, factors, sums, offset, out, ldOut);
  if (sums) {
    if (offset) return convertPairs8(lines, vectors, step, largest, factors, sums, true, offset, true, out, ldOut);
    return convertPairs8(lines, vectors, step, largest, factors, sums, true, offset, false, out, ldOut);
  }
  if (offset) return convertPairs8(lines, vectors, step, largest, factors, sums, false, offset, true, out, ldOut);
  return convertPairs8(lines, vectors, step, largest, factors, sums, false, offset, false, out, ldOut);
}

/** Any number of columns; the codes of pairs are unsigned. */
function convertAny<Code>(
  lines: usize,
  vectors: i32,
  columns: i32,
  step: f32,
  largest: f32,
  factors: usize,
  sums: usize,
  offset: usize,
  out: usize,
  ldOut: i32,
): i32 {
  const steps = f32x4.splat(step);
  const top = f32x4.splat(largest);
  const bottom = f32x4.splat(-largest);
  let clips = i32x4.splat(0);
  let clipped: i32 = 0;
  for (let v = 0; v < vectors; v++) {
    const plus = lines + ((<usize>v) << 6);
    const minus = plus + 32;
    const before = sums ? sums + ((<usize>v) << 5) : 0;
    const target = out + ((<usize>(v * ldOut)) << 2);
    let c = 0;
    for (; c + 4 <= columns; c += 4) {
      const at = (<usize>c) << 2;
      let code: v128;
      // A true comparison is -1 in its lane.
      if (isSigned<Code>()) {
        const a = f32x4.nearest(f32x4.div(f32x4.sub(v128.load(plus + at), v128.load(minus + at)), steps));
        clips = i32x4.sub(clips, v128.or(f32x4.gt(a, top), f32x4.lt(a, bottom)));
        code = f32x4.pmax(f32x4.pmin(a, top), bottom);
      } else {
        const a = f32x4.nearest(f32x4.div(v128.load(plus + at), steps));
        const b = f32x4.nearest(f32x4.div(v128.load(minus + at), steps));
        clips = i32x4.sub(clips, i32x4.add(f32x4.gt(a, top), f32x4.gt(b, top)));
        code = f32x4.sub(f32x4.pmin(a, top), f32x4.pmin(b, top));
      }
      accumulate4(f32x4.mul(code, v128.load(factors + at)), before, offset, at, target);
    }
    for (; c < columns; c++) {
      const at = (<usize>c) << 2;
      let code: f32;
      if (isSigned<Code>()) {
        const a = nearest<f32>((load<f32>(plus + at) - load<f32>(minus + at)) / step);
        clipped += <i32>(a > largest || a < -largest);
        code = max<f32>(min<f32>(a, largest), -largest);
      } else {
        const a = nearest<f32>(load<f32>(plus + at) / step);
        const b = nearest<f32>(load<f32>(minus + at) / step);
        clipped += <i32>(a > largest) + <i32>(b > largest);
        code = min<f32>(a, largest) - min<f32>(b, largest);
      }
      accumulate1(code * load<f32>(factors + at), before, offset, at, target);
    }
  }
  return clipped + sumLanes(clips);
}

/** The same for 8 columns, a strip, with everything that the columns share kept in registers. */
// @ts-ignore: decorator
@inline
function convertPairs8(
  lines: usize,
  vectors: i32,
  step: f32,
  largest: f32,
  factors: usize,
  sums: usize,
  added: bool,
  offset: usize,
  last: bool,
  out: usize,
  ldOut: i32,
): i32 {
  const steps = f32x4.splat(step);
  const top = f32x4.splat(largest);
  const f0 = v128.load(factors);
  const f1 = v128.load(factors, 16);
  const o0 = last ? v128.load(offset) : top;
  const o1 = last ? v128.load(offset, 16) : top;
  const nextOut = (<usize>ldOut) << 2;
  let clips = i32x4.splat(0);
  for (let v = 0; v < vectors; v++) {
    const a0 = f32x4.nearest(f32x4.div(v128.load(lines), steps));
    const b0 = f32x4.nearest(f32x4.div(v128.load(lines, 32), steps));
    const a1 = f32x4.nearest(f32x4.div(v128.load(lines, 16), steps));
    const b1 = f32x4.nearest(f32x4.div(v128.load(lines, 48), steps));
    const over0 = i32x4.add(f32x4.gt(a0, top), f32x4.gt(b0, top));
    const over1 = i32x4.add(f32x4.gt(a1, top), f32x4.gt(b1, top));
    clips = i32x4.sub(clips, i32x4.add(over0, over1));
    const local0 = f32x4.mul(f32x4.sub(f32x4.pmin(a0, top), f32x4.pmin(b0, top)), f0);
    const local1 = f32x4.mul(f32x4.sub(f32x4.pmin(a1, top), f32x4.pmin(b1, top)), f1);
    let sum0 = f32x4.add(added ? v128.load(sums) : f32x4.splat(0), local0);
    let sum1 = f32x4.add(added ? v128.load(sums, 16) : f32x4.splat(0), local1);
    if (last) {
      sum0 = f32x4.add(sum0, o0);
      sum1 = f32x4.add(sum1, o1);
    }
    v128.store(out, sum0);
    v128.store(out, sum1, 16);
    lines += 64;
    if (added) sums += 32;
    out += nextOut;
  }
  return sumLanes(clips);
}

/**
 * Converter errors on a strip of 8 columns, in place: lines become values that the exact converters of step 1 above turn into the
 * codes of converters with errors and step `step`. Twins: `convertWithErrors` and `drawConversionNoise` in
 * `hardware/converter-errors.ts`.
 *
 *   pair          line = max(line / step * gain + offset + noise, 0), for both lines
 *   differential  plus line = (plus - minus) / step * gain + offset + noise, minus line = 0
 *
 * lines [vectors, 16], like gains and offsets [16], holds the plus lines, then the minus lines. The noise deviations [8] are 0 past
 * the last column. `table` holds the 4096 normals, or is 0 if there is no noise. Vector `first` + v is one of `perStep` vectors per
 * step and `perPrompt` per prompt. Returns the number of conversions of pairs that clipped at 0. Scratch: 8 words per vector.
 */
export function applyConverterErrors(
  lines: usize,
  vectors: i32,
  differential: i32,
  step: f32,
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
  if (table) drawStripNoise(vectors, key0, key1, strip, first, perStep, perPrompt, firstPrompt, scratch);
  if (differential) return errDifferences(lines, vectors, step, gains, offsets, deviations, table, scratch);
  return errPairs(lines, vectors, step, gains, offsets, deviations, table, scratch);
}

/** The words of a strip's noise, in runs of vectors of one prompt and step, whose words are consecutive. */
export function drawStripNoise(
  vectors: i32,
  key0: u32,
  key1: u32,
  strip: i32,
  first: i32,
  perStep: i32,
  perPrompt: i32,
  firstPrompt: i32,
  scratch: usize,
): void {
  for (let v = 0; v < vectors; ) {
    const inStep = (first + v) % perStep;
    const inPrompt = inStep % perPrompt;
    const count = min(vectors - v, perPrompt - inPrompt);
    const high = ((firstPrompt + inStep / perPrompt) << 7) | ((first + v) / perStep);
    drawWords(key0, key1, (strip * perPrompt + inPrompt) << 2, high, count << 3, scratch + ((<usize>v) << 5));
    v += count;
  }
}

function errPairs(
  lines: usize,
  vectors: i32,
  step: f32,
  gains: usize,
  offsets: usize,
  deviations: usize,
  table: usize,
  words: usize,
): i32 {
  const steps = f32x4.splat(step);
  const zero = f32x4.splat(0);
  const bottom = f32x4.splat(-0.5);
  let clips = i32x4.splat(0);
  for (let at: usize = 0; at < 32; at += 16) {
    const deviation = v128.load(deviations + at);
    const plusGains = v128.load(gains + at);
    const minusGains = v128.load(gains + at, 32);
    const plusOffsets = v128.load(offsets + at);
    const minusOffsets = v128.load(offsets + at, 32);
    let line = lines + at;
    let word = words + at;
    for (let v = 0; v < vectors; v++, line += 64, word += 32) {
      let x = f32x4.add(f32x4.mul(f32x4.div(v128.load(line), steps), plusGains), plusOffsets);
      let y = f32x4.add(f32x4.mul(f32x4.div(v128.load(line, 32), steps), minusGains), minusOffsets);
      if (table) {
        const draws = v128.load(word);
        x = f32x4.add(x, f32x4.mul(deviation, lookUp4(table, v128.and(i32x4.shr_u(draws, 4), i32x4.splat(0xfff)))));
        y = f32x4.add(y, f32x4.mul(deviation, lookUp4(table, i32x4.shr_u(draws, 20))));
      }
      // Below -0.5 the nearest code is negative; -0.5 itself rounds to 0.
      clips = i32x4.sub(clips, i32x4.add(f32x4.lt(x, bottom), f32x4.lt(y, bottom)));
      v128.store(line, f32x4.pmax(x, zero));
      v128.store(line, f32x4.pmax(y, zero), 32);
    }
  }
  return sumLanes(clips);
}

function errDifferences(
  lines: usize,
  vectors: i32,
  step: f32,
  gains: usize,
  offsets: usize,
  deviations: usize,
  table: usize,
  words: usize,
): i32 {
  const steps = f32x4.splat(step);
  const zero = f32x4.splat(0);
  for (let v = 0; v < vectors; v++, lines += 64, words += 32) {
    for (let at: usize = 0; at < 32; at += 16) {
      const current = f32x4.sub(v128.load(lines + at), v128.load(lines + at, 32));
      let x = f32x4.add(f32x4.mul(f32x4.div(current, steps), v128.load(gains + at)), v128.load(offsets + at));
      if (table) {
        const places = v128.and(i32x4.shr_u(v128.load(words + at), 4), i32x4.splat(0xfff));
        x = f32x4.add(x, f32x4.mul(v128.load(deviations + at), lookUp4(table, places)));
      }
      v128.store(lines + at, x);
      v128.store(lines + at, zero, 32);
    }
  }
  return 0;
}

/** Currents passed on without conversion: lines and sums [vectors, 16] are in the layer's unit. */
export function passCurrents(
  lines: usize,
  vectors: i32,
  columns: i32,
  sums: usize,
  offset: usize,
  out: usize,
  ldOut: i32,
): void {
  for (let v = 0; v < vectors; v++) {
    const source = lines + ((<usize>v) << 6);
    const before = sums ? sums + ((<usize>v) << 6) : 0;
    const target = out + ((<usize>(v * ldOut)) << 2);
    let c = 0;
    for (; c + 4 <= columns; c += 4)
      accumulate4(v128.load(source + ((<usize>c) << 2)), before, offset, (<usize>c) << 2, target);
    for (; c < columns; c++)
      accumulate1(load<f32>(source + ((<usize>c) << 2)), before, offset, (<usize>c) << 2, target);
  }
}

// @ts-ignore: decorator
@inline
function accumulate4(local: v128, before: usize, offset: usize, at: usize, target: usize): void {
  let sum = f32x4.add(before ? v128.load(before + at) : f32x4.splat(0), local);
  if (offset) sum = f32x4.add(sum, v128.load(offset + at));
  v128.store(target + at, sum);
}

// @ts-ignore: decorator
@inline
function accumulate1(local: f32, before: usize, offset: usize, at: usize, target: usize): void {
  let sum = (before ? load<f32>(before + at) : <f32>0) + local;
  if (offset) sum += load<f32>(offset + at);
  store<f32>(target + at, sum);
}

/** The entries of a table of floats at four places. */
// @ts-ignore: decorator
@inline
export function lookUp4(table: usize, places: v128): v128 {
  let values = f32x4.splat(load<f32>(table + ((<usize>i32x4.extract_lane(places, 0)) << 2)));
  values = f32x4.replace_lane(values, 1, load<f32>(table + ((<usize>i32x4.extract_lane(places, 1)) << 2)));
  values = f32x4.replace_lane(values, 2, load<f32>(table + ((<usize>i32x4.extract_lane(places, 2)) << 2)));
  return f32x4.replace_lane(values, 3, load<f32>(table + ((<usize>i32x4.extract_lane(places, 3)) << 2)));
}

// @ts-ignore: decorator
@inline
export function sumLanes(x: v128): i32 {
  return i32x4.extract_lane(x, 0) + i32x4.extract_lane(x, 1) + i32x4.extract_lane(x, 2) + i32x4.extract_lane(x, 3);
}
