/**
 * From the line currents of a crossbar to a layer's pre-activations. Twins: `convertColumns` in `hardware/adc.ts` and
 * `runLinear` in `simulation/linear.ts`, bit for bit: float32 operations in the same order.
 *
 *   out = (out, or 0 at the layer's first row block) + code * factor_n   (+ offset at the layer's last row block)
 *
 * lines [vectors, ldLines] holds the currents of one block of `columns` columns: the plus lines from 0, the minus lines from
 * `half` on. factors [columns] is what a code is worth. out is the block's first column in a matrix of rows of `ldOut`. `offset` is 0 where none is added. Whatever is
 * left after the last four columns is done alone.
 */

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
function sumLanes(x: v128): i32 {
  return i32x4.extract_lane(x, 0) + i32x4.extract_lane(x, 1) + i32x4.extract_lane(x, 2) + i32x4.extract_lane(x, 3);
}
