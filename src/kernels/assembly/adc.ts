/**
 * From the line currents of a crossbar to a layer's pre-activations. Twins: `convertColumns` in `hardware/adc.ts` and
 * `runLinear` in `simulation/linear.ts`, bit for bit: float32 operations in the same order.
 *
 *   out = (out, or 0 at the layer's first row block) + code * factor_n   (+ offset at the layer's last row block)
 *
 * lines [vectors, ldLines] holds the currents of one block of `columns` columns: the plus lines from 0, the minus lines from
 * `half` on. factors [columns] is what a code is worth. out is the block's
 * first column in a matrix of rows of `ldOut`. `offset` is 0 where none is added. Whatever is left after the last four columns is
 * done alone.
 */
import { drawWords } from "./threefry";

/** Codes of a pair of lines, each 0 .. largest, subtracted. Currents are not negative. Returns the conversions that clipped. */
export function convertPairs(lines: usize, vectors: i32, ldLines: i32, half: i32, columns: i32, step: f32, largest: f32, factors: usize, fresh: i32, offset: usize, out: usize, ldOut: i32): i32 {
  const steps = f32x4.splat(step);
  const top = f32x4.splat(largest);
  let clips = i32x4.splat(0);
  let clipped: i32 = 0;
  for (let v = 0; v < vectors; v++) {
    const plus = lines + (<usize>(v * ldLines) << 2);
    const minus = plus + (<usize>half << 2);
    const target = out + (<usize>(v * ldOut) << 2);
    let c = 0;
    for (; c + 4 <= columns; c += 4) {
      const at = <usize>c << 2;
      const a = f32x4.nearest(f32x4.div(v128.load(plus + at), steps));
      const b = f32x4.nearest(f32x4.div(v128.load(minus + at), steps));
      // A comparison that holds is -1 in its lane.
      clips = i32x4.sub(clips, i32x4.add(f32x4.gt(a, top), f32x4.gt(b, top)));
      const code = f32x4.sub(f32x4.pmin(a, top), f32x4.pmin(b, top));
      accumulate4(f32x4.mul(code, v128.load(factors + at)), fresh, offset, at, target);
    }
    for (; c < columns; c++) {
      const at = <usize>c << 2;
      const a = nearest<f32>(load<f32>(plus + at) / step);
      const b = nearest<f32>(load<f32>(minus + at) / step);
      clipped += <i32>(a > largest) + <i32>(b > largest);
      accumulate1((min<f32>(a, largest) - min<f32>(b, largest)) * load<f32>(factors + at), fresh, offset, at, target);
    }
  }
  return clipped + sumLanes(clips);
}

/** Signed codes of the difference of two lines, -largest .. largest. Returns the conversions that clipped. */
export function convertDifferences(lines: usize, vectors: i32, ldLines: i32, half: i32, columns: i32, step: f32, largest: f32, factors: usize, fresh: i32, offset: usize, out: usize, ldOut: i32): i32 {
  const steps = f32x4.splat(step);
  const top = f32x4.splat(largest);
  const bottom = f32x4.splat(-largest);
  let clips = i32x4.splat(0);
  let clipped: i32 = 0;
  for (let v = 0; v < vectors; v++) {
    const plus = lines + (<usize>(v * ldLines) << 2);
    const minus = plus + (<usize>half << 2);
    const target = out + (<usize>(v * ldOut) << 2);
    let c = 0;
    for (; c + 4 <= columns; c += 4) {
      const at = <usize>c << 2;
      const code = f32x4.nearest(f32x4.div(f32x4.sub(v128.load(plus + at), v128.load(minus + at)), steps));
      clips = i32x4.sub(clips, v128.or(f32x4.gt(code, top), f32x4.lt(code, bottom)));
      accumulate4(f32x4.mul(f32x4.pmax(f32x4.pmin(code, top), bottom), v128.load(factors + at)), fresh, offset, at, target);
    }
    for (; c < columns; c++) {
      const at = <usize>c << 2;
      const code = nearest<f32>((load<f32>(plus + at) - load<f32>(minus + at)) / step);
      clipped += <i32>(code > largest || code < -largest);
      accumulate1(max<f32>(min<f32>(code, largest), -largest) * load<f32>(factors + at), fresh, offset, at, target);
    }
  }
  return clipped + sumLanes(clips);
}

/**
 * Errors of converters, in place: lines become what the exact converters of step 1 above turn into the codes of erring ones of step
 * `step`. Twins: `convertWithErrors` and `drawConversionNoise` in `hardware/converter-errors.ts`.
 *
 *   pair          line = max(line / step * gain + offset + noise, 0), for both lines
 *   differential  plus line = (plus - minus) / step * gain + offset + noise, minus line = 0
 *
 * gains, offsets [2 half] lie as the lines do; deviations [half] of the noise are 0 past the last column, and `table` holds the 65536
 * normals, or is 0 where there is no noise. Vector `first` + v is one of `perStep` vectors to a step and `perPrompt` to a prompt.
 * Returns the conversions of pairs that clipped at 0. Scratch: `half` words, rounded up to 8.
 */
export function applyConverterErrors(lines: usize, vectors: i32, ldLines: i32, half: i32, differential: i32, step: f32, gains: usize, offsets: usize, deviations: usize, table: usize, key0: u32, key1: u32, first: i32, perStep: i32, perPrompt: i32, firstPrompt: i32, scratch: usize): i32 {
  const steps = f32x4.splat(step);
  const zero = f32x4.splat(0);
  const bottom = f32x4.splat(-0.5);
  const minusAt = <usize>half << 2;
  let clips = i32x4.splat(0);
  for (let v = 0; v < vectors; v++) {
    const plus = lines + (<usize>(v * ldLines) << 2);
    if (table) {
      const inStep = (first + v) % perStep;
      const high = ((firstPrompt + inStep / perPrompt) << 7) | ((first + v) / perStep);
      drawWords(key0, key1, ((inStep % perPrompt) * half) >> 1, high, half, scratch);
    }
    for (let at: usize = 0; at < minusAt; at += 16) {
      let noise = zero;
      let otherNoise = zero;
      if (table) {
        const words = v128.load(scratch + at);
        const deviation = v128.load(deviations + at);
        noise = f32x4.mul(deviation, lookUp4(table, v128.and(words, i32x4.splat(0xffff))));
        if (!differential) otherNoise = f32x4.mul(deviation, lookUp4(table, i32x4.shr_u(words, 16)));
      }
      const a = v128.load(plus + at);
      const b = v128.load(plus + minusAt + at);
      const current = differential ? f32x4.sub(a, b) : a;
      const x = err4(current, steps, gains + at, offsets + at, noise);
      if (differential) {
        v128.store(plus + at, x);
        v128.store(plus + minusAt + at, zero);
      } else {
        const y = err4(b, steps, gains + minusAt + at, offsets + minusAt + at, otherNoise);
        // Below -0.5 the nearest code is negative; -0.5 itself rounds to 0.
        clips = i32x4.sub(clips, i32x4.add(f32x4.lt(x, bottom), f32x4.lt(y, bottom)));
        v128.store(plus + at, f32x4.pmax(x, zero));
        v128.store(plus + minusAt + at, f32x4.pmax(y, zero));
      }
    }
  }
  return sumLanes(clips);
}

/** Currents passed on without conversion; `lines` holds them in the layer's unit. */
export function passCurrents(lines: usize, vectors: i32, ldLines: i32, columns: i32, fresh: i32, offset: usize, out: usize, ldOut: i32): void {
  for (let v = 0; v < vectors; v++) {
    const source = lines + (<usize>(v * ldLines) << 2);
    const target = out + (<usize>(v * ldOut) << 2);
    let c = 0;
    for (; c + 4 <= columns; c += 4) accumulate4(v128.load(source + (<usize>c << 2)), fresh, offset, <usize>c << 2, target);
    for (; c < columns; c++) accumulate1(load<f32>(source + (<usize>c << 2)), fresh, offset, <usize>c << 2, target);
  }
}

// @ts-ignore: decorator
@inline
function accumulate4(local: v128, fresh: i32, offset: usize, at: usize, target: usize): void {
  let sum = f32x4.add(fresh ? f32x4.splat(0) : v128.load(target + at), local);
  if (offset) sum = f32x4.add(sum, v128.load(offset + at));
  v128.store(target + at, sum);
}

// @ts-ignore: decorator
@inline
function accumulate1(local: f32, fresh: i32, offset: usize, at: usize, target: usize): void {
  let sum = (fresh ? <f32>0 : load<f32>(target + at)) + local;
  if (offset) sum += load<f32>(offset + at);
  store<f32>(target + at, sum);
}

// @ts-ignore: decorator
@inline
function err4(current: v128, steps: v128, gains: usize, offsets: usize, noise: v128): v128 {
  const scaled = f32x4.add(f32x4.mul(f32x4.div(current, steps), v128.load(gains)), v128.load(offsets));
  return f32x4.add(scaled, noise);
}

/** The entries of a table of floats at four places. */
// @ts-ignore: decorator
@inline
function lookUp4(table: usize, places: v128): v128 {
  let values = f32x4.splat(load<f32>(table + (<usize>i32x4.extract_lane(places, 0) << 2)));
  values = f32x4.replace_lane(values, 1, load<f32>(table + (<usize>i32x4.extract_lane(places, 1) << 2)));
  values = f32x4.replace_lane(values, 2, load<f32>(table + (<usize>i32x4.extract_lane(places, 2) << 2)));
  return f32x4.replace_lane(values, 3, load<f32>(table + (<usize>i32x4.extract_lane(places, 3) << 2)));
}

// @ts-ignore: decorator
@inline
function sumLanes(x: v128): i32 {
  return i32x4.extract_lane(x, 0) + i32x4.extract_lane(x, 1) + i32x4.extract_lane(x, 2) + i32x4.extract_lane(x, 3);
}
